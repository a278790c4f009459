"""Jobs in Afanasy's shapes."""

from __future__ import annotations

from operator import attrgetter
from typing import Any, Final

from grange.core.objects import Block, Job
from grange.core.state import FarmState
from grange.doors.afanasy.numbers import shown_job
from grange.doors.afanasy.shapes import job as shapes
from grange.doors.afanasy.show import blocks, states
from grange.doors.afanasy.show.blocks import Running, line
from grange.model.states import FAILED, READY, RUNNING, TaskState
from grange.server.gauges import Gauges

#: Fields of a job's specification that have the same name and meaning.
_SAME: Final = (
    *("name", "priority", "hidden", "annotation", "custom_data", "max_tasks_per_second"),
    *("max_running_tasks", "max_running_tasks_per_host", "hosts_mask", "hosts_mask_exclude"),
    *("need_os", "need_properties", "need_power", "pools", "maintenance", "description"),
    *("project", "department", "branch", "folders", "depend_mask", "depend_mask_global"),
)
_VALUES: Final = attrgetter(*_SAME)  # in C: a list may have 10,000 jobs


def listed(
    state: FarmState, gauges: Gauges, job: Job, now: float, thumbnail: str = ""
) -> shapes.Job:
    """A job as lists show it. Cost: O(blocks + running tasks)."""
    seen = [blocks.running(state, gauges, block) for block in job.blocks]
    shown = tuple(
        blocks.listed(state, job, block, said, now)
        for block, said in zip(job.blocks, seen, strict=True)
    )
    fields = _self(state, job, [block.st for block in shown], now)
    return shapes.Job(**fields, thumb_path=thumbnail, blocks=shown)


def full(
    state: FarmState, gauges: Gauges, job: Job, now: float, thumbnail: str = ""
) -> shapes.JobFull:
    """A job with all that was asked of it. Cost: O(named tasks)."""
    seen = [blocks.running(state, gauges, block) for block in job.blocks]
    shown = tuple(
        blocks.full(state, job, block, said, now)
        for block, said in zip(job.blocks, seen, strict=True)
    )
    fields = _self(state, job, [block.st for block in shown], now)
    return shapes.JobFull(**fields, thumb_path=thumbnail, blocks=shown)


def quick_bits(job: Job, now: float) -> int:
    """The bits of a job, without the warnings of tasks that run."""
    nothing = Running()
    return states.job_bits(job, [blocks.bits(job, block, nothing) for block in job.blocks], now)


def _self(state: FarmState, job: Job, blocks_st: list[int], now: float) -> dict[str, Any]:
    spec = job.spec
    fields: dict[str, Any] = dict(zip(_SAME, _VALUES(spec), strict=True))
    st = states.job_bits(job, blocks_st, now)
    fields |= {
        "id": shown_job(job.job_id),
        "running_services": services(job.blocks),
        "need_memory": spec.need_memory_mb,
        "need_hdd": spec.need_hdd_gb,
        "solve_method": "solve_order",
        "solve_need": "solve_tasksnum",
        "hosts_mask_type": spec.hosts_mask_type or state.users[job.user].spec.hosts_mask_type,
        "running_tasks_num": job.share.running,
        "running_capacity_total": job.share.capacity,
        "serial": job.job_id,
        "user_name": job.user,
        "host_name": spec.host,
        "st": st,
        "state": states.words(st),
        "ppa": spec.preview_approval,
        "ignorenimby": spec.ignore_nimby,
        "ignorepaused": spec.ignore_paused,
        "command_pre": line(spec.command_pre),
        "command_post": line(spec.command_post),
        "report": job.report,
        "user_list_order": job.position,
        "time_creation": int(job.created),
        "time_wait": int(spec.wait_until),
        "time_started": int(job.started),
        "time_done": int(job.done),
        "time_life": spec.life_time_s,
        "tasks_ready": ready(job.blocks),
        "tasks_error": total(job.blocks, FAILED),
        "try_this_tasks_num": tuple(task for _, task in job.try_next),
        "try_this_blocks_num": tuple(block for block, _ in job.try_next),
    }
    return fields


def services(found: list[Block]) -> dict[str, int]:
    """How many tasks of each service run."""
    sums: dict[str, int] = {}
    for block in found:
        count = block.tasks.counts[RUNNING]
        if count:
            sums[block.spec.service] = sums.get(block.spec.service, 0) + count
    return sums


def ready(found: list[Block]) -> int:
    """Number of READY tasks of the blocks that wait for no other."""
    count = 0
    for block in found:
        count += 0 if block.waits else block.tasks.counts[READY]
    return count


def total(found: list[Block], state: TaskState) -> int:
    """Number of tasks of blocks in a state."""
    count = 0
    for block in found:  # sooner done than by a sum: a list may have 10,000 jobs
        count += block.tasks.counts[state]
    return count
