"""How busy the disks are, from what the kernel counts; the program `iostat` is not needed."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from typing_extensions import override

from grange.plugins.afanasy.resbase import resbase

DEVICE: Final = "AF_IOSTAT_DEVICE"  # a regular expression for whole names of disks
COUNTERS: Final = Path("/proc/diskstats")
DISKS: Final = Path("/sys/block")
SECTOR: Final = 512  # bytes, of the counters, whatever the disk has
MB: Final = 1024 * 1024


class Counts(NamedTuple):
    """What one disk has done since the machine was started."""

    read: int  #: bytes
    written: int  #: bytes
    requests: int  #: that were answered
    waited_ms: int  #: by all of them together
    busy_ms: int


class Iostat(resbase):
    """Shows what disks read and write, and for how much of the time they are busy.

    Args:
        counters: the kernel's table of disks.
        disks: where each disk has a folder.
    """

    def __init__(self, counters: Path = COUNTERS, disks: Path = DISKS) -> None:
        super().__init__()
        self._counters = counters
        self._disks = disks
        self._wanted = os.environ.get(DEVICE, "")
        self._before = self._read()
        self._time = time.monotonic()
        self.height = 40
        self.labelr, self.labelg, self.labelb = 250, 250, 50
        self.valid = bool(self._before)
        self.tooltip = "Disks: traffic, mean wait of a request, part of the time they are busy."
        if not self.valid:
            self.tooltip = f"no disk {self._wanted or 'that is a device'} in {counters}"

    @override
    def update(self) -> None:
        """Compare with the last time."""
        before, self._before = self._before, self._read()
        elapsed, now = max(0.001, time.monotonic() - self._time), time.monotonic()
        self._time = now
        grown = {
            name: Counts(*(max(0, b - a) for a, b in zip(before[name], after, strict=True)))
            for name, after in self._before.items()
            if name in before
        }
        self._show(grown, elapsed)

    def _show(self, grown: Mapping[str, Counts], elapsed: float) -> None:
        busy = max((item.busy_ms / elapsed / 10 for item in grown.values()), default=0.0)
        requests = sum(item.requests for item in grown.values())
        wait_ms = sum(item.waited_ms for item in grown.values()) / max(1, requests)
        read = sum(item.read for item in grown.values()) / MB / elapsed
        written = sum(item.written for item in grown.values()) / MB / elapsed
        self.value = min(100, round(busy))
        self.label = (
            f"{' '.join(sorted(grown))}: {self.value}% busy\n"
            f"read {read:.1f} write {written:.1f} MB/s wait {wait_ms:.1f} ms"
        )
        self.graphr, self.graphg, self.graphb = 5 * self.value // 2, 255 - 5 * self.value // 2, 10
        self.bgcolorb = self.value

    def _read(self) -> dict[str, Counts]:
        try:
            lines = self._counters.read_text(encoding="ascii", errors="replace").splitlines()
        except OSError:
            return {}
        found = {}
        for words in map(str.split, lines):
            counts = _counts(words)
            if counts is not None and self._is(words[2]):
                found[words[2]] = counts
        return found

    def _is(self, name: str) -> bool:
        if self._wanted:
            return re.fullmatch(self._wanted, name) is not None
        return (self._disks / name / "device").exists()


def _counts(words: list[str]) -> Counts | None:
    """Read a line of the kernel's documentation, `iostats.rst`: fields 1 to 10 follow the name."""
    try:
        numbers = [int(word) for word in words[3:13]]
        return Counts(
            read=numbers[2] * SECTOR,
            written=numbers[6] * SECTOR,
            requests=numbers[0] + numbers[4],
            waited_ms=numbers[3] + numbers[7],
            busy_ms=numbers[9],
        )
    except (ValueError, IndexError):
        return None
