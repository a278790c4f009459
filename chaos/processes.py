"""The processes of a stage: started, signalled, counted, and none of them left behind."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import msgspec

from grange.worker import procfs

MARK: Final = "CHAOS_STAGE"  # in the environment of all processes of one stage
LOOK_S: Final = 0.02  # between two looks at what nobody tells of
PATIENCE_S: Final = 90.0  # generous: the machine may be busy
ROOT: Final = Path(__file__).resolve().parent.parent
#: Below the ports that systems hand out: a worker that dials a dead server's port cannot be
#: given that same port for its own end, and so be connected with itself.
PORTS: Final = range(20_000, 32_000)


class Stuck(Exception):
    """Something did not come to hold in time; the stage cannot go on."""


def eventually(
    holds: Callable[[], object],
    what: str,
    *,
    patience_s: float = PATIENCE_S,
    look_s: float = LOOK_S,
) -> None:
    """Wait until something holds.

    Raises:
        Stuck: it does not.
    """
    give_up = time.monotonic() + patience_s
    while not holds():
        if time.monotonic() > give_up:
            raise Stuck(f"in {patience_s:g} s it did not come to hold: {what}")
        pause(look_s)


def pause(seconds: float) -> None:
    """Let time pass: the faults of a scenario happen at points in time."""
    select.select((), (), (), max(0.0, seconds))


class Process:
    """A program of ours that runs, or has run.

    Args:
        child: as it was started.
        name: for people, such as `worker:w1`.
    """

    def __init__(self, child: subprocess.Popen[bytes], name: str) -> None:
        self.child = child
        self.name = name
        self.paused = False

    @property
    def pid(self) -> int:
        """Its number."""
        return self.child.pid

    @property
    def lives(self) -> bool:
        """Whether it has not ended; a paused one lives."""
        return self.child.poll() is None

    def send(self, number: int) -> None:
        """Send it a signal, if it lives."""
        self.child.send_signal(number)
        if number == signal.SIGKILL:
            self.child.wait()

    def wait(self, patience_s: float = PATIENCE_S) -> int:
        """Wait until it ends. Returns its exit status.

        Raises:
            Stuck: it does not end.
        """
        try:
            return self.child.wait(patience_s)
        except subprocess.TimeoutExpired:
            raise Stuck(f"{self.name} (process {self.pid}) does not end") from None


class Processes:
    """All processes that a stage starts, and those that these start; a context.

    Start them from the main thread: the kernel kills them when the thread ends that did.
    """

    def __init__(self) -> None:
        self.mark = uuid.uuid4().hex
        self._children: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End every one of them."""
        give_up = time.monotonic() + PATIENCE_S
        while left := self.left():
            for pid in left:
                kill(pid)
            if time.monotonic() > give_up:
                raise Stuck(f"processes {left} do not die")
            pause(LOOK_S)
        for child in self._children:
            child.wait()

    def start(
        self,
        module: str,
        said: object,
        log: Path,
        *,
        name: str,
        prefix: Sequence[str] = (),
        **environment: str,
    ) -> Process:
        """Start one of our programs, which is told by standard input, as JSON.

        Args:
            module: such as `chaos.programs.server`.
            said: what it is told.
            log: takes what it writes.
            name: for people.
            prefix: a command that executes another, such as `ip netns exec NAME`.
            **environment: added to ours.
        """
        path = f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}"
        own = {name: value for name, value in os.environ.items() if not name.startswith("GRANGE_")}
        with log.open("ab") as out:
            child = subprocess.Popen(
                (*prefix, sys.executable, "-m", module),
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=out,
                cwd=ROOT,
                env={**own, "PATH": path, MARK: self.mark, **environment},
                start_new_session=True,
            )
        self._children.append(child)
        assert child.stdin is not None
        try:
            child.stdin.write(msgspec.json.encode(said, enc_hook=_plain))
            child.stdin.close()
        except BrokenPipeError:
            pass  # it has ended already, which is seen when somebody waits for it
        return Process(child, name)

    def left(self) -> list[int]:
        """Those that live."""
        return [pid for pid in procfs.marked(MARK, self.mark) if lives(pid)]


def _plain(value: Any) -> Any:
    return str(value)


def lives(pid: int) -> bool:
    """Whether a process is there; a zombie is not."""
    found = procfs.process(pid)
    return found is not None and found.state not in "ZX"


def kill(pid: int) -> None:
    """Kill a process, if it is there."""
    send(pid, signal.SIGKILL)


def send(pid: int, number: int) -> None:
    """Send a signal to a process, if it is there."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def free_port() -> int:
    """A port of this machine that nobody listens at now."""
    start = time.monotonic_ns() % len(PORTS)
    for step in range(len(PORTS)):
        port = PORTS[(start + step * 7) % len(PORTS)]
        try:
            with socket.create_server(("127.0.0.1", port)):
                return port
        except OSError:
            continue
    raise Stuck("no port is free")
