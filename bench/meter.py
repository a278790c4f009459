"""What processes use: time of a core and resident memory."""

from __future__ import annotations

import time
from collections.abc import Sequence

import msgspec
import psutil

MB = 1_000_000


class Use(msgspec.Struct, frozen=True):
    """What some processes used together over a while."""

    cpu: float  #: percent of one core
    memory_mb: float  #: resident at its end, each process counted whole


class Meter:
    """Looks at processes.

    Args:
        pids: of them.
    """

    def __init__(self, pids: Sequence[int]) -> None:
        self._processes = [psutil.Process(pid) for pid in pids]

    def over(self, seconds: float) -> Use:
        """What they use in the time from now on."""
        began, before = time.monotonic(), self._cpu_s()
        time.sleep(seconds)
        spent = self._cpu_s() - before
        return Use(100 * spent / (time.monotonic() - began), self.memory_mb())

    def memory_mb(self) -> float:
        """What they have in memory now."""
        return sum(float(item.memory_info().rss) for item in self._processes) / MB

    def _cpu_s(self) -> float:
        times = [item.cpu_times() for item in self._processes]
        return sum(float(spent.user + spent.system) for spent in times)


def family(pid: int) -> list[int]:
    """A process and all its descendants."""
    return [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]
