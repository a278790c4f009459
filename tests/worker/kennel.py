"""A real warden on a leash: orders out, reports collected, everything ended at the end."""

from __future__ import annotations

import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from grange.worker import procfs
from grange.worker.channel import (
    Channel,
    Gone,
    Hold,
    Kill,
    Measure,
    Measured,
    NotStarted,
    Order,
    Report,
    Spawn,
    Started,
    Usage,
    reports_decoder,
)
from grange.worker.trees import RUN_MARK

PATIENCE_S = 20.0  # generous: the machine may be busy


def exists(pid: int) -> bool:
    """The process runs; a zombie does not."""
    item = procfs.process(pid)
    return item is not None and item.state != "Z"


def eventually(check: Callable[[], object]) -> None:
    """Wait until something holds."""
    give_up = time.monotonic() + PATIENCE_S
    while not check():
        assert time.monotonic() < give_up, "it never came to hold"
        select.select((), (), (), 0.005)


class Kennel:
    """Starts a warden and speaks with it."""

    def __init__(
        self, identity: str = "", groups: Path | None = None, processes_max: int = 0
    ) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            ours.setblocking(False)
            module = (sys.executable, "-I", "-m", "grange.worker.warden")
            self._process = subprocess.Popen(
                (
                    *module,
                    str(theirs.fileno()),
                    "5",
                    identity,
                    str(groups or ""),
                    str(processes_max),
                ),
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
        self._channel: Channel[Order, Report] = Channel(ours, reports_decoder())
        self._pipes: dict[int, int] = {}
        self._outputs: dict[int, bytes] = {}
        self.reports: list[Report] = []
        self.pid = self._process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.hang_up()
        for pipe in self._pipes.values():
            os.close(pipe)

    def hang_up(self) -> None:
        """Go away as a daemon that dies does; returns when the warden is gone."""
        self._channel.close()
        assert self._process.wait(PATIENCE_S) == 0

    def spawn(self, number: int, line: str, folder: Path = Path("/"), **variables: str) -> None:
        """Start a shell's line as a run."""
        self.spawn_argv(number, ("/bin/sh", "-c", line), folder, **variables)

    def spawn_argv(
        self, number: int, argv: tuple[str, ...], folder: Path = Path("/"), **variables: str
    ) -> None:
        """Start a command as a run."""
        self._spawn(number, argv, folder, variables, 0)

    def spawn_needy(self, number: int, argv: tuple[str, ...], need_memory_mb: int) -> None:
        """Start a command as a run that asks for memory."""
        self._spawn(number, argv, Path("/"), {}, need_memory_mb)

    def spawn_held(self, number: int, argv: tuple[str, ...], memory_max_mb: int) -> None:
        """Start a command as a run that may have so much memory."""
        self._spawn(number, argv, Path("/"), {}, 0, memory_max_mb)

    def _spawn(
        self,
        number: int,
        argv: tuple[str, ...],
        folder: Path,
        variables: Mapping[str, str],
        need_memory_mb: int,
        memory_max_mb: int = 0,
    ) -> None:
        self._pipes[number], output = os.pipe2(os.O_CLOEXEC)
        own = {os.fsencode(name): os.fsencode(value) for name, value in variables.items()}
        own[RUN_MARK.encode()] = b"%d" % number
        words = tuple(os.fsencode(word) for word in argv)
        limits = need_memory_mb, memory_max_mb
        self._send(Spawn(number, words, os.fsencode(folder), own, *limits), output)

    def kill(self, number: int, *, hard: bool = False) -> None:
        """Order the end of a run."""
        self._send(Kill(number, hard))

    def hold(self, until: float) -> None:
        """Say when the lease ends."""
        self._send(Hold(until))

    def _send(self, order: Order, *fds: int) -> None:
        self._channel.send([order], fds)
        while not self._channel.flush():
            select.select((), (self._channel,), (), PATIENCE_S)

    def _await(self, wanted: Callable[[Report], bool]) -> Report:
        give_up = time.monotonic() + PATIENCE_S
        while True:
            found = [report for report in self.reports if wanted(report)]
            if found:
                return found[-1]
            assert time.monotonic() < give_up, f"only {self.reports}"
            select.select((self._channel,), (), (), 1.0)
            self.reports += self._channel.receive()

    def end(self, number: int) -> Gone | NotStarted:
        """Wait for the last report of a run."""
        report = self._await(lambda r: isinstance(r, Gone | NotStarted) and r.run_id == number)
        assert isinstance(report, Gone | NotStarted)
        return report

    def gone(self, number: int) -> Gone:
        """Wait for the end of a run."""
        report = self.end(number)
        assert isinstance(report, Gone), report
        return report

    def refusal(self, argv: tuple[str, ...], folder: Path = Path("/"), **variables: str) -> str:
        """Start what cannot be started; returns the sentence."""
        self.reports.clear()
        self.spawn_argv(1, argv, folder, **variables)
        report = self.end(1)
        os.close(self._pipes.pop(1))
        assert isinstance(report, NotStarted), report
        return report.message

    def started(self, number: int) -> Started:
        """Wait for the start of a run."""
        report = self._await(lambda r: isinstance(r, Started) and r.run_id == number)
        assert isinstance(report, Started)
        return report

    def usage(self, number: int) -> Usage:
        """Ask what a run uses."""
        self.reports = [report for report in self.reports if not isinstance(report, Measured)]
        self._send(Measure())
        report = self._await(lambda r: isinstance(r, Measured))
        assert isinstance(report, Measured)
        return next(usage for usage in report.usages if usage.run_id == number)

    def wait_output(self, number: int, text: bytes) -> None:
        """Wait until a run has printed something."""
        while text not in self._outputs.get(number, b""):
            assert self._read(number), f"only {self._outputs}"

    def output(self, number: int) -> bytes:
        """All that a run has printed; if it is over, to the end."""
        over = any(isinstance(r, Gone) and r.run_id == number for r in self.reports)
        while over and self._read(number):
            pass
        return self._outputs.get(number, b"")

    def _read(self, number: int) -> bool:
        ready, _, _ = select.select((self._pipes[number],), (), (), PATIENCE_S)
        assert ready, "nothing more is printed"
        data = os.read(self._pipes[number], 65_536)
        self._outputs[number] = self._outputs.get(number, b"") + data
        return bool(data)

    def children(self) -> list[int]:
        """Processes that the warden has below it."""
        return sorted(procfs.children(self.pid))
