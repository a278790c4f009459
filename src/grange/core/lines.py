"""Lists that are kept in order.

Plain lists: what moves up is moved as one block of memory, which at ten thousand items costs
less than any tree does.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import Any, TypeVar

T = TypeVar("T", bound=tuple[Any, ...])


def holds(line: list[T], item: T) -> bool:
    """Whether an item is there. Cost: O(log items)."""
    at = bisect_left(line, item)
    return at < len(line) and line[at] == item


def put(line: list[T], item: T) -> None:
    """Add an item, unless it is there."""
    at = bisect_left(line, item)
    if at == len(line) or line[at] != item:
        line.insert(at, item)


def drop(line: list[T], item: T) -> None:
    """Take an item away, if it is there."""
    at = bisect_left(line, item)
    if at < len(line) and line[at] == item:
        del line[at]
