"""What a job would run: worked out here, where no server is at hand."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

from grange.client.requests.jobs import Plan, TaskPlan
from grange.model.patterns import fill, fill_command, fill_files, named_command, named_files
from grange.model.spec import BlockSpec, JobSpec

TASKS_SHOWN: Final = 100  # of each block, as the server does


def plan(job: JobSpec) -> Plan:
    """Write out the commands of a job's first tasks."""
    return Plan(
        tasks=sum(block.space().size for block in job.blocks),
        commands=tuple(
            item for number, block in enumerate(job.blocks) for item in _plans(number, block)
        ),
    )


def _plans(number: int, block: BlockSpec) -> Iterator[TaskPlan]:
    space = block.space()
    for task in islice(range(space.size), TASKS_SHOWN):
        if block.frames:
            command = fill_command(block.command, space[task], task)
            files = tuple(fill_files(block.files, space[task]))
        else:  # what a named task says is taken as it is
            named = block.tasks[task]
            command = named_command(block.command, named.command)
            files = named_files(block.files, named.files)
        yield TaskPlan(
            block=number,
            task=task,
            name=_name(block, task),
            command=command,
            working_directory=block.working_directory,
            files=files,
        )


def _name(block: BlockSpec, task: int) -> str:
    space = block.space()
    if block.frames:
        pattern = block.tasks_name
        return fill(pattern, space[task], task) if pattern else space.default_name(task)
    name = block.tasks[task].name
    return block.tasks_name.replace("@#@", name) if block.tasks_name else name or f"task {task}"
