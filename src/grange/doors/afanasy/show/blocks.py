"""Blocks in Afanasy's shapes, at each of its levels of detail."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from functools import lru_cache
from operator import attrgetter
from typing import Any, Final

from grange.core.objects import Block, Job
from grange.core.state import FarmState
from grange.doors.afanasy.numbers import shown_job
from grange.doors.afanasy.shapes.block import (
    BlockFull,
    BlockListed,
    BlockProgress,
    BlockProperties,
    BlockTask,
)
from grange.doors.afanasy.show import states
from grange.doors.afanasy.show.bars import bar
from grange.model.ids import RunId
from grange.model.patterns import Command
from grange.model.spec import BlockSpec
from grange.model.states import (
    DONE,
    FAILED,
    READY,
    RUNNING,
    SKIPPED,
    SUSPENDED,
    WAITING,
    Presence,
)
from grange.server.gauges import Gauges

#: Bits of a block's flags (specification 3.2).
NUMERIC, VARIABLE_CAPACITY, MULTIHOST, MASTER_ON_SLAVE = 1 << 0, 1 << 1, 1 << 2, 1 << 3
DEPEND_SUB_TASK, SKIP_THUMBNAILS, SKIP_EXISTING = 1 << 4, 1 << 5, 1 << 6
CHECK_RENDERED, SLAVE_LOST_IGNORE, SUSPEND_NEW = 1 << 7, 1 << 8, 1 << 10

#: Fields that have the same name, or another, but the same meaning.
_SAME: Final = (
    *("name", "service", "capacity", "sequential", "capacity_coeff_min", "capacity_coeff_max"),
    *("multihost_min", "multihost_max", "file_size_min", "file_size_max"),
    *("max_running_tasks", "max_running_tasks_per_host", "need_power", "need_cpu_cores"),
    *("need_gpu_mem_mb", "errors_retries", "errors_avoid_host", "errors_task_same_host"),
    *("depend_mask", "tasks_depend_mask", "hosts_mask", "hosts_mask_exclude"),
    *("need_properties", "tickets"),
)
_RENAMED: Final = {
    "multihost_max_wait": "multihost_max_wait_s",
    "multihost_service_wait": "multihost_service_wait_s",
    "need_memory": "need_memory_mb",
    "need_hdd": "need_hdd_gb",
    "need_cpu_freq_mgz": "need_cpu_mhz",
    "need_cpu_freq_cores": "need_cpu_mhz_cores",
    "errors_forgive_time": "errors_forgive_time_s",
    "task_max_run_time": "task_max_run_time_s",
    "task_min_run_time": "task_min_run_time_s",
}
_NAMES: Final = (*_SAME, *_RENAMED)
_VALUES: Final = attrgetter(*_SAME, *_RENAMED.values())  # in C: a list may have 10,000 jobs


@dataclass(slots=True)
class Running:
    """What can be told of the tasks of a block that run.

    Attributes:
        warned: those that have warned so far.
        lost: those whose worker is out of touch.
        percent: the sum of how far they are, each at most 99.
        oldest: epoch seconds of the first start; 0 none runs.
        newest: name of the worker that was given a task last.
    """

    warned: list[int] = field(default_factory=list)
    lost: list[int] = field(default_factory=list)
    percent: int = 0
    oldest: float = 0.0
    newest: str = ""


def running(state: FarmState, gauges: Gauges, block: Block) -> Running:
    """Look at the running tasks of a block. Cost: O(those)."""
    found = Running()
    table = block.tasks
    if not table.counts[RUNNING]:
        return found
    last = 0
    for task in table.indexes(RUNNING):
        run = state.runs[RunId(table.last_run[task])]
        worker = state.workers[run.worker_id]
        progress = gauges.progress.get(run.run_id)
        found.oldest = min(found.oldest or run.started, run.started)
        if run.run_id > last:
            last, found.newest = run.run_id, worker.name
        if worker.presence is Presence.MISSING:
            found.lost.append(task)
        elif progress is not None:
            found.percent += max(0, min(99, progress.percent))
            if progress.warning:
                found.warned.append(task)
    return found


def bits(job: Job, block: Block, seen: Running) -> int:
    """The bits of a block."""
    return states.block_bits(job, block, warned=bool(seen.warned))


def progress(state: FarmState, job: Job, block: Block, seen: Running, now: float) -> BlockProgress:
    """How far a block is."""
    return BlockProgress(**_progress(state, job, block, seen, now))


def listed(state: FarmState, job: Job, block: Block, seen: Running, now: float) -> BlockListed:
    """A block as lists of jobs show it."""
    fields = _progress(state, job, block, seen, now)
    fields.update(_listed(block))  # sooner done than by two lists of keywords
    return BlockListed(**fields)


def properties(
    state: FarmState, job: Job, block: Block, seen: Running, now: float
) -> BlockProperties:
    """A block with its commands."""
    return BlockProperties(
        **_progress(state, job, block, seen, now), **_listed(block), **_properties(block)
    )


def full(state: FarmState, job: Job, block: Block, seen: Running, now: float) -> BlockFull:
    """A block with its commands and tasks. Cost: O(named tasks)."""
    return BlockFull(
        **_progress(state, job, block, seen, now),
        **_listed(block),
        **_properties(block),
        tasks=_tasks(block),
    )


def _progress(
    state: FarmState, job: Job, block: Block, seen: Running, now: float
) -> dict[str, Any]:
    table = block.tasks
    counts = table.counts
    done = counts[DONE] + counts[SKIPPED]
    st = bits(job, block, seen)
    wanted = [task for number, task in job.try_next if number == block.number]
    longest = max(block.run_time_max, now - seen.oldest if seen.oldest else 0.0)
    return {
        "block_num": block.number,
        "st": st,
        "state": states.words(st),
        "job_id": shown_job(job.job_id),
        "running_tasks_counter": counts[RUNNING],
        "running_capacity_total": block.capacity_used,
        "p_percentage": (100 * done + seen.percent) // (table.size or 1),
        "p_error_hosts": len(block.error_hosts),
        "p_avoid_hosts": avoided(state, job, block, now),
        "p_tasks_ready": counts[READY],
        "p_tasks_done": done,
        "p_tasks_error": counts[FAILED],
        "p_tasks_skipped": counts[SKIPPED],
        "p_tasks_warning": table.warned + len(seen.warned),
        "p_tasks_waitrec": len(seen.lost),
        "p_tasks_waitdep": counts[WAITING],
        "p_tasks_suspended": counts[SUSPENDED],
        "p_tasks_run_time_min": int(block.run_time_min),
        "p_tasks_run_time_max": int(longest),
        "p_tasks_run_time_sum": int(block.run_time_sum),
        "time_started": int(block.started),
        "time_done": int(block.done),
        "srv_info": seen.newest,
        "p_progressbar": bar(table, wanted, seen.warned, seen.lost),
    }


def avoided(state: FarmState, job: Job, block: Block, now: float) -> int:
    """How many hosts a block avoids for their errors."""
    if not block.error_hosts:
        return 0
    return sum(1 for host in block.error_hosts if state.avoids(job, block, host, now))


def _listed(block: Block) -> dict[str, Any]:
    spec = block.spec
    fields: dict[str, Any] = dict(zip(_NAMES, _VALUES(spec), strict=True))
    numeric = is_numeric(block)
    frames = block.space.ranges[0] if numeric else None
    fields["flags"] = flags_of(spec, numeric=numeric)
    fields["tasks_num"] = block.tasks.size
    fields["frame_first"] = frames.first if frames else 0
    fields["frame_last"] = frames.last if frames else 0
    fields["frames_inc"] = frames.inc if frames else 1
    fields["frames_per_task"] = block.space.per_task
    fields["task_progress_change_timeout"] = spec.task_progress_change_timeout_s or -1
    return fields


def is_numeric(block: Block) -> bool:
    """Whether clients can count a block's frames; a list of several ranges is shown as names."""
    return len(block.space.ranges) == 1


