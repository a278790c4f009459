"""The worker beside a server: one, whoever starts it, and gone when it is told to stop."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest

from grange.worker import beside
from grange.worker.config import WorkerConfig, from_json

pytestmark = pytest.mark.slow

PATIENCE_S = 60.0

#: Stands for a worker: keeps what it was told, then waits to be stopped.
WORKER = """
import os, pathlib, signal, sys, time
said = sys.stdin.buffer.read()
folder = pathlib.Path(sys.argv[1])
(folder / "said").write_bytes(said)
with open(folder / "starts", "a") as file:
    file.write(f"{os.getpid()}\\n")
if (folder / "stubborn").exists():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
(folder / "up").touch()
time.sleep(300)
"""


class Kept:
    """A folder with a worker, and what keeps it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = WorkerConfig(
            server="ws://127.0.0.1:1", state_folder=folder / "worker", credential="secret"
        )

    @asynccontextmanager
    async def keeping(self) -> AsyncIterator[asyncio.Event]:
        """A server that keeps the worker; it dies, without a word, at the end."""
        stop = asyncio.Event()
        command = (sys.executable, "-c", WORKER, str(self.folder))
        async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as group:
            keeping = group.create_task(beside.keep(command, self.config, stop))
            yield stop
            keeping.cancel()

    async def until(self, holds: Callable[[], object]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not holds():  # noqa: ASYNC110 (another process tells nobody)
                await asyncio.sleep(0.01)

    def starts(self) -> list[int]:
        path = self.folder / "starts"
        return [int(line) for line in path.read_text().split()] if path.exists() else []

    def lives(self, pid: int) -> bool:
        found = beside.find(self.config.state_folder)
        return found is not None and found.pid == pid


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    kept = Kept(tmp_path)
    yield kept
    beside.end(kept.config.state_folder)


def test_it_is_started_and_told_by_its_input(kept: Kept) -> None:
    async def scenario() -> None:
        async with kept.keeping() as stop:
            await kept.until((kept.folder / "up").exists)
            stop.set()
        assert from_json((kept.folder / "said").read_bytes()) == kept.config

    asyncio.run(scenario())


def test_it_is_stopped_before_keeping_ends(kept: Kept) -> None:
    async def scenario() -> None:
        async with kept.keeping() as stop:
            await kept.until((kept.folder / "up").exists)
            (pid,) = kept.starts()
            stop.set()
            await kept.until(lambda: not psutil.pid_exists(pid) or not kept.lives(pid))
        assert beside.find(kept.config.state_folder) is None

    asyncio.run(scenario())


def test_one_that_does_not_stop_is_killed(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beside, "STOP_S", 0.1)
    (kept.folder / "stubborn").touch()

    async def scenario() -> None:
        async with kept.keeping() as stop:
            await kept.until((kept.folder / "up").exists)
            (pid,) = kept.starts()
            stop.set()
            await kept.until(lambda: not kept.lives(pid))

    asyncio.run(scenario())


def test_one_that_ends_is_started_again(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beside, "PAUSE_S", 0)
    monkeypatch.setattr(beside, "POLL_S", 0.01)

    async def scenario() -> None:
        async with kept.keeping() as stop:
            await kept.until(kept.starts)
            (first,) = kept.starts()
            os.kill(first, signal.SIGKILL)
            await kept.until(lambda: len(kept.starts()) == 2)
            assert kept.lives(kept.starts()[1])
            stop.set()

    asyncio.run(scenario())


def test_one_that_outlived_its_server_is_adopted(kept: Kept) -> None:
    async def scenario() -> None:
        async with kept.keeping():
            await kept.until((kept.folder / "up").exists)
        (pid,) = kept.starts()
        assert kept.lives(pid)
        async with kept.keeping() as stop:
            await asyncio.sleep(0)
            stop.set()
            await kept.until(lambda: not kept.lives(pid))
        assert kept.starts() == [pid]

    asyncio.run(scenario())


def test_a_later_process_of_its_number_is_not_taken_for_it(kept: Kept) -> None:
    kept.config.state_folder.mkdir()
    note = kept.config.state_folder / beside.NOTE
    for said in (f'{{"pid": {os.getpid()}, "started": 1.5}}', '{"pid": 0}', "", "\0"):
        note.write_text(said)
        assert beside.find(kept.config.state_folder) is None
        beside.end(kept.config.state_folder)
