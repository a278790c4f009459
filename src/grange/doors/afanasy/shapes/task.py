"""Tasks: how far they are, what executes them, what they have said."""

from __future__ import annotations

from typing import Literal

from msgspec import field

from grange.doors.afanasy.shapes.shape import Shape

#: In the order of their numbers in binary messages.
TaskKind = Literal["TNULL", "TExec", "TOutput", "TLog", "TErrorHosts", "TListen"]


class TaskProgress(Shape, frozen=True, kw_only=True, omit_defaults=True):
    """How far a task is."""

    state: str  #: words; not in binary messages, where `st` says all
    st: int
    percent: int = field(default=0, name="per")
    frame: int = field(default=0, name="frm")  #: frames done
    percent_frame: int = field(default=0, name="pfr")  #: of the frame under way
    starts: int = field(default=0, name="str")
    errors: int = field(default=0, name="err")
    time_start: int = field(default=0, name="tst")  #: epoch seconds of the last start
    time_done: int = field(default=0, name="tdn")  #: epoch seconds of the last word, or the end
    host: str = field(default="", name="hst")
    activity: str = field(default="", name="act")
    resources: str = field(default="", name="res")


class TaskShort(Shape, frozen=True, kw_only=True, omit_defaults=True):
    """A task that a render executes, as lists of renders show it."""

    name: str
    service: str
    capacity: int
    time_start: int
    user_name: str = ""
    block_name: str = ""
    job_name: str = ""
    job_id: int
    block_num: int
    task_num: int
    number: int = 0  #: counts the hosts of a task that runs on several
    capacity_coeff: int = 0
    tickets: dict[str, int] = field(default_factory=dict)


class TaskExec(TaskShort, frozen=True, kw_only=True, omit_defaults=True):
    """All that a render needs to execute a task."""

    command_block: str
    command_task: str
    frame_start: int
    frame_finish: int
    frames_inc: int
    frames_num: int
    working_directory: str
    parser: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    files_block: tuple[str, ...] = ()
    files_task: tuple[str, ...] = ()
    parsed_files: tuple[str, ...] = ()
    flags: int = 0  #: `EXEC_LISTEN`; for renders
    block_flags: int = 0  #: of its block; for renders
    multihost_names: tuple[str, ...] = ()  #: for renders
    data_integers: dict[str, int] = field(default_factory=dict)  #: for renders' services
    data_strings: dict[str, str] = field(default_factory=dict)  #: for renders' services


EXEC_LISTEN = 1  # flag: somebody reads along


class TaskPos(Shape, frozen=True, kw_only=True, omit_defaults=True):
    """Which run of which task."""

    job: int
    block: int
    task: int
    number: int


class Task(Shape, frozen=True, kw_only=True, omit_defaults=True):
    """A task, with one thing that was asked of it."""

    type: TaskKind
    render_id: int
    job_name: str
    block_name: str
    task_name: str
    service: str
    parser: str
    pos: TaskPos
    progress: TaskProgress
    exec: TaskExec | None = None  #: of a TExec
    data: str  #: lines, of all others


class TaskFile(Shape, frozen=True, kw_only=True, omit_defaults=True):
    """A file that a task has made, by the path under which it is served."""

    name: str


class TaskFiles(Shape, frozen=True, kw_only=True, omit_defaults=True):
    """The thumbnails of a task."""

    job_id: int
    block_id: int
    task_id: int
    files: tuple[TaskFile, ...]
