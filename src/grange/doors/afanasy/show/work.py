"""Users and branches in Afanasy's shapes."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from grange.core.objects import Branch, Job, User, parent_path, path_chain
from grange.core.state import FarmState
from grange.doors.afanasy.numbers import Numbers, shown_job
from grange.doors.afanasy.shapes import branch as shapes
from grange.doors.afanasy.shapes import user as user_shapes
from grange.doors.afanasy.show import jobs, states
from grange.doors.afanasy.show.tally import Sum, Tally
from grange.model.nodes import BranchSpec, UserSpec, WorkSpec
from grange.model.states import TaskState

ACTIVE_MAX: Final = 1_000  # jobs that are told with their branch, the newest

_SAME: Final = (
    *("priority", "hidden", "annotation", "custom_data", "max_tasks_per_second"),
    *("max_running_tasks", "max_running_tasks_per_host", "hosts_mask", "hosts_mask_exclude"),
    *("need_os", "need_properties", "need_power", "pools"),
)


def user(state: FarmState, numbers: Numbers, found: User, sums: Tally) -> user_shapes.User:
    """A user."""
    spec, counted = found.spec, sums.users.get(found.user, Sum())
    last = state.jobs[next(reversed(found.jobs))] if found.jobs else None
    return user_shapes.User(
        **_work(spec, counted),
        name=found.user,
        id=numbers.users.number(found.user),
        time_register=int(found.created),
        time_activity=int(found.created if last is None else last.created),
        errors_retries=spec.errors_retries,
        errors_avoid_host=spec.errors_avoid_host,
        errors_task_same_host=spec.errors_task_same_host,
        errors_forgive_time=spec.errors_forgive_time_s,
        jobs_life_time=spec.jobs_life_time_s,
        host_name="" if last is None else last.spec.host,
        jobs_num=len(found.jobs),
        running_jobs_num=len(counted.jobs),
        paused=spec.paused,
    )


@dataclass(slots=True)
class Counts:
    """What the jobs of branches amount to, those below counted."""

    branches: Counter[str] = field(default_factory=Counter)
    total: Counter[str] = field(default_factory=Counter)
    running: Counter[str] = field(default_factory=Counter)
    done: Counter[str] = field(default_factory=Counter)
    ready: Counter[str] = field(default_factory=Counter)
    error: Counter[str] = field(default_factory=Counter)
    tasks_ready: Counter[str] = field(default_factory=Counter)
    tasks_error: Counter[str] = field(default_factory=Counter)


def count(state: FarmState, now: float) -> Counts:
    """Count the jobs of all branches. Cost: O(branches + blocks)."""
    own, found = Counts(), Counts()
    for job in state.jobs.values():
        _count_job(own, job, now)
    for path in state.branches:
        for at in path_chain(path):
            found.branches[at] += at != path
            for name in Counts.__slots__[1:]:
                getattr(found, name)[at] += getattr(own, name)[path]
    return found


def _count_job(counts: Counts, job: Job, now: float) -> None:
    path = job.spec.branch
    ready = jobs.ready(job.blocks)
    failed = jobs.total(job.blocks, TaskState.FAILED)
    counts.total[path] += 1
    counts.running[path] += job.share.running > 0
    counts.done[path] += job.done > 0
    counts.error[path] += failed > 0
    counts.tasks_ready[path] += ready
    counts.tasks_error[path] += failed
    waits = job.waits or now < job.spec.wait_until
    counts.ready[path] += bool(ready) and not waits


def branch(
    state: FarmState,
    numbers: Numbers,
    found: Branch,
    sums: Tally,
    counts: Counts,
    visible: Iterable[Job],
    now: float,
) -> shapes.Branch:
    """A branch; `visible` are those of its own jobs that may be shown."""
    path, counted = found.path, sums.branches.get(found.path, Sum())
    active = sorted((job for job in visible if not job.done), key=lambda job: -job.job_id)
    return shapes.Branch(
        **_work(found.spec, counted),
        name=path,
        id=numbers.branches.number(path),
        create_childs=found.spec.create_childs,
        solve_jobs=found.spec.solve_jobs,
        paused=found.spec.paused,
        time_creation=int(found.created),
        parent=parent_path(path) or "",
        branches_total=counts.branches[path],
        jobs_total=counts.total[path],
        jobs_running=counts.running[path],
        jobs_done=counts.done[path],
        jobs_ready=counts.ready[path],
        jobs_error=counts.error[path],
        tasks_ready=counts.tasks_ready[path],
        tasks_error=counts.tasks_error[path],
        active_jobs=tuple(_active_job(job, now) for job in reversed(active[:ACTIVE_MAX])),
        active_users=tuple(
            shapes.ActiveUser(
                id=numbers.users.number(name),
                name=name,
                running_tasks_num=item.tasks,
                running_capacity_total=item.capacity,
            )
            for name, item in sorted(shares_of(sums)[path])
        ),
    )


def shares_of(sums: Tally) -> dict[str, list[tuple[str, Sum]]]:
    """Users with running tasks, by branch."""
    found: dict[str, list[tuple[str, Sum]]] = defaultdict(list)
    for (path, name), item in sums.shares.items():
        found[path].append((name, item))
    return found


def _active_job(job: Job, now: float) -> shapes.ActiveJob:
    return shapes.ActiveJob(
        id=shown_job(job.job_id),
        name=job.spec.name,
        user_name=job.user,
        state=states.words(jobs.quick_bits(job, now)),
        running_tasks_num=job.share.running,
        running_capacity_total=job.share.capacity,
    )


def _work(spec: UserSpec | BranchSpec, counted: Sum) -> dict[str, Any]:
    """What a user and a branch have in common."""
    fields: dict[str, Any] = {name: getattr(spec, name) for name in _SAME}
    return fields | {
        "need_memory": spec.need_memory_mb,
        "need_hdd": spec.need_hdd_gb,
        "solve_method": f"solve_{spec.solve}",
        "solve_need": "solve_capacity" if spec.need_by == "capacity" else "solve_tasksnum",
        "hosts_mask_type": _mask_type(spec),
        "running_services": counted.services,
        "running_tasks_num": counted.tasks,
        "running_capacity_total": counted.capacity,
    }


def _mask_type(spec: WorkSpec) -> str:
    """The kind of masks, where it is not the usual one."""
    return "" if spec.hosts_mask_type == "find" else spec.hosts_mask_type
