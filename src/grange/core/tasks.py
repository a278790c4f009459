"""The tasks of one block, as columns.

A million tasks are five arrays of 13 MB together, not a million objects.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterator, Sequence

from grange.core.errors import IllegalMove
from grange.model.ids import RunId
from grange.model.states import (
    DONE,
    FINISHED,
    READY,
    RUNNING,
    SKIPPED,
    TASK_MOVES,
    WAITING,
    TaskFlag,
    TaskState,
)

CHUNK = 256  # tasks per stored row, 3.3 KiB
ERRORS_MAX = 255  # one byte
STARTS_MAX = 65_535  # two bytes
PACKED = 13  # bytes per task in a row
NO_FLAGS = TaskFlag(0)

_UNFINISHED = tuple(state for state in TaskState if state not in FINISHED)
_WARNED = bytes(bool(flags & TaskFlag.WARNING) for flags in range(256))
_FINISHED = bytes(state in FINISHED for state in range(256))
_MAY_REFIT = bytes(255 * (state in (WAITING, READY)) for state in range(256))
_LEGAL = [bytes(int(b in TASK_MOVES[a]) for b in TaskState) for a in TaskState]


class TaskTable:
    """States of the tasks 0..size-1 of a block. Only its methods change a task.

    Columns, one item per task:
        state: a `TaskState`, uint8.
        flags: `TaskFlag` bits, uint8.
        errors: counted failures since the last reset, uint8, stops at 255.
        starts: runs so far, uint16, stops at 65535.
        last_run: the last `RunId`, uint64; 0 when it never ran.
    """

    __slots__ = (
        "counts",
        "dirty",
        "errors",
        "flags",
        "last_run",
        "size",
        "starts",
        "state",
        "warned",
    )

    def __init__(self, size: int, initial: TaskState = READY) -> None:
        self.size = size
        self.state = bytearray([initial]) * size
        self.flags = bytearray(size)
        self.errors = bytearray(size)
        self.starts = array("H", bytes(2 * size))
        self.last_run = array("Q", bytes(8 * size))
        self.counts = [0] * len(TaskState)  # tasks per state
        self.counts[initial] = size
        self.warned = 0  # tasks with the WARNING flag
        self.dirty: set[int] = set()  # chunk numbers changed since `take_dirty`

    def move(self, index: int, to: TaskState) -> None:
        """Set the state of one task.

        Raises:
            IllegalMove: `to` is not reachable from the present state.
        """
        present = self.state[index]
        if not _LEGAL[present][to]:
            raise IllegalMove(TaskState(present), to)
        self.state[index] = to
        self.counts[present] -= 1
        self.counts[to] += 1
        self.dirty.add(index // CHUNK)

    def start(self, index: int, run_id: RunId) -> int:
        """Move a READY task to RUNNING under a run. Returns which start this is, from 1."""
        self.move(index, RUNNING)
        self.last_run[index] = run_id
        self.set_flags(index, NO_FLAGS)
        self.starts[index] = min(STARTS_MAX, self.starts[index] + 1)
        return self.starts[index]

    def begin_as(self, first: int, last: int, state: TaskState) -> None:
        """Say what tasks of a new block, which nobody has seen yet, are from the beginning."""
        part = self.state[first : last + 1]
        for present in set(part):
            self.counts[present] -= part.count(present)
        self.state[first : last + 1] = bytes([state]) * len(part)
        self.counts[state] += len(part)
        self.dirty.update(range(first // CHUNK, last // CHUNK + 1))

    def ran_before(self, index: int, run_id: RunId, starts: int) -> None:
        """Note the last run of a task of a new block."""
        self.last_run[index] = run_id
        self.starts[index] = min(STARTS_MAX, starts)
        self.dirty.add(index // CHUNK)

    def set_flags(self, index: int, flags: TaskFlag) -> None:
        """Replace the flags of one task."""
        self.warned += _WARNED[flags] - _WARNED[self.flags[index]]
        self.flags[index] = flags
        self.dirty.add(index // CHUNK)

    def count_error(self, index: int) -> int:
        """Note a failed run. Returns the number of failures."""
        self.errors[index] = min(ERRORS_MAX, self.errors[index] + 1)
        self.dirty.add(index // CHUNK)
        return self.errors[index]

    def forget_errors(self, index: int) -> None:
        """Set the number of failures to 0."""
        if self.errors[index]:
            self.errors[index] = 0
            self.dirty.add(index // CHUNK)

    def move_all(self, states: Collection[TaskState], to: TaskState) -> int:
        """Move every task that is in some states; forget the errors and flags of those.

        For tasks that do not run. Cost: O(size), but in C. Returns how many were moved.
        """
        present = [state for state in states if self.counts[state]]
        table, kept = bytearray(range(256)), bytearray(b"\xff" * 256)
        for state in present:
            if not _LEGAL[state][to]:
                raise IllegalMove(state, to)
            table[state], kept[state] = to, 0
        count = sum(self.counts[state] for state in present)
        if count:
            stay = self.state.translate(kept)  # 255 where a task stays as it is
            self.state[:] = self.state.translate(table)
            self._forget(stay)
            for state in present:
                self.counts[to] += self.counts[state]
                self.counts[state] = 0
        return count

    def _forget(self, stay: bytearray) -> None:
        """Forget errors and flags of all tasks but those that stay."""
        self.flags[:] = _both(self.flags, stay)
        self.errors[:] = _both(self.errors, stay)
        self.warned = self.flags.translate(_WARNED).count(1)
        self._note_dirty(stay, 0)

    def append(self, count: int, state: TaskState) -> None:
        """Add tasks at the end."""
        self.dirty.update(range(self.size // CHUNK, (self.size + count - 1) // CHUNK + 1))
        self.size += count
        self.state.extend(bytes([state]) * count)
        self.flags.extend(bytes(count))
        self.errors.extend(bytes(count))
        self.starts.frombytes(bytes(2 * count))
        self.last_run.frombytes(bytes(8 * count))
        self.counts[state] += count

    def finished(self) -> int:
        """Number of tasks that are done or skipped."""
        return self.counts[DONE] + self.counts[SKIPPED]

    def finished_mask(self) -> bytes:
        """One byte per task: 1 where it is done or skipped. Cost: O(size), but in C."""
        return bytes(self.state.translate(_FINISHED))

    def refit(self, free: bytes) -> int:
        """Of the WAITING and READY tasks, make those READY that are free, the others WAITING.

        Cost: O(size), but in C. Returns how many were moved.

        Args:
            free: one byte per task, 1 or 0, as READY and WAITING are.
        """
        present = int.from_bytes(self.state, "little")
        may_move = int.from_bytes(self.state.translate(_MAY_REFIT), "little")
        wanted = int.from_bytes(free, "little") & may_move
        moved = ((present & may_move) ^ wanted).to_bytes(self.size, "little")
        self.state[:] = (present ^ (present & may_move) | wanted).to_bytes(self.size, "little")
        self.counts[WAITING] = self.state.count(WAITING)
        self.counts[READY] = self.state.count(READY)
        self._note_dirty(moved, 1)
        return moved.count(1)

    def _note_dirty(self, column: bytes | bytearray, value: int) -> None:
        """Note the chunks where a column has a value."""
        index = column.find(value)
        while index >= 0:
            self.dirty.add(index // CHUNK)
            index = column.find(value, (index // CHUNK + 1) * CHUNK)

    def all_finished(self, first: int, last: int) -> bool:
        """Whether every task of a span is done or skipped. Cost: O(span), but in C."""
        if first == last:
            return self.state[first] in FINISHED
        return not any(
            self.counts[state] and self.state.find(state, first, last + 1) >= 0
            for state in _UNFINISHED
        )

    def indexes(self, state: TaskState, first: int = 0, last: int | None = None) -> Iterator[int]:
        """Tasks in a state, in order; the table may be changed meanwhile."""
        stop = self.size if last is None else min(self.size, last + 1)
        index = self.state.find(state, first, stop)
        while index >= 0:
            yield index
            index = self.state.find(state, index + 1, stop)

    def pack(self, number: int) -> bytes:
        """The columns of one chunk, one after the other."""
        part = slice(number * CHUNK, (number + 1) * CHUNK)
        return b"".join(
            (
                self.state[part],
                self.flags[part],
                self.errors[part],
                self.starts[part].tobytes(),
                self.last_run[part].tobytes(),
            )
        )

    def unpack(self, number: int, columns: bytes) -> None:
        """Put a stored chunk back."""
        count = len(columns) // PACKED
        start = number * CHUNK
        part = slice(start, start + count)
        for state in self.state[part]:
            self.counts[state] -= 1
        self.state[part] = columns[:count]
        self.flags[part] = columns[count : 2 * count]
        self.errors[part] = columns[2 * count : 3 * count]
        self.starts[part] = array("H", columns[3 * count : 5 * count])
        self.last_run[part] = array("Q", columns[5 * count :])
        for state in self.state[part]:
            self.counts[state] += 1
        self.warned += sum(1 for flag in self.flags[part] if flag & TaskFlag.WARNING)

    def take_dirty(self) -> Sequence[int]:
        """Numbers of the chunks that changed since the last call, in order."""
        numbers = sorted(self.dirty)
        self.dirty.clear()
        return numbers


def _both(column: bytearray, mask: bytearray) -> bytes:
    """The bits that are set in a column and in a mask. Cost: O(size), but in C."""
    found = int.from_bytes(column, "little") & int.from_bytes(mask, "little")
    return found.to_bytes(len(column), "little")
