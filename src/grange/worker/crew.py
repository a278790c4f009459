"""Threads for what may block, such as plugins and files on a slow mount."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final, TypeVar

CREW_MAX: Final = 16  # threads; made only when all others are busy

T = TypeVar("T")


class Crew:
    """Does work in threads and brings the results back to the event loop, in batches."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._executor = ThreadPoolExecutor(CREW_MAX, "grange-crew")
        self._done: deque[Callable[[], None]] = deque()
        self._woken = False

    def do(self, work: Callable[[], T], then: Callable[[T], None]) -> None:
        """Call `work` in a thread, then `then` with its result in the loop.

        Args:
            work: must answer its own errors; one that escapes ends the daemon.
            then: is called in the loop's thread.
        """
        self._executor.submit(self._work, work, then)

    def _work(self, work: Callable[[], T], then: Callable[[T], None]) -> None:
        try:
            result = work()
        except BaseException as error:  # noqa: BLE001 (carried to the loop, which raises it)
            self._done.append(partial(_raise, error))
        else:
            self._done.append(lambda: then(result))
        if not self._woken:
            self._woken = True
            self._loop.call_soon_threadsafe(self._deliver)

    def _deliver(self) -> None:
        self._woken = False
        while self._done:
            self._done.popleft()()

    def close(self) -> None:
        """Take no more work; a thread that hangs is not awaited."""
        self._executor.shutdown(wait=False, cancel_futures=True)


def _raise(error: BaseException) -> None:
    raise error
