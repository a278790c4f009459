"""Watches the processes of runs: when each is over, and which are there now."""

from __future__ import annotations

import os
import select
import time
from typing import Final

from chaos.aside import Aside
from chaos.history import Begun, Census, Gone, History, Tail
from chaos.processes import MARK, lives
from grange.worker import procfs
from grange.worker.environment import WORKER_MARK
from grange.worker.trees import RUN_MARK

LOOK_MS: Final = 30  # between two looks at the history
CENSUS_S: Final = 0.7  # between two looks at all processes


class Watcher(Aside):
    """A thread that writes `Gone` and `Census`; a context.

    Args:
        history: where tasks note that they began, and where it writes.
        mark: of the stage, in the environment of its processes.
    """

    def __init__(self, history: History, mark: str) -> None:
        super().__init__("watcher")
        self._history = history
        self._mark = mark
        self._watched: dict[int, Begun] = {}  # by descriptor
        self._fresh: set[int] = set()  # of these, those that no poll has looked at
        self._poll = select.poll()

    def census(self) -> Census:
        """The processes of runs that live now; its time is that before the first look."""
        found = []
        now = time.monotonic_ns()
        for pid in procfs.marked(MARK, self._mark):
            run = procfs.variable(pid, RUN_MARK)
            if run is not None and run.isdigit() and lives(pid):
                found.append((pid, int(run), procfs.variable(pid, WORKER_MARK) or ""))
        return Census(at=now, left=tuple(found))

    def _run(self) -> None:
        tail = Tail(self._history.path)
        try:
            self._watch(tail)
        finally:
            tail.close()
            for descriptor in self._watched:
                os.close(descriptor)

    def _watch(self, tail: Tail) -> None:
        counted = 0.0
        seen = 0  # when the last poll began: whom it did not report lived then
        while not self._stop.is_set():
            for event in tail.read():
                if isinstance(event, Begun):
                    self._take(event)
            now = time.monotonic_ns()
            for descriptor, _ in self._poll.poll(LOOK_MS):
                self._over(descriptor, 0 if descriptor in self._fresh else seen)
            seen = now
            self._fresh.clear()
            if time.monotonic() >= counted + CENSUS_S:
                counted = time.monotonic()
                self._history.write(self.census())

    def _take(self, event: Begun) -> None:
        try:
            descriptor = os.pidfd_open(event.pid)
        except ProcessLookupError:  # over before we looked
            self._history.write(Gone(run=event.run, pid=event.pid, seen=event.at))
            return
        self._watched[descriptor] = event
        self._fresh.add(descriptor)
        self._poll.register(descriptor, select.POLLIN)

    def _over(self, descriptor: int, seen: int) -> None:
        event = self._watched.pop(descriptor)
        self._poll.unregister(descriptor)
        os.close(descriptor)
        self._history.write(Gone(run=event.run, pid=event.pid, seen=max(seen, event.at)))
