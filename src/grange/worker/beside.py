"""Keeps a worker process beside this one: started, started again, adopted, stopped.

The worker is a process of its own so that its runs outlive a server that is killed. One that
outlived an earlier server is found by its number and adopted, not started twice.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec
import psutil

from grange.model.unreadable import UNREADABLE
from grange.worker import procfs
from grange.worker.config import WorkerConfig, to_json

PAUSE_S: Final = 1.0  # between the end of a worker and the next start
POLL_S: Final = 0.5  # between two looks at an adopted worker
STOP_S: Final = 20.0  # for a worker to stop its runs

log = logging.getLogger(__name__)


NOTE: Final = "process.json"  # in the worker's state folder


class _Note(msgspec.Struct, frozen=True):
    """Which process is the worker; its start tells it from a later one of the same number."""

    pid: int
    started: float  #: see `_started`


async def keep(command: Sequence[str], config: WorkerConfig, stop: asyncio.Event) -> None:
    """Keep one worker running until told to stop; then stop it and return.

    Args:
        command: starts a worker that reads its configuration, as JSON, from its input.
        config: for it.
        stop: tells to stop.
    """
    await asyncio.to_thread(config.state_folder.mkdir, 0o700, parents=True, exist_ok=True)
    while not stop.is_set():
        process = find(config.state_folder)
        if process is None:
            process = await asyncio.to_thread(_start, command, config)
        await _until_ended(process, stop)
        if not stop.is_set():
            log.warning("the worker beside this server ended; it is started again")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), PAUSE_S)
    await asyncio.to_thread(end, config.state_folder)


def end(state_folder: Path) -> None:
    """Stop the worker of a state folder, if it lives; kill it if it does not stop. Blocks.

    Its warden then ends its runs.
    """
    process = find(state_folder)
    if process is None:
        return
    with contextlib.suppress(psutil.NoSuchProcess):
        process.terminate()
        try:
            process.wait(STOP_S)
        except psutil.TimeoutExpired:
            process.kill()


def find(state_folder: Path) -> psutil.Process | None:
    """The worker of a state folder, if it lives."""
    try:
        said = msgspec.json.decode((state_folder / NOTE).read_bytes(), type=_Note)
        process = psutil.Process(said.pid)
        alive = _started(process) == said.started
    except (OSError, *UNREADABLE, psutil.Error, ValueError, OverflowError):
        return None
    return process if alive and _lives(process) else None


def _started(process: psutil.Process) -> float:
    """When a process was started; the same even if the clock was set since, where it can be."""
    if psutil.LINUX:
        found = procfs.process(process.pid)
        return found.started if found else 0.0
    return float(process.create_time())


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _start(command: Sequence[str], config: WorkerConfig) -> psutil.Process:
    """Start the worker, note which process it is, then tell it what to do."""
    child = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)  # noqa: S603
    child.returncode = 0  # it may outlive us: nothing of ours is to wait for it, or to end it
    process = psutil.Process(child.pid)
    note = config.state_folder / NOTE
    note.write_bytes(msgspec.json.encode(_Note(child.pid, _started(process))))
    assert child.stdin is not None
    with contextlib.suppress(BrokenPipeError):  # it has ended already, which is seen in a moment
        child.stdin.write(to_json(config))
        child.stdin.close()
    return process


async def _until_ended(process: psutil.Process, stop: asyncio.Event) -> None:
    while _lives(process):
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), POLL_S)
            return
    with contextlib.suppress(psutil.Error):
        process.wait(0)  # a child of ours is a zombie until it is waited for
