"""Monitors and what they are told, in bytes."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any, Final

from grange.doors.afanasy.binary.nodes import NODE, as_node, node_value
from grange.doors.afanasy.binary.primitives import (
    BOOL,
    I32,
    I64,
    NUMBERS,
    TEXT,
    Broken,
    Many,
    Reader,
)
from grange.doors.afanasy.binary.record import Fields, Record, same
from grange.doors.afanasy.binary.renders import ADDRESS
from grange.doors.afanasy.binary.tasks import PROGRESS, TASK
from grange.doors.afanasy.binary.types import Kind
from grange.doors.afanasy.shapes.block import BlockNames
from grange.doors.afanasy.shapes.event import KINDS, MonitorEvents, TasksProgress
from grange.doors.afanasy.shapes.monitor import Monitor

_MODES: Final[Mapping[str, int]] = {
    "progress": Kind.BLOCKS_PROGRESS,
    "properties": Kind.BLOCKS_PROPERTIES,
    "full": Kind.BLOCKS,
}


class _Subscriptions:
    """What a monitor watches: yes or no for each kind of event."""

    least = len(KINDS)

    def write(self, out: bytearray, value: tuple[str, ...]) -> None:
        for kind in KINDS:
            BOOL.write(out, bool(kind) and kind in value)

    def read(self, source: Reader) -> tuple[str, ...]:
        watched = tuple(BOOL.read(source) for _ in KINDS)
        return tuple(kind for kind, yes in zip(KINDS, watched, strict=True) if kind and yes)


def _monitor(**found: Any) -> Monitor:
    return Monitor(time_update=found["time_activity"], os="", **as_node(found))


MONITOR: Final = Record(
    (
        *NODE,
        ("uid", I32),
        *same(I64, "time_launch", "time_register", "time_activity"),
        ("user_name", TEXT),
        ("engine", TEXT),
        ("events", _Subscriptions()),
        ("jobs_ids", NUMBERS),
        ("address", ADDRESS),
    ),
    _monitor,
    node_value,
)


class _TasksProgress:
    """Progress of tasks of a job; there are as many as tasks."""

    least = I32.least + 2 * NUMBERS.least

    def write(self, out: bytearray, value: TasksProgress) -> None:
        I32.write(out, value.job_id)
        NUMBERS.write(out, value.blocks)
        NUMBERS.write(out, value.tasks)
        for progress in value.progress:
            PROGRESS.write(out, progress)

    def read(self, source: Reader) -> TasksProgress:
        job, blocks, tasks = I32.read(source), NUMBERS.read(source), NUMBERS.read(source)
        count = source.bounded(len(tasks), PROGRESS.least)
        progress = tuple(PROGRESS.read(source) for _ in range(count))
        return TasksProgress(job_id=job, blocks=blocks, tasks=tasks, progress=progress)


class _BlockNames:
    """Blocks to be asked for anew: one after the other, not in three lists."""

    least = I32.least

    def write(self, out: bytearray, value: BlockNames | None) -> None:
        if value is None:
            I32.write(out, 0)
            return
        I32.write(out, len(value.job_id))
        for job, block, mode in zip(value.job_id, value.block_num, value.mode, strict=True):
            for number in (job, block, _MODES[mode]):
                I32.write(out, number)

    def read(self, source: Reader) -> BlockNames | None:
        count = source.bounded(I32.read(source), 3 * I32.least)
        found = [tuple(I32.read(source) for _ in range(3)) for _ in range(count)]
        words = {number: word for word, number in _MODES.items()}
        if not all(mode in words for _, _, mode in found):
            raise Broken(f"a block before {source.at} is told in no way that is known")
        if not found:
            return None
        return BlockNames(
            job_id=tuple(job for job, _, _ in found),
            block_num=tuple(block for _, block, _ in found),
            mode=tuple(words[mode] for _, _, mode in found),
        )


_EVENTS: Final = Fields(
    (
        *((kind or "unused", NUMBERS) for kind in KINDS),
        ("tasks_progress", Many(_TasksProgress(), I32)),
        ("block_ids", _BlockNames()),
        ("tasks_outputs", Many(TASK, I32)),
        ("jobs_order_ids", NUMBERS),
        ("instruction", TEXT),
        ("tasks_listens", Many(TASK, I32)),
        ("message", TEXT),
    )
)


class _Events:
    """What a monitor is told."""

    least = _EVENTS.least

    def write(self, out: bytearray, value: MonitorEvents) -> None:
        _EVENTS.write(out, functools.partial(_told, value))

    def read(self, source: Reader) -> MonitorEvents:
        found = _EVENTS.read(source)
        del found["unused"]
        return MonitorEvents(**found)


def _told(events: MonitorEvents, name: str) -> Any:
    return () if name == "unused" else getattr(events, name)


MONITOR_EVENTS: Final = _Events()
