"""Threads for what may block, such as plugins and files on a slow mount."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final, TypeVar

log = logging.getLogger(__name__)

CREW_MAX: Final = 32  # threads
PATIENCE_S: Final = 0.02  # work waits so long for a busy thread before another one helps

T = TypeVar("T")


class Crew:
    """Does work in threads and brings the results back to the event loop.

    One thread does all as long as it keeps up: changing threads costs more than most of the
    work. When it hangs or is slow, others help.

    Args:
        loop: where results are brought.
        fail: is told, in the loop's thread, of an error that `work` did not answer.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, fail: Callable[[Exception], None]) -> None:
        self._fail = fail
        self._loop = loop
        self._executor = ThreadPoolExecutor(CREW_MAX, "grange-crew")
        self._todo: deque[tuple[Callable[[], Any], Callable[[Any], None]]] = deque()
        self._done: deque[Callable[[], None]] = deque()
        self._active = 0  # threads that take work
        self._watch: asyncio.TimerHandle | None = None
        self._woken = False

    def do(self, work: Callable[[], T], then: Callable[[T], None]) -> None:
        """Call `work` in a thread, then `then` with its result in the loop.

        Args:
            work: must answer its own errors; one that escapes goes to `fail`.
            then: is called in the loop's thread.
        """
        self._todo.append((work, then))
        if not self._active:
            self._send_for_help()
        elif self._watch is None:
            self._watch = self._loop.call_later(PATIENCE_S, self._look_after)

    def _send_for_help(self) -> None:
        self._active += 1
        self._executor.submit(self._work)

    def _look_after(self) -> None:
        """Something has waited: let one more thread take work."""
        self._watch = None
        if self._todo:
            self._send_for_help()
            self._watch = self._loop.call_later(PATIENCE_S, self._look_after)

    def _work(self) -> None:
        while True:
            try:
                work, then = self._todo.popleft()
            except IndexError:
                self._active -= 1
                if not self._todo:  # else it was appended while we counted as active
                    return
                self._active += 1
                continue
            try:
                self._done.append(partial(then, work()))
            except Exception as error:  # a bug in the work: told where it can be answered
                log.exception("fault in a thread of the crew")
                self._done.append(partial(self._fail, error))
            if not self._woken:
                self._woken = True
                self._loop.call_soon_threadsafe(self._deliver)

    def _deliver(self) -> None:
        self._woken = False
        while self._done:
            self._done.popleft()()

    def close(self) -> None:
        """Take no more work; a thread that hangs is not awaited."""
        self._todo.clear()
        if self._watch is not None:
            self._watch.cancel()
        self._executor.shutdown(wait=False, cancel_futures=True)
