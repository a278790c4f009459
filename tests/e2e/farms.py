"""Farms of real processes, none of which outlives its test."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from grange.client import Client
from grange.client.handles import TaskHandle
from grange.model.spec import BlockSpec
from grange.model.views import JobView, RunView, WorkerView
from grange.worker import beside, procfs

MARK = "GRANGE_E2E"  # in the environment of all processes of one test
PATIENCE_S = 90.0  # generous: the machine may be busy
LOOK_S = 0.02  # between two looks at what nobody tells of


def eventually(holds: Callable[[], object], what: str) -> None:
    """Wait until something holds."""
    give_up = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < give_up, f"it never came to hold: {what}"
        select.select((), (), (), LOOK_S)


class Processes:
    """All processes that a test starts, and those that these start; a context."""

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
        while self.left():
            for pid in self.left():
                kill(pid)
        for child in self._children:
            child.wait()

    def start(
        self, *command: str, said: object, log: Path, **environment: str
    ) -> subprocess.Popen[bytes]:
        """Start a program of ours that is told by standard input, as JSON."""
        path = f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}"
        with log.open("ab") as out:
            child = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=out,
                env={**os.environ, "PATH": path, MARK: self.mark, **environment},
                start_new_session=True,
            )
        assert child.stdin is not None
        child.stdin.write(msgspec.json.encode(said))
        child.stdin.close()
        self._children.append(child)
        return child

    def left(self) -> list[int]:
        """Those that live."""
        return [pid for pid in procfs.marked(MARK, self.mark) if lives(pid)]


class Farm:
    """A server and the worker beside it, as `grange up` starts them.

    Args:
        folder: of the test.
        processes: where its processes belong.
        settings: of the server, beyond what a test needs.
    """

    PROGRAM = (sys.executable, "-m", "grange.app")

    def __init__(self, folder: Path, processes: Processes, **settings: Any) -> None:
        self.folder = folder
        self.state = folder / "farm"
        self.log = folder / "farm.log"
        self._processes = processes
        self.port = free_port()
        self._settings = {
            "state_dir": str(self.state),
            "port": self.port,
            "worker_allow_root": True,
            "heartbeat_s": 0.5,
            **settings,
        }
        self.start()

    def start(self) -> None:
        """Start it, again on the same state, and wait until it listens."""
        (self.state / "server.json").unlink(missing_ok=True)
        self.server = self._processes.start(*self.PROGRAM, said=self._settings, log=self.log)
        eventually(self._listens, "the server listens")

    def _listens(self) -> bool:
        assert self.server.poll() is None, self.said()
        return (self.state / "server.json").exists()

    def said(self) -> str:
        """What its processes have written."""
        return self.log.read_text(errors="replace")

    def kill(self) -> None:
        """Kill the server, as the kernel would."""
        self.server.kill()
        self.server.wait()

    def stop(self, number: int = signal.SIGINT) -> int:
        """Ask it to stop. Returns its exit status."""
        self.server.send_signal(number)
        return self.server.wait(PATIENCE_S)

    def client(self) -> Client:
        """A client that is its owner's, and waits for a server that is away."""
        where = msgspec.json.decode((self.state / "server.json").read_bytes())
        token = (self.state / "admin.token").read_text(encoding="ascii").strip()
        return Client(where["url"], token, fingerprint=where["fingerprint"], patience_s=PATIENCE_S)

    def worker_pid(self) -> int:
        """The process of the worker beside it; 0 where none lives."""
        found = beside.find(self.state / "worker")
        return found.pid if found else 0

    def worker(self, client: Client) -> WorkerView:
        """The one worker, once it is linked."""
        eventually(lambda: any(view.presence == "online" for view in client.workers()), "a link")
        (view,) = client.workers()
        return view


def free_port() -> int:
    """A port that nobody has now."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


def lives(pid: int) -> bool:
    """Whether a process runs; a zombie does not."""
    found = procfs.process(pid)
    return found is not None and found.state != "Z"


def kill(pid: int) -> None:
    """Kill a process, if it is there."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def python(script: str, *arguments: str, **fields: Any) -> BlockSpec:
    """A block whose tasks run a Python script."""
    command = (sys.executable, "-I", "-c", script, *arguments)
    fields.setdefault("frames", "1")
    return BlockSpec(command=command, capacity=100, **fields)


def until_done(client: Client, job_id: int, tasks: int) -> JobView:
    """Wait until so many tasks of a job are done."""
    for view in client.job(job_id).watch(timeout_s=PATIENCE_S):
        if view.tasks.done >= tasks:
            return view
    raise AssertionError(f"job {job_id} ended before {tasks} tasks were done")


def once(task: TaskHandle) -> RunView:
    """The one run of a task that was executed.

    A start that is on disk but had not left when the server was killed is given out anew.
    """
    *lost, run = reversed(task.runs())
    for other in lost:
        assert other.result is not None
        assert other.result.message == "the worker does not have it"
    return run
