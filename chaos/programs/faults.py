"""Faults that a program of the campaign can have, and how they are built in from outside."""

from __future__ import annotations

import resource
import time
from pathlib import Path
from typing import Final

import msgspec

LOOK_S: Final = 0.05  # seconds between two looks at how far the clock is moved


class Faults(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with a process.

    Attributes:
        die_at: a place in the program, see `failpoints`; "" nowhere.
        die_after: it dies when it comes there for the n-th time.
        die_slowly_s: the thread that is there stops for so long first, while others go on: what
            they say too early gets out.
        clock: file that says by how many seconds the wall clock is wrong; may change.
        files: how many files it may have open; 0 as many as ever.
    """

    die_at: str = ""
    die_after: int = 1
    die_slowly_s: float = 0.0
    clock: str = ""
    files: int = 0


def build_in(faults: Faults) -> None:
    """Make the process have them. Before Grange is imported."""
    if faults.clock:
        _move_clock(Path(faults.clock))
    if faults.files:
        resource.setrlimit(resource.RLIMIT_NOFILE, (faults.files, faults.files))


def _move_clock(path: Path) -> None:
    real, steady = time.time, time.monotonic
    looked, offset = -1.0, 0.0

    def moved() -> float:
        nonlocal looked, offset
        if steady() >= looked + LOOK_S:
            looked, offset = steady(), float(path.read_text() or 0)
        return real() + offset

    time.time = moved
