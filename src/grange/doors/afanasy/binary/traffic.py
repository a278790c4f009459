"""What renders and the server say to each other, in bytes."""

from __future__ import annotations

import functools
from itertools import accumulate
from typing import Final

from grange.doors.afanasy.binary.primitives import (
    BOOL,
    I8,
    I32,
    NUMBERS,
    RAW,
    TEXT,
    TEXTS,
    Broken,
    Many,
    Reader,
)
from grange.doors.afanasy.binary.record import Fields, Record, same
from grange.doors.afanasy.binary.renders import RESOURCES
from grange.doors.afanasy.binary.tasks import EXEC, POSITION
from grange.doors.afanasy.shapes.traffic import (
    RenderEvents,
    RenderUpdate,
    SentFile,
    TaskOutput,
    TaskUpdate,
)

_UPDATE: Final = Fields(
    (
        ("render_id", I32),
        ("pos", POSITION),
        ("status", I8),
        ("percent", I8),
        ("frame", I32),
        ("percent_frame", I8),
        ("progress_changed", BOOL),
        ("activity", TEXT),
        ("resources", TEXT),
        ("report", TEXT),
        ("log", TEXT),
        ("listened", RAW),
        ("parsed_files", TEXTS),
    )
)


class _TaskUpdate:
    """A task's progress or end, with its output and files where they come along."""

    least = _UPDATE.least + 2 * I32.least

    def write(self, out: bytearray, value: TaskUpdate) -> None:
        _UPDATE.write(out, functools.partial(getattr, value))
        I32.write(out, len(value.data))
        I32.write(out, len(value.files))
        out += value.data
        if value.files:
            sizes = tuple(len(file.data) for file in value.files)
            I32.write(out, sum(sizes))
            NUMBERS.write(out, sizes)
            TEXTS.write(out, tuple(file.name for file in value.files))
            for file in value.files:
                out += file.data

    def read(self, source: Reader) -> TaskUpdate:
        found = _UPDATE.read(source)
        size, count = I32.read(source), I32.read(source)
        data = source.take(size)
        files = _files(source, count) if count else ()
        return TaskUpdate(data=data, files=files, **found)


def _files(source: Reader, count: int) -> tuple[SentFile, ...]:
    total, sizes, names = I32.read(source), NUMBERS.read(source), TEXTS.read(source)
    right = len(sizes) == len(names) == count and min(sizes) >= 0 and sum(sizes) == total
    if not right:
        raise Broken(f"the files of a task before {source.at} are not as many as is said")
    data = source.take(total)
    ends = tuple(accumulate(sizes))
    return tuple(
        SentFile(name=name, data=data[end - size : end])
        for name, size, end in zip(names, sizes, ends, strict=True)
    )


TASK_UPDATE: Final = _TaskUpdate()
_SAID: Final = Fields(
    (
        ("id", I32),
        ("tasks", Many(TASK_UPDATE, I32)),
        ("outputs", Many(Record((("pos", POSITION), ("output", RAW)), TaskOutput), I32)),
    )
)


class _RenderUpdate:
    """What a render says; its machine's load comes along now and then."""

    least = _SAID.least + BOOL.least

    def write(self, out: bytearray, value: RenderUpdate) -> None:
        _SAID.write(out, functools.partial(getattr, value))
        BOOL.write(out, value.host_resources is not None)
        if value.host_resources is not None:
            RESOURCES.write(out, value.host_resources)

    def read(self, source: Reader) -> RenderUpdate:
        found = _SAID.read(source)
        load = RESOURCES.read(source) if BOOL.read(source) else None
        return RenderUpdate(host_resources=load, **found)


_POSITIONS: Final = Many(POSITION, I32)

RENDER_UPDATE: Final = _RenderUpdate()
RENDER_EVENTS: Final = Record(
    (
        *same(I32, "id", "heartbeat_sec", "resources_update_period", "zombie_time"),
        ("exit_no_task_time", I32),
        ("tasks", Many(EXEC, I32)),
        ("closes", _POSITIONS),
        ("stops", _POSITIONS),
        ("outputs", _POSITIONS),
        ("listens_add", _POSITIONS),
        ("listens_rem", _POSITIONS),
        ("instruction", TEXT),
        ("command", TEXT),
        ("log", TEXT),
    ),
    RenderEvents,
)
