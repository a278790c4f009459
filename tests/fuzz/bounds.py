"""How much work and memory a call takes, counted and not timed."""

from __future__ import annotations

import sys
import tracemalloc
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any


def calls(work: Callable[[], object]) -> int:
    """How many functions, Python's own among them, a piece of work calls."""
    count = 0

    def note(_frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def entered(work: Callable[[], object]) -> set[CodeType]:
    """The functions that a piece of work enters."""
    found: set[CodeType] = set()

    def note(frame: FrameType, event: str, _argument: Any) -> None:
        if event == "call":
            found.add(frame.f_code)

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    return found


def peak_bytes(work: Callable[[], object]) -> int:
    """The most memory that a piece of work holds, beyond what was held before."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
