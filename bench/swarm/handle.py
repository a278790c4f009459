"""A swarm in another process, so that what it costs is not counted as the server's."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

import msgspec

from bench.server import ROOT, Impossible
from bench.swarm.tally import Tally
from bench.swarm.worker import Plan

LINK_MAX_S = 300.0  # for all workers to come


class Swarm:
    """A process of simulated workers; a context.

    Args:
        plan: how they behave.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.tally = Tally()  # the newest
        self._news = threading.Condition()
        self._child = subprocess.Popen(
            (sys.executable, "-m", "bench.swarm"),
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,  # what is written to one that was killed is not kept to be written later
        )
        self._reader = threading.Thread(target=self._read, daemon=True)

    @property
    def pid(self) -> int:
        """Of its process."""
        return self._child.pid

    def __enter__(self) -> Self:
        assert self._child.stdin is not None
        self._child.stdin.write(msgspec.json.encode(self.plan) + b"\n")
        self._child.stdin.flush()
        self._reader.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End it."""
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._child.stdin.close()
        self._child.wait()
        self._reader.join()
        self._child.stdout.close()

    def next(self) -> Tally:
        """Wait for the next tally."""
        with self._news:
            self._news.wait(LINK_MAX_S)
            return self.tally

    def until(self, holds: Callable[[Tally], object], max_s: float = LINK_MAX_S) -> Tally:
        """Wait until a tally is as it is wanted.

        Raises:
            Impossible: it is not within that time.
        """
        with self._news:
            if not self._news.wait_for(lambda: holds(self.tally), max_s):
                raise Impossible(f"the simulated workers did not get there: {self.tally}")
            return self.tally

    def all_linked(self) -> Tally:
        """Wait until every worker is linked."""
        return self.until(lambda tally: tally.linked == self.plan.workers)

    def _read(self) -> None:
        assert self._child.stdout is not None
        for line in self._child.stdout:
            tally = msgspec.json.decode(line, type=Tally)
            with self._news:
                self.tally = tally
                self._news.notify_all()
