"""The output pipes that the event loop watches."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

PATIENCE_S: Final = 0.02  # a task shorter than this has its output read at its end


class Pipes:
    """Calls back when a pipe can be read.

    A pipe is watched once it is some milliseconds old: most of what a short task would cost
    the event loop is spared, and nobody sees a log so much later.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._young: dict[int, Callable[[], None]] = {}
        self._watched: set[int] = set()
        self._asked = False

    def watch(self, pipe: int, readable: Callable[[], None]) -> None:
        """Begin to watch soon."""
        self._young[pipe] = readable
        if not self._asked:
            self._asked = True
            self._loop.call_later(PATIENCE_S, self._grow_up)

    def _grow_up(self) -> None:
        self._asked = False
        young, self._young = self._young, {}
        for pipe, readable in young.items():
            self._loop.add_reader(pipe, readable)
            self._watched.add(pipe)

    def unwatch(self, pipe: int) -> None:
        """Watch no more, until asked again."""
        self._young.pop(pipe, None)
        if pipe in self._watched:
            self._watched.remove(pipe)
            self._loop.remove_reader(pipe)
