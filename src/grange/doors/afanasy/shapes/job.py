"""Jobs, and how far their tasks are."""

from __future__ import annotations

from msgspec import field

from grange.doors.afanasy.shapes.block import BlockFull, BlockListed
from grange.doors.afanasy.shapes.node import Work
from grange.doors.afanasy.shapes.shape import Shape
from grange.doors.afanasy.shapes.task import TaskProgress


class JobSelf(Work, frozen=True, kw_only=True, omit_defaults=True):
    """A job without its blocks."""

    serial: int
    user_name: str
    host_name: str
    st: int
    state: str = ""
    ppa: bool = False
    maintenance: bool = False
    ignorenimby: bool = False
    ignorepaused: bool = False
    appendedblocks: bool = False  #: in binary messages only
    command_pre: str = ""
    command_post: str = ""
    description: str = ""
    thumb_path: str = ""
    report: str = ""
    project: str = ""
    department: str = ""
    branch: str = ""
    user_list_order: int = -1
    time_creation: int
    time_wait: int = 0
    time_started: int = 0
    time_done: int = 0
    time_life: int = -1
    tasks_ready: int = 0
    tasks_error: int = 0
    try_this_tasks_num: tuple[int, ...] = ()
    try_this_blocks_num: tuple[int, ...] = ()
    folders: dict[str, str] = field(default_factory=dict)
    depend_mask: str = ""
    depend_mask_global: str = ""


class Job(JobSelf, frozen=True, kw_only=True, omit_defaults=True):
    """A job as lists show it."""

    blocks: tuple[BlockListed, ...]


class JobFull(JobSelf, frozen=True, kw_only=True, omit_defaults=True):
    """A job with all that was asked of it."""

    blocks: tuple[BlockFull, ...]


class JobProgress(Shape, frozen=True, kw_only=True, omit_defaults=True):
    """How far each task of a job is: a list for each block."""

    id: int
    progress: tuple[tuple[TaskProgress, ...], ...]
