"""What a job would run, without submitting it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from msgspec.structs import replace

from grange.core import deps
from grange.core.accept import check_job
from grange.core.build import own_blocks
from grange.core.objects import Block
from grange.core.order_run import exact_command, task_files
from grange.core.pick import Picker
from grange.core.state import FarmState
from grange.core.tasks import TaskTable
from grange.doors.native.answers import JobPlan, TaskPlan
from grange.model.frames import TaskSpace
from grange.model.ids import JobId
from grange.model.patterns import fill_files
from grange.model.spec import BlockSpec, JobSpec
from grange.model.states import TaskState

TASKS_SHOWN = 100  # of each block
FILES_SHOWN = 100  # of each task
PLANS_MAX = 10_000  # tasks in one answer


def plan_job(state: FarmState, spec: JobSpec, user: str) -> JobPlan:
    """Check a job as a submission would, and show its first tasks. Changes nothing.

    Raises:
        Rejected: a submission would be refused for the same reason.
    """
    check_job(state, spec)
    targets = deps.job_targets(state, spec, user, None)
    above = deps.job_dependants(state, spec.name, user, None)
    deps.refuse_job_cycle(state, spec.name, targets, above)
    total = 0
    plans: list[TaskPlan] = []
    for number, (block_spec, _) in enumerate(own_blocks(spec)):
        block = _sketch(number, block_spec)
        total += block.space.size
        plans += islice(_plans(block), PLANS_MAX - len(plans))
    return JobPlan(tasks=total, commands=tuple(plans))


def _sketch(number: int, spec: BlockSpec) -> Block:
    """A block as it would be, but without the states of its tasks."""
    return Block(
        job_id=JobId(0),
        number=number,
        spec=replace(spec, tasks=()),
        space=spec.space(),
        tasks=TaskTable(0, TaskState.READY),
        picker=Picker(TaskSpace(()), 1, preview_only=False),
        named=list(spec.tasks),
    )


def _plans(block: Block) -> Iterator[TaskPlan]:
    for task in range(min(TASKS_SHOWN, block.space.size)):
        files = fill_files(task_files(block, task), block.space[task])
        yield TaskPlan(
            block=block.number,
            task=task,
            name=block.task_name(task),
            command=exact_command(block, task),
            working_directory=block.spec.working_directory,
            files=tuple(islice(files, FILES_SHOWN)),
        )
