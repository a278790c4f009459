"""Tasks in binary messages."""

from __future__ import annotations

from typing import Any, Final, get_args

from grange.doors.afanasy.binary.primitives import (
    COUNTS,
    I8,
    I32,
    I64,
    LONG_COUNTS,
    TEXT,
    TEXTS,
    WORDS,
    Broken,
    Reader,
)
from grange.doors.afanasy.binary.record import Fields, Layout, Record, same
from grange.doors.afanasy.shapes.task import (
    Task,
    TaskExec,
    TaskKind,
    TaskPos,
    TaskProgress,
    TaskShort,
)

_KINDS: Final[tuple[TaskKind, ...]] = get_args(TaskKind)
_EXEC: Final = _KINDS.index("TExec")

POSITION: Final = Record(same(I32, "job", "block", "task", "number"), TaskPos)


def _progress(**found: Any) -> TaskProgress:
    return TaskProgress(state="", **found)


PROGRESS: Final = Record(
    (
        ("st", I64),
        ("percent", I8),
        ("frame", I64),
        ("percent_frame", I8),
        ("starts", I32),
        ("errors", I32),
        ("time_start", I64),
        ("time_done", I64),
        ("host", TEXT),
        ("activity", TEXT),
        ("resources", TEXT),
    ),
    _progress,
)

_SHORT: Final[Layout] = (
    ("service", TEXT),
    ("name", TEXT),
    ("user_name", TEXT),
    ("block_name", TEXT),
    ("job_name", TEXT),
    *same(I32, "number", "capacity", "capacity_coeff"),
    ("time_start", I64),
    *same(I32, "job_id", "block_num", "task_num"),
    ("tickets", COUNTS),
)
SHORT: Final = Record(_SHORT, TaskShort)
EXEC: Final = Record(
    (
        *same(I64, "flags", "block_flags", "frames_num", "frames_inc"),
        *same(I64, "frame_start", "frame_finish"),
        ("command_block", TEXT),
        ("command_task", TEXT),
        ("working_directory", TEXT),
        ("parser", TEXT),
        ("environment", WORDS),
        ("files_block", TEXTS),
        ("files_task", TEXTS),
        ("parsed_files", TEXTS),
        ("multihost_names", TEXTS),
        ("data_integers", LONG_COUNTS),
        ("data_strings", WORDS),
        *_SHORT,
    ),
    TaskExec,
)


_TASK: Final = Fields(
    (
        ("type", I32),
        ("pos", POSITION),
        ("progress", PROGRESS),
        ("render_id", I32),
        ("job_name", TEXT),
        ("block_name", TEXT),
        ("task_name", TEXT),
        ("service", TEXT),
        ("parser", TEXT),
        ("data", TEXT),
    )
)


class _Task:
    """A task; what executes it follows where that was asked for."""

    least = _TASK.least

    def write(self, out: bytearray, value: Task) -> None:
        kind = value.type if value.exec is not None or value.type != "TExec" else "TNULL"
        asked = {"type": _KINDS.index(kind)}
        _TASK.write(out, lambda name: asked[name] if name in asked else getattr(value, name))
        if kind == "TExec" and value.exec is not None:
            EXEC.write(out, value.exec)

    def read(self, source: Reader) -> Task:
        found = _TASK.read(source)
        number = found.pop("type")
        if not 0 <= number < len(_KINDS):
            raise Broken(f"there is no task of type {number}")
        executed = EXEC.read(source) if number == _EXEC else None
        return Task(type=_KINDS[number], exec=executed, **found)


TASK: Final = _Task()
