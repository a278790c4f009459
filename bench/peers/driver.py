"""Another program as this one sees it: a process that is told what to run, and a FIFO."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import msgspec

from bench.peers.talk import ANSWERS
from bench.server import ROOT, Impossible

PEERS: Final = ROOT / ".venv" / "bench" / "bin" / "python"  # where others' packages are
START_MAX_S: Final = 120.0
ANSWER_MAX_S: Final = 600.0


class Who(msgspec.Struct, frozen=True, kw_only=True):
    """One of those who are measured."""

    name: str  #: as shown
    module: str  #: in this package
    ours: bool = False  #: runs with our own Python, and not the peers'


WHO: Final = (
    Who(name="posix_spawn loop", module="on_nothing", ours=True),
    Who(name="xargs -P8", module="on_xargs", ours=True),
    Who(name="Grange", module="on_grange", ours=True),
    Who(name="HyperQueue, no journal", module="on_hyperqueue"),
    Who(name="Dask distributed", module="on_dask"),
    Who(name="Celery and Redis", module="on_celery"),
)


class Driver:
    """A measured program, running; a context.

    Args:
        who: it is.
    """

    def __init__(self, who: Who) -> None:
        self.who = who
        self._folder = tempfile.TemporaryDirectory(prefix="grange-bench-")
        self._fifo = Path(self._folder.name, "has-run")
        os.mkfifo(self._fifo)
        # both ends: it never is at its end, and a command's opening never waits
        self._told = os.open(self._fifo, os.O_RDWR | os.O_NONBLOCK)
        ours, theirs = os.pipe()
        self._answers = os.fdopen(ours, "rb", buffering=0)
        python = sys.executable if who.ours else str(PEERS)
        with Path(self._folder.name, "said").open("wb") as said:
            self._child = subprocess.Popen(
                (python, "-m", f"bench.peers.{who.module}"),
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=said,
                stderr=said,
                pass_fds=(theirs,),
                env={**os.environ, ANSWERS: str(theirs), "RUST_LIB_BACKTRACE": "0"},
            )
        os.close(theirs)

    def __enter__(self) -> Self:
        self._answer(START_MAX_S)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End it, and all that it started."""
        assert self._child.stdin is not None
        self._child.stdin.close()
        self._child.wait()
        self._answers.close()
        os.close(self._told)
        self._folder.cleanup()

    def batch(self, tasks: int) -> float:
        """Run `true` so many times. Returns tasks per second."""
        self._ask({"batch": tasks})
        return tasks / float(self._answer(ANSWER_MAX_S))

    def once(self) -> float:
        """Submit one task. Returns the seconds until its command has run, seen from outside.

        The command writes a byte into a FIFO: what its farm says of it, and when, plays no part.
        """
        self._ask(
            {"once": ["dd", "if=/dev/zero", f"of={self._fifo}", "bs=1", "count=1", "status=none"]}
        )
        ready, _, _ = select.select([self._told], [], [], START_MAX_S)
        seen = time.monotonic()
        if not ready:
            raise Impossible(f"{self.who.name} did not run the task; {self._said()}")
        os.read(self._told, 1)
        return seen - float(self._answer(START_MAX_S))

    def _ask(self, what: object) -> None:
        assert self._child.stdin is not None
        self._child.stdin.write(msgspec.json.encode(what) + b"\n")
        self._child.stdin.flush()

    def _answer(self, max_s: float) -> float:
        ready, _, _ = select.select([self._answers], [], [], max_s)
        line = self._answers.readline() if ready else b""
        if not line:
            raise Impossible(f"{self.who.name} did not answer; {self._said()}")
        return float(msgspec.json.decode(line))

    def _said(self) -> str:
        return Path(self._folder.name, "said").read_text(errors="replace")[-1_000:]


def have_peers() -> bool:
    """Whether the others are installed, by `make bench`."""
    return PEERS.exists()
