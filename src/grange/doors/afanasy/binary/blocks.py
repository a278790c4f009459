"""Blocks in binary messages: as much of them as was asked for."""

from __future__ import annotations

import functools
from typing import Final, Generic, TypeVar

from grange.doors.afanasy.binary.primitives import (
    COUNTS,
    I8,
    I32,
    I64,
    TEXT,
    TEXTS,
    U8,
    U16,
    WORDS,
    Many,
    Reader,
)
from grange.doors.afanasy.binary.record import Fields, Layout, Record, same
from grange.doors.afanasy.shapes.block import (
    PROGRESS_BAR,
    BlockFull,
    BlockListed,
    BlockProgress,
    BlockProperties,
    BlockTask,
)

B = TypeVar("B", bound=BlockProgress)
NUMERIC: Final = 1  # flag of a block


class _Bar:
    """Letters, as many as there always are."""

    least = PROGRESS_BAR

    def write(self, out: bytearray, value: str) -> None:
        out += value.encode("ascii", "replace")[:PROGRESS_BAR].ljust(PROGRESS_BAR)

    def read(self, source: Reader) -> str:
        return source.take(PROGRESS_BAR).decode("ascii", "replace")


_PROGRESS: Final[Layout] = (
    ("running_tasks_counter", I32),
    ("running_capacity_total", I64),
    ("p_percentage", U8),
    *same(I32, "p_error_hosts", "p_avoid_hosts", "p_tasks_ready", "p_tasks_done"),
    *same(I32, "p_tasks_error", "p_tasks_skipped", "p_tasks_warning", "p_tasks_waitrec"),
    *same(I32, "p_tasks_waitdep", "p_tasks_suspended"),
    *same(I32, "p_tasks_run_time_min", "p_tasks_run_time_max"),
    ("p_tasks_run_time_sum", I64),
    ("st", I64),
    ("job_id", I32),
    ("block_num", I32),
    ("time_started", I64),
    ("time_done", I64),
    ("srv_info", TEXT),
    ("p_progressbar", _Bar()),
)
_LISTED: Final[Layout] = (
    *same(I64, "flags", "frame_first", "frame_last", "frames_per_task", "frames_inc"),
    *same(I64, "sequential", "file_size_min", "file_size_max"),
    *same(I32, "capacity_coeff_min", "capacity_coeff_max"),
    *same(U8, "multihost_min", "multihost_max"),
    *same(U16, "multihost_service_wait", "multihost_max_wait"),
    *same(I32, "capacity", "max_running_tasks", "max_running_tasks_per_host"),
    *same(I32, "need_memory", "need_power", "need_hdd"),
    *same(I32, "need_cpu_freq_mgz", "need_cpu_cores", "need_cpu_freq_cores", "need_gpu_mem_mb"),
    ("depend_mask", TEXT),
    ("tasks_depend_mask", TEXT),
    ("hosts_mask", TEXT),
    ("hosts_mask_exclude", TEXT),
    ("need_properties", TEXT),
    ("name", TEXT),
    ("service", TEXT),
    ("tasks_num", I32),
    *same(I8, "errors_retries", "errors_avoid_host", "errors_task_same_host"),
    ("errors_forgive_time", I32),
    *same(I32, "task_progress_change_timeout", "task_max_run_time", "task_min_run_time"),
    ("tickets", COUNTS),
    *_PROGRESS,
)
_PROPERTIES: Final[Layout] = (
    ("parser_coeff", I32),
    ("tasks_name", TEXT),
    ("parser", TEXT),
    ("working_directory", TEXT),
    ("command", TEXT),
    ("command_pre", TEXT),
    ("command_post", TEXT),
    ("multihost_service", TEXT),
    ("custom_data", TEXT),
    ("files", TEXTS),
    ("environment", WORDS),
    *_LISTED,
)
_TASKS: Final = Many(
    Record(
        (
            ("name", TEXT),
            ("command", TEXT),
            ("depend_mask", TEXT),
            ("custom_data", TEXT),
            ("files", TEXTS),
        ),
        BlockTask,
    ),
    I32,
)
_FULL: Final = Fields(_PROPERTIES)


class _Block(Generic[B]):
    """A block, whose state is told by its bits alone."""

    def __init__(self, layout: Layout, make: type[B]) -> None:
        self._fields = Fields(layout)
        self._make = make
        self.least = self._fields.least

    def write(self, out: bytearray, value: B) -> None:
        self._fields.write(out, functools.partial(getattr, value))

    def read(self, source: Reader) -> B:
        return self._make(state="", **self._fields.read(source))


class _Full:
    """A block with its tasks, where they have names."""

    least = I64.least + _FULL.least

    def write(self, out: bytearray, value: BlockFull) -> None:
        I64.write(out, value.flags)
        if not I64.clamped(value.flags) & NUMERIC:
            _TASKS.write(out, value.tasks)
        _FULL.write(out, functools.partial(getattr, value))

    def read(self, source: Reader) -> BlockFull:
        flags = I64.read(source)
        tasks: tuple[BlockTask, ...] = () if flags & NUMERIC else _TASKS.read(source)
        return BlockFull(state="", tasks=tasks, **_FULL.read(source))


PROGRESS: Final = _Block(_PROGRESS, BlockProgress)
LISTED: Final = _Block(_LISTED, BlockListed)
PROPERTIES: Final = _Block(_PROPERTIES, BlockProperties)
FULL: Final = _Full()
