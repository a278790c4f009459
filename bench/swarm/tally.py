"""What a swarm has seen: counts, and whether a task was given out again that had run."""

from __future__ import annotations

import asyncio
import time
from typing import Any, Final

import msgspec

FINISHED, TAKEN = 1, 2  # of a task here: it has run; the server has said that it knows
TASKS_STEP: Final = 65_536  # a block's marks grow by so many


class Tally(msgspec.Struct, kw_only=True):
    """Sums since the beginning; times are of the system's monotonic clock, 0 never."""

    at: float = 0.0
    linked: int = 0
    started: int = 0
    acknowledged: int = 0
    killed: int = 0  #: runs that the server stopped
    twice: int = 0  #: starts of tasks that had run
    forgotten: int = 0  #: of these, of tasks whose end the server had acknowledged
    cut_at: float = 0.0  #: when the last link was lost
    started_again: float = 0.0  #: first start after that
    linked_again: float = 0.0  #: when all were linked after that
    cpu_s: float = 0.0
    trouble: str = ""  #: the last


class Books:
    """Counts of all simulated workers of one process.

    Args:
        workers: how many there are.
    """

    def __init__(self, workers: int) -> None:
        self.tally = Tally()
        self._workers = workers
        self._marks: dict[tuple[int, int], bytearray] = {}  # by job and block, a byte a task
        self._tasks: set[asyncio.Task[Any]] = set()

    def keep(self, task: asyncio.Task[Any]) -> None:
        """Hold on to what runs in the background."""
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def linked(self) -> None:
        """A worker was welcomed."""
        self.tally.linked += 1
        if self.tally.linked == self._workers and self.tally.cut_at:
            self.tally.linked_again = time.monotonic()

    def unlinked(self) -> None:
        """A worker lost its link."""
        self.tally.linked -= 1
        if not self.tally.linked:
            self.tally.cut_at = time.monotonic()
            self.tally.started_again = self.tally.linked_again = 0.0

    def started(self, job: int, block: int, task: int) -> None:
        """A task was given to a worker."""
        tally = self.tally
        tally.started += 1
        if tally.cut_at and not tally.started_again:
            tally.started_again = time.monotonic()
        if mark := self._of(job, block, task)[task]:
            tally.twice += 1
            tally.forgotten += mark == TAKEN

    def finished(self, job: int, block: int, task: int) -> None:
        """A task has run."""
        marks = self._of(job, block, task)
        marks[task] = max(marks[task], FINISHED)

    def acknowledged(self, job: int, block: int, task: int) -> None:
        """The server says that it knows that a task has run."""
        self.tally.acknowledged += 1
        self._of(job, block, task)[task] = TAKEN

    def trouble(self, text: str) -> None:
        """Note what went wrong."""
        self.tally.trouble = text

    def now(self) -> Tally:
        """The sums as they are."""
        self.tally.at = time.monotonic()
        self.tally.cpu_s = time.process_time()
        return self.tally

    def _of(self, job: int, block: int, task: int) -> bytearray:
        marks = self._marks.get((job, block))
        if marks is None:
            marks = self._marks[(job, block)] = bytearray(TASKS_STEP)
        while task >= len(marks):
            marks += bytes(max(TASKS_STEP, len(marks)))
        return marks
