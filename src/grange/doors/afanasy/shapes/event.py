"""What has happened since a monitor asked last."""

from __future__ import annotations

from typing import Final

from grange.doors.afanasy.shapes.block import BlockNames
from grange.doors.afanasy.shapes.shape import Shape
from grange.doors.afanasy.shapes.task import Task, TaskProgress

#: Kinds of events, in the order of their numbers in binary messages; number 3 is not used.
KINDS: Final = (
    *("jobs_add", "jobs_change", "jobs_del", ""),
    *("users_add", "users_change", "users_del"),
    *("renders_add", "renders_change", "renders_del"),
    *("monitors_add", "monitors_change", "monitors_del"),
    *("branches_add", "branches_change", "branches_del"),
    *("pools_add", "pools_change", "pools_del"),
)


class TasksProgress(Shape, frozen=True, kw_only=True, omit_defaults=True):
    """Tasks of a job whose progress has changed: three lists alike."""

    job_id: int
    blocks: tuple[int, ...]
    tasks: tuple[int, ...]
    progress: tuple[TaskProgress, ...]


class JobsOrder(Shape, frozen=True, kw_only=True, omit_defaults=True):
    """The order in which jobs of users stand: two lists alike."""

    uids: tuple[int, ...]
    jids: tuple[tuple[int, ...], ...]


class MonitorEvents(Shape, frozen=True, kw_only=True, omit_defaults=True):
    """What a monitor is told when it asks; of most things only the ids."""

    jobs_add: tuple[int, ...] = ()
    jobs_change: tuple[int, ...] = ()
    jobs_del: tuple[int, ...] = ()
    users_add: tuple[int, ...] = ()
    users_change: tuple[int, ...] = ()
    users_del: tuple[int, ...] = ()
    renders_add: tuple[int, ...] = ()
    renders_change: tuple[int, ...] = ()
    renders_del: tuple[int, ...] = ()
    monitors_add: tuple[int, ...] = ()
    monitors_change: tuple[int, ...] = ()
    monitors_del: tuple[int, ...] = ()
    branches_add: tuple[int, ...] = ()
    branches_change: tuple[int, ...] = ()
    branches_del: tuple[int, ...] = ()
    pools_add: tuple[int, ...] = ()
    pools_change: tuple[int, ...] = ()
    pools_del: tuple[int, ...] = ()
    tasks_progress: tuple[TasksProgress, ...] = ()
    block_ids: BlockNames | None = None
    jobs_order_ids: tuple[int, ...] = ()  #: all jobs of its user, once they stand otherwise
    jobs_order: JobsOrder | None = None  #: in JSON only
    instruction: str = ""  #: `exit`, or nothing
    tasks_outputs: tuple[Task, ...] = ()
    tasks_listens: tuple[Task, ...] = ()
    message: str = ""


class UserJobsOrder(Shape, frozen=True, kw_only=True, omit_defaults=True):
    """The order in which the jobs of one user stand; in binary messages only."""

    id: int
    jobs: tuple[int, ...]
