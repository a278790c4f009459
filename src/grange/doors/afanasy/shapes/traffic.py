"""What renders and the server say to each other; only binary messages hold it."""

from __future__ import annotations

from typing import Final

from grange.doors.afanasy.shapes.node import Address, NetInterface
from grange.doors.afanasy.shapes.render import HostResources
from grange.doors.afanasy.shapes.shape import Shape
from grange.doors.afanasy.shapes.task import TaskExec, TaskPos

KEEP: Final = 0  # a time of `RenderEvents` that is not to change
AS_USUAL: Final = -1  # a time of `RenderEvents` that is to be what a render has of itself


class RenderRegister(Shape, frozen=True, kw_only=True, omit_defaults=True):
    """A render comes, or comes back with tasks that run."""

    tasks: tuple[TaskExec, ...]
    os: str
    engine: str
    name: str
    user_name: str
    st: int
    flags: int
    priority: int
    time_launch: int
    address: Address
    percents: tuple[int, ...]
    idle_time: int
    busy_time: int
    host_resources: HostResources
    id: int  #: 0: it never had one
    netifs: tuple[NetInterface, ...]


class SentFile(Shape, frozen=True, kw_only=True, omit_defaults=True):
    """A small file that came with a task's end."""

    name: str
    data: bytes


class TaskUpdate(Shape, frozen=True, kw_only=True, omit_defaults=True):
    """How far a task is, or how it ended."""

    render_id: int
    pos: TaskPos
    status: int
    percent: int
    frame: int
    percent_frame: int
    progress_changed: bool
    activity: str
    resources: str
    report: str
    log: str
    listened: bytes
    parsed_files: tuple[str, ...] = ()
    data: bytes = b""  #: all its output, at its end
    files: tuple[SentFile, ...] = ()


class TaskOutput(Shape, frozen=True, kw_only=True, omit_defaults=True):
    """What a running task has said so far: all of it, or its first and last half MiB."""

    pos: TaskPos
    output: bytes


class RenderUpdate(Shape, frozen=True, kw_only=True, omit_defaults=True):
    """What a render says once a second."""

    id: int
    tasks: tuple[TaskUpdate, ...] = ()
    outputs: tuple[TaskOutput, ...] = ()
    host_resources: HostResources | None = None


class RenderEvents(Shape, frozen=True, kw_only=True, omit_defaults=True):
    """What a render is to do."""

    id: int
    heartbeat_sec: int = 0
    resources_update_period: int = 0
    zombie_time: int = 0
    exit_no_task_time: int = 0
    tasks: tuple[TaskExec, ...] = ()  #: to start
    closes: tuple[TaskPos, ...] = ()  #: whose end was booked
    stops: tuple[TaskPos, ...] = ()  #: to be stopped
    outputs: tuple[TaskPos, ...] = ()  #: whose output is asked for
    listens_add: tuple[TaskPos, ...] = ()
    listens_rem: tuple[TaskPos, ...] = ()
    instruction: str = ""
    command: str = ""  #: of the instruction
    log: str = ""  #: for the render to print
