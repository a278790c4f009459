"""A farm of its own for a figure: a server, with or without a worker, in a temporary folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import msgspec

from grange.client import Client
from grange.client.requests import pools
from grange.server.state_dir import Whereabouts
from grange.worker import beside

ROOT: Final = Path(__file__).resolve().parent.parent
START_MAX_S: Final = 120.0  # for a server to listen, for a worker to link
STOP_MAX_S: Final = 60.0
LOOK_S: Final = 0.01  # between two looks at what nobody tells of
CAPACITY: Final = 1_000_000  # of a worker; a task of ours takes 1


class Impossible(Exception):
    """A figure cannot be had; the text says why."""


def wait_for(holds: Callable[[], object], what: str, max_s: float = START_MAX_S) -> float:
    """Wait until something holds. Returns when it was seen, on the monotonic clock.

    Raises:
        Impossible: it did not within that time.
    """
    ends = time.monotonic() + max_s
    while not holds():
        if time.monotonic() > ends:
            raise Impossible(f"it never came to hold: {what}")
        time.sleep(LOOK_S)
    return time.monotonic()


class Server:
    """One server, and the worker beside it where one is wanted; a context.

    Args:
        worker: whether a real worker runs beside it.
        slots: tasks that a worker runs at once.
        settings: of the server, by their names in settings.toml.
    """

    def __init__(
        self,
        *,
        worker: bool = False,
        slots: int = 8,
        settings: Mapping[str, str | int | float | bool] | None = None,
    ) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="grange-bench-"))
        self.state = self.folder / "farm"
        self._with_worker = worker
        self._slots = slots
        self._settings = {"worker_allow_root": True, **(settings or {})}
        self._port = 0
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.state.mkdir(mode=0o700)
        lines = (
            f"{name} = {msgspec.json.encode(value).decode()}" for name, value in self._items()
        )
        (self.state / "settings.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
        self.start()
        self._port = int(self.where().url.rpartition(":")[2])
        with self.client() as client:
            client.send(pools.edit("/", max_tasks_host=self._slots, capacity_host=CAPACITY))
            if self._with_worker:
                wait_for(lambda: client.summary().workers_online, "the worker is linked")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop both; kill what does not stop."""
        if self._child is not None:
            self._child.terminate()
            try:
                self._child.wait(STOP_MAX_S)
            except subprocess.TimeoutExpired:
                self.kill()
        beside.end(self.state / "worker")
        shutil.rmtree(self.folder, ignore_errors=True)

    def _items(self) -> list[tuple[str, str | int | float | bool]]:
        return list(self._settings.items())

    @property
    def pid(self) -> int:
        """Of the server's process."""
        assert self._child is not None
        return self._child.pid

    @property
    def worker_pid(self) -> int:
        """Of the worker's process.

        Raises:
            Impossible: none lives.
        """
        found = beside.find(self.state / "worker")
        if found is None:
            raise Impossible("the worker beside the server does not live")
        return int(found.pid)

    @property
    def log(self) -> Path:
        """What its processes wrote."""
        return self.folder / "server.log"

    def start(self) -> None:
        """Start it, again on what it has stored, and wait until it listens."""
        (self.state / "server.json").unlink(missing_ok=True)
        how = () if self._with_worker else ("--no-worker",)
        with self.log.open("ab") as out:
            self._child = subprocess.Popen(
                [
                    *(sys.executable, "-m", "grange", "up", *how),
                    *("--port", str(self._port), "--state-dir", str(self.state)),
                ],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                env={**os.environ, "COLUMNS": "200"},
            )
        wait_for(self._listens, "the server listens")

    def kill(self) -> float:
        """Kill the server as `kill -9` does. Returns when, on the monotonic clock."""
        assert self._child is not None
        self._child.kill()
        self._child.wait()
        return time.monotonic()

    def where(self) -> Whereabouts:
        """Its address."""
        return msgspec.json.decode((self.state / "server.json").read_bytes(), type=Whereabouts)

    def token(self) -> str:
        """Its owner's."""
        return (self.state / "admin.token").read_text(encoding="ascii").strip()

    def client(self, patience_s: float = START_MAX_S) -> Client:
        """A client that is its owner's."""
        return Client(self.where().url, self.token(), patience_s=patience_s, timeout_s=300.0)

    def _listens(self) -> bool:
        assert self._child is not None
        if self._child.poll() is not None:
            said = self.log.read_text(errors="replace")[-2_000:]
            raise Impossible(f"the server ended at its start: {said}")
        return (self.state / "server.json").exists()
