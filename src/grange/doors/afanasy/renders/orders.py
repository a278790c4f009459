"""A run of ours as the order that a render node understands."""

from __future__ import annotations

import re
import shlex
import subprocess
from typing import Final

from msgspec.structs import replace

from grange.core.objects import Block, Run, Worker
from grange.core.state import FarmState
from grange.doors.afanasy.numbers import shown_job
from grange.doors.afanasy.shapes.task import EXEC_LISTEN, TaskExec, TaskPos
from grange.doors.afanasy.show.blocks import flags_of
from grange.doors.afanasy.show.tasks import executed
from grange.model.patterns import Command, fill_command
from grange.model.run import RunSpec

NUMBER_MAX: Final = 2**31 - 1  # of a position
VISIBLE: Final = "CUDA_VISIBLE_DEVICES"
SLOT: Final = "@#@"  # of a file pattern: the task's own file
_OURS: Final = re.compile(r"@(?:(?:first|last)#+|inc|frames|task)@")  # CGRU fills none of these
_CUSTOM: Final = {
    "job": "job_custom_data",
    "user": "user_custom_data",
    "worker": "render_custom_data",
    "block": "block_custom_data",
    "task": "task_custom_data",
}


def number_of(run: Run) -> int:
    """The number by which a node and we know that we mean the same run of a task."""
    return run.run_id & NUMBER_MAX


def run_at(state: FarmState, worker: Worker, pos: TaskPos) -> Run | None:
    """The run of a worker that a position means. None: it was superseded. Cost: O(its runs)."""
    for run_id in worker.runs:
        run = state.runs[run_id]
        there = (shown_job(run.job_id), run.block, run.task, number_of(run))
        if there == (pos.job, pos.block, pos.task, pos.number):
            return run
    return None


def order(state: FarmState, run: Run, spec: RunSpec, now: float) -> TaskExec:
    """All that a node needs to execute a run; its service fills what patterns it knows.

    Args:
        state: the farm's.
        run: that was given out.
        spec: what a worker of ours is told of it.
        now: epoch seconds.
    """
    job, worker = state.jobs[run.job_id], state.workers[run.worker_id]
    block = job.blocks[run.block]
    shown = executed(job, block, run.task, run, now)
    named = bool(block.named)
    own_files = named and not block.spec.files and bool(block.named[run.task].files)
    command = _command(block, run, spec)
    return replace(
        shown,
        number=number_of(run),
        command_block=shown.command_block if command is None else line(command, worker),
        command_task=shown.command_task if command is None else "",
        files_block=(SLOT,) if own_files else shown.files_block,
        environment=spec.environment | _gpus(spec),
        flags=EXEC_LISTEN,
        block_flags=flags_of(block.spec, numeric=not named),
        tickets=spec.tickets,
        multihost_names=spec.hosts,
        data_integers=_integers(worker, spec),
        data_strings={_CUSTOM[of]: text for of, text in spec.custom_data.items() if text},
    )


def _command(block: Block, run: Run, spec: RunSpec) -> Command | None:
    """The command, where the parts that CGRU would join are not what is to run."""
    parts = (spec.command,) if isinstance(spec.command, str) else spec.command
    if any(map(_OURS.search, parts)) and not block.named:
        return fill_command(spec.command, block.space[run.task], run.task)
    return spec.command if spec.helps or not isinstance(spec.command, str) else None


def line(command: Command, worker: Worker | None) -> str:
    """A command as one line of the shell of a machine."""
    if isinstance(command, str):
        return command
    windows = worker is not None and "windows" in worker.traits.os.lower()
    return subprocess.list2cmdline(command) if windows else shlex.join(command)


def _gpus(spec: RunSpec) -> dict[str, str]:
    return {VISIBLE: ",".join(map(str, spec.gpus))} if spec.gpus else {}


def _integers(worker: Worker, spec: RunSpec) -> dict[str, int]:
    """What a service is told in numbers."""
    found = {
        "render_capacity_total": worker.capacity,
        "render_capacity_used": worker.capacity_used,
        "render_tasks_maximum": worker.max_tasks,
        "render_tasks_running": worker.tasks,
    }
    if spec.file_size_min > 0:
        found["file_size_min"] = spec.file_size_min
    if spec.file_size_max > 0:
        found["file_size_max"] = spec.file_size_max
    if spec.parser_coeff != 1:
        found["parser_koeff"] = spec.parser_coeff
    return found
