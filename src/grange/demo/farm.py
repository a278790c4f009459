"""The demo's own farm: a `grange up` of its own, kept alive, stopped with the demo."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from grange.demo.job import environment
from grange.worker import beside

START_S = 60.0  # for the server to listen
STOP_S = 40.0  # for worker and server to stop in good order
POLL_S = 0.2  # between two looks at the server's process
RESTARTS_MAX = 20  # of a server that was killed


class FarmFailed(Exception):
    """The demo's farm could not be started; the text is what it said."""


class DemoFarm:
    """A farm in a folder, as a child process; a context, in which it runs.

    A server that is killed is started again on the same state: that is the point of it.

    Args:
        folder: the demo's folder; the farm's state goes below it.
    """

    def __init__(self, folder: Path) -> None:
        self.state = folder / "farm"
        self.restarts = 0
        self._log = folder / "farm.log"
        self._port = _free_port()
        self._stop = threading.Event()
        self._process = self._start()
        self._keeper = threading.Thread(target=self._keep, name="farm keeper", daemon=True)

    @property
    def url(self) -> str:
        """Where the server listens."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def pid(self) -> int:
        """Process number of the server."""
        return self._process.pid

    def __enter__(self) -> Self:
        """Wait until it listens.

        Raises:
            FarmFailed: it ended instead.
        """
        try:
            self._await_start()
        except BaseException:  # Ctrl-C, too
            self._end()
            raise
        self._keeper.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop server, worker and all that runs."""
        self._stop.set()
        self._keeper.join()
        self._end()

    def _await_start(self) -> None:
        waited = 0.0
        while not (self.state / "server.json").exists():
            if self._process.poll() is not None or waited > START_S:
                raise FarmFailed(self._log.read_text(errors="replace")[-2_000:])
            self._stop.wait(POLL_S)
            waited += POLL_S

    def login_address(self) -> str:
        """A one-time address that signs a browser in."""
        lines = self._log.read_text(errors="replace").splitlines()
        found = [line for line in lines if line.startswith("http")]
        return found[-1] if found else ""

    def _start(self) -> subprocess.Popen[bytes]:
        self.state.mkdir(mode=0o700, parents=True, exist_ok=True)
        command = [sys.executable, "-m", "grange.app"]
        options = {
            "state_dir": str(self.state),
            "port": self._port,
            "worker_allow_root": True,  # this machine's own job, of whoever started it
        }
        with self._log.open("ab") as log:
            child = subprocess.Popen(  # noqa: S603  # our own program
                command,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=environment(os.environ),
                start_new_session=True,  # Ctrl-C is ours to pass on, in order
            )
        assert child.stdin is not None
        child.stdin.write(msgspec.json.encode(options))
        child.stdin.close()
        return child

    def _keep(self) -> None:
        while not self._stop.wait(POLL_S):
            if self._process.poll() is not None and self.restarts < RESTARTS_MAX:
                self.restarts += 1
                self._process = self._start()

    def _end(self) -> None:
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        beside.end(self.state / "worker")  # it outlives a server that was killed


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port