def flags_of(spec: BlockSpec, *, numeric: bool) -> int:
    """The bits of a block's flags."""
    return _flags(*_FLAG_VALUES(spec)) | (NUMERIC if numeric else 0)


_FLAG_VALUES: Final = attrgetter(
    *("capacity_coeff_min", "capacity_coeff_max", "multihost_max", "multihost_master_on_slave"),
    *("depend_sub_task", "skip_thumbnails", "skip_existing_files", "check_rendered_files"),
    *("slave_lost_ignore", "suspend_new_tasks"),
)
_FLAG_BITS: Final = (
    *(VARIABLE_CAPACITY, VARIABLE_CAPACITY, MULTIHOST, MASTER_ON_SLAVE),
    *(DEPEND_SUB_TASK, SKIP_THUMBNAILS, SKIP_EXISTING, CHECK_RENDERED),
    *(SLAVE_LOST_IGNORE, SUSPEND_NEW),
)


@lru_cache(4_096)
def _flags(*values: int) -> int:
    bits = 0
    for bit, value in zip(_FLAG_BITS, values, strict=True):
        bits |= bit if value else 0
    return bits


def line(command: Command) -> str:
    """A command as one line of a shell."""
    return command if isinstance(command, str) else shlex.join(command)


def _properties(block: Block) -> dict[str, Any]:
    spec = block.spec
    return {
        "command": line(spec.command),
        "tasks_name": spec.tasks_name,
        "parser": spec.parser,
        "working_directory": spec.working_directory,
        "files": spec.files,
        "command_pre": line(spec.command_pre),
        "command_post": line(spec.command_post),
        "multihost_service": spec.multihost_service,
        "custom_data": spec.custom_data,
        "environment": spec.environment,
        "parser_coeff": spec.parser_coeff,
    }


def _tasks(block: Block) -> tuple[BlockTask, ...]:
    """Tasks that clients cannot count by themselves."""
    if is_numeric(block):
        return ()
    if not block.named:
        names = (block.task_name(task) for task in range(block.tasks.size))
        return tuple(BlockTask(name=name, command="") for name in names)
    return tuple(
        BlockTask(
            name=task.name,
            command=line(task.command),
            files=task.files,
            custom_data=task.custom_data,
            environment=task.environment,
        )
        for task in block.named
    )
