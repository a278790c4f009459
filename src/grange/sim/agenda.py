"""What happens when: the virtual clock."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any, Final

MINUTE_S: Final = 60.0
HOUR_S: Final = 3_600.0
DAY_S: Final = 86_400.0
MONDAY_S: Final = 1_767_571_200.0  # epoch seconds of a Monday, 00:00 UTC: where a world begins


class Agenda:
    """Things to do, in order of time; those of one time in the order in which they were added.

    Attributes:
        now: epoch seconds; only `step` moves it.
    """

    def __init__(self, now: float = MONDAY_S) -> None:
        self.now = now
        self._heap: list[tuple[float, int, Callable[..., object], tuple[Any, ...]]] = []
        self._count = 0

    def at(self, when: float, do: Callable[..., object], *args: Any) -> None:
        """Have something done at a time; at once where that has passed."""
        self._count += 1
        heappush(self._heap, (max(when, self.now), self._count, do, args))

    def next(self) -> float | None:
        """When the next thing is to be done."""
        return self._heap[0][0] if self._heap else None

    def step(self) -> None:
        """Go on to the next time, and do all that is to be done then."""
        heap = self._heap
        self.now = now = heap[0][0]
        while heap and heap[0][0] == now:
            _, _, do, args = heappop(heap)
            do(*args)


def is_workday(now: float) -> bool:
    """Whether it is Monday to Friday."""
    return (now - MONDAY_S) // DAY_S % 7 < 5
