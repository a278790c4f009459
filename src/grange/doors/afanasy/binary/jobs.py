"""Jobs in binary messages."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Final, Generic, TypeVar

from grange.doors.afanasy.binary import blocks
from grange.doors.afanasy.binary.nodes import (
    NODE,
    WORK,
    as_node,
    as_work,
    node_value,
    work_value,
)
from grange.doors.afanasy.binary.primitives import (
    I32,
    I64,
    NUMBERS,
    TEXT,
    WORDS,
    Field,
    Many,
    Reader,
)
from grange.doors.afanasy.binary.record import Fields, Record, Values, same
from grange.doors.afanasy.binary.tasks import PROGRESS
from grange.doors.afanasy.shapes.job import Job, JobFull, JobProgress, JobSelf

J = TypeVar("J", bound=Job | JobFull)
#: Flags of a job, each with the field that it is.
FLAGS: Final = {
    1 << 32: "ppa",
    1 << 33: "maintenance",
    1 << 34: "ignorenimby",
    1 << 35: "ignorepaused",
    1 << 36: "appendedblocks",
}

_JOB: Final = Fields(
    (
        *NODE,
        *WORK,
        ("serial", I64),
        ("blocks_num", I32),
        ("user_list_order", I32),
        *same(I64, "time_creation", "time_wait", "time_started", "time_done"),
        *same(I32, "time_life", "tasks_ready", "tasks_error"),
        ("user_name", TEXT),
        ("host_name", TEXT),
        ("command_pre", TEXT),
        ("command_post", TEXT),
        ("report", TEXT),
        ("description", TEXT),
        ("thumb_path", TEXT),
        ("project", TEXT),
        ("department", TEXT),
        ("branch", TEXT),
        ("depend_mask", TEXT),
        ("depend_mask_global", TEXT),
        ("try_this_tasks_num", NUMBERS),
        ("try_this_blocks_num", NUMBERS),
        ("folders", WORDS),
    )
)


class _Job(Generic[J]):
    """A job and its blocks, whose number is said before."""

    least = _JOB.least

    def __init__(self, block: Field[Any], make: Callable[..., J]) -> None:
        self._block = block
        self._make = make

    def write(self, out: bytearray, value: J) -> None:
        _JOB.write(out, functools.partial(_value, value, len(value.blocks)))
        for block in value.blocks:
            self._block.write(out, block)

    def read(self, source: Reader) -> J:
        found = _JOB.read(source)
        count = source.bounded(found.pop("blocks_num"), self._block.least)
        held = tuple(self._block.read(source) for _ in range(count))
        return self._make(blocks=held, state="", **_as_job(found))


def _value(job: JobSelf, blocks_num: int, name: str) -> Any:
    if name == "blocks_num":
        return blocks_num
    if name == "flags":
        bits = sum(bit for bit, field in FLAGS.items() if getattr(job, field))
        return bits | node_value(job, "flags")
    return work_value(job, name)


def _as_job(found: Values) -> Values:
    state, flags = found["st"], found["flags"]
    told = {field: bool(flags & bit) for bit, field in FLAGS.items()}
    return as_work(as_node(found)) | told | {"st": state}


LISTED: Final = _Job(blocks.LISTED, Job)
FULL: Final = _Job(blocks.FULL, JobFull)
JOB_PROGRESS: Final = Record(
    (("id", I32), ("progress", Many(Many(PROGRESS, I32), I32))), JobProgress
)
