"""Times at which something is due, by key."""

from __future__ import annotations

import heapq
from collections.abc import Hashable
from typing import Final, Generic, TypeVar

STALE_MAX: Final = 64  # entries of the heap that may be out of date before it is made anew

Key = TypeVar("Key", bound=Hashable)


class Deadlines(Generic[Key]):
    """One time for each key. All but `due` is O(log n)."""

    def __init__(self) -> None:
        self._times: dict[Key, float] = {}
        self._heap: list[tuple[float, int, Key]] = []
        self._count = 0

    def set(self, key: Key, when: float) -> None:
        """Set or move the time of a key."""
        self._times[key] = when
        self._count += 1  # keys need no order among themselves
        heapq.heappush(self._heap, (when, self._count, key))
        if len(self._heap) > 2 * len(self._times) + STALE_MAX:
            self._heap = [(time, n, key) for n, (key, time) in enumerate(self._times.items())]
            heapq.heapify(self._heap)
            self._count = len(self._heap)

    def drop(self, key: Key) -> None:
        """Nothing is due for this key any more."""
        self._times.pop(key, None)

    def next(self) -> float | None:
        """When the first is due."""
        while self._heap:
            when, _, key = self._heap[0]
            if self._times.get(key) == when:
                return when
            heapq.heappop(self._heap)
        return None

    def due(self, now: float) -> list[Key]:
        """Take all keys whose time has come, the earliest first."""
        keys: list[Key] = []
        while (when := self.next()) is not None and when <= now:
            key = heapq.heappop(self._heap)[2]
            del self._times[key]
            keys.append(key)
        return keys
