"""Which frames a task renders: lazy and indexable, a million tasks are a few numbers.

The split of a range into tasks follows Afanasy (CGRU 3.4.1, blockdata.cpp genNumbers).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from math import gcd
from typing import Final, NamedTuple

import msgspec

FRAME_MAX: Final = 2**31 - 1  # frames are signed 32-bit numbers
RANGES_MAX: Final = 10_000  # ranges in one frame list
INTERLEAVED_MAX: Final = 64  # ranges that may go over one frame

_RANGE = re.compile(r"\s*(-?\d+)(?:\s*-\s*(-?\d+)(?:\s*x\s*(\d+))?)?\s*", re.ASCII)


class FramesError(ValueError):
    """A frame list that cannot be used; the text says why and what would be right."""


class FrameRange(NamedTuple):
    """Frames first, first+inc, ... up to and including last. `last` is reached exactly."""

    first: int
    last: int
    inc: int

    @property
    def size(self) -> int:
        """How many frames."""
        return (self.last - self.first) // self.inc + 1

    def __str__(self) -> str:
        if self.first == self.last:
            return str(self.first)
        step = f"x{self.inc}" if self.inc > 1 else ""
        return f"{self.first}-{self.last}{step}"


class TaskFrames(msgspec.Struct, frozen=True, gc=False):
    """The frames of one task.

    For a block of named tasks with negative `frames_per_task`, `number` is that negative
    number, as Afanasy's clients expect.
    """

    first: int
    last: int
    inc: int
    number: int

    def frames(self) -> range:
        """Each frame in turn."""
        return range(self.first, self.last + 1, self.inc)


def parse_frames(text: str) -> tuple[FrameRange, ...]:
    """Read a frame list such as `1,4,10-20x3`.

    Returns:
        Ranges in the order written; neighbours that continue each other are joined.

    Raises:
        FramesError: not a frame list, a last frame before the first, a frame twice, or
            numbers out of bounds.
    """
    pieces = text.split(",")
    if len(pieces) > RANGES_MAX:
        raise FramesError(f"{len(pieces)} ranges; at most {RANGES_MAX} are allowed")
    ranges = _join([_parse_range(piece) for piece in pieces])
    _refuse_repeats(ranges)
    return ranges


def _parse_range(piece: str) -> FrameRange:
    match = _RANGE.fullmatch(piece)
    if match is None:
        raise FramesError(
            f"{piece.strip()[:40]!r} is not a frame range; write 7, 1-100 or 1-100x2"
        )
    first = int(match[1][:20])
    last = first if match[2] is None else int(match[2][:20])
    inc = 1 if match[3] is None else int(match[3][:20])
    for number in (first, last, inc):
        if abs(number) > FRAME_MAX:
            raise FramesError(f"{number} is beyond {FRAME_MAX}, the largest frame number")
    if inc < 1:
        raise FramesError(f"step {inc} in {piece.strip()!r}; a step is at least 1")
    if last < first:
        raise FramesError(f"last frame {last} before first frame {first}; write {last}-{first}")
    end = last - (last - first) % inc
    return FrameRange(first, end, inc if end > first else 1)


def _join(ranges: Sequence[FrameRange]) -> tuple[FrameRange, ...]:
    """Join single frames that continue with a constant step: 1,2,3 becomes 1-3."""
    out: list[FrameRange] = []
    for item in ranges:
        if out and item.size == 1:
            before = out[-1]
            step = item.first - before.last
            if step > 0 and (step == before.inc if before.size > 1 else step == 1):
                out[-1] = FrameRange(before.first, item.first, step)
                continue
        out.append(item)
    return tuple(out)


def _refuse_repeats(ranges: Sequence[FrameRange]) -> None:
    """Refuse a frame that two ranges have. Cost: O(ranges), whatever their size."""
    over: list[FrameRange] = []
    for item in sorted(ranges):
        over = [other for other in over if other.last >= item.first]
        for other in over:
            frame = _common(other, item)
            if frame is not None:
                raise FramesError(f"frame {frame} is named twice")
        over.append(item)
        if len(over) > INTERLEAVED_MAX:
            raise FramesError(
                f"more than {INTERLEAVED_MAX} ranges go over frame {item.first}; write disjoint"
                " ranges"
            )


def _common(a: FrameRange, b: FrameRange) -> int | None:
    """The first frame that two ranges have, the first of which begins no later; None: none."""
    step = gcd(a.inc, b.inc)
    ahead, rest = divmod(b.first - a.first, step)
    if rest:
        return None
    turns = a.inc // step  # of b's frames, one in so many is a's
    frame = b.first + b.inc * (-ahead * pow(b.inc // step, -1, turns) % turns)
    return frame if frame <= min(a.last, b.last) else None


class TaskSpace:
    """The tasks of one block and the frames of each.

    A frame list is cut range by range, so a task's frames always have a first, a last and
    a step. Named tasks are numbered instead: `frames_per_task` n > 0 gives task t the
    frames t*n to t*n+n-1, n < 0 lets -n tasks share one number.

    Args:
        ranges: frame ranges; empty for named tasks.
        per_task: frames per task; less than 1 counts as 1 where there are ranges.
        named: number of named tasks; ignored where there are ranges.
    """

    __slots__ = ("_starts", "named", "per_task", "ranges", "size")

    def __init__(self, ranges: Sequence[FrameRange], per_task: int = 1, named: int = 0) -> None:
        self.ranges = tuple(ranges)
        self.named = named
        self.per_task = max(1, per_task) if self.ranges else (per_task or 1)
        self._starts: list[int] = []  # first task of each range
        size = 0
        for item in self.ranges:
            self._starts.append(size)
            size += -(-item.size // self.per_task)
        self.size = size if self.ranges else named

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, task: int) -> TaskFrames:
        if not 0 <= task < self.size:
            raise IndexError(task)
        if not self.ranges:
            return self._named(task)
        place = bisect_right(self._starts, task) - 1 if len(self._starts) > 1 else 0
        item = self.ranges[place]
        offset = (task - self._starts[place]) * self.per_task
        count = min(self.per_task, item.size - offset)
        first = item.first + offset * item.inc
        return TaskFrames(first, first + (count - 1) * item.inc, item.inc, count)

    def _named(self, task: int) -> TaskFrames:
        if self.per_task > 0:
            first = task * self.per_task
            return TaskFrames(first, first + self.per_task - 1, 1, self.per_task)
        number = task // -self.per_task
        return TaskFrames(number, number, 1, self.per_task)

    @property
    def frame_first(self) -> int:
        """The first frame of the first range; 0 for named tasks."""
        return self.ranges[0].first if self.ranges else 0

    def pairs_with(self, other: TaskSpace) -> bool:
        """Whether each task meets the task of its own number in another space, and only that."""
        if (self.ranges, self.per_task, self.size) != (other.ranges, other.per_task, other.size):
            return False
        return len(self.ranges) == 1 or (not self.ranges and self.per_task > 0)

    def default_name(self, task: int) -> str:
        """Name a task that has no name of its own, as Afanasy does."""
        item = self[task]
        if item.first == item.last:
            return f"frame {item.first}"
        step = f" / {item.inc}" if item.inc > 1 else ""
        return f"frame {item.first}-{item.last}{step}"

    def overlapping(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        """Spans of tasks whose frames meet first..last, in order, ends included.

        Cost: O(ranges).
        """
        if not self.ranges:
            yield from self._named_overlapping(first, last)
            return
        for start, item in zip(self._starts, self.ranges, strict=True):
            if item.last < first or item.first > last:
                continue
            span = self.per_task * item.inc
            low = start + max(0, (first - item.first) // span)
            high = start + min((last - item.first) // span, (item.size - 1) // self.per_task)
            low += self[low].last < first  # the frames asked for may begin in a gap
            if low <= high:
                yield low, high

    def _named_overlapping(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        if self.per_task > 0:
            low, high = first // self.per_task, last // self.per_task
        else:
            low, high = first * -self.per_task, last * -self.per_task - self.per_task - 1
        low, high = max(0, low), min(self.named - 1, high)
        if low <= high:
            yield low, high
