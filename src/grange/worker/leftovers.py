"""Processes that nobody owns any more: of a former life, or of a warden that died."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Set as AbstractSet
from typing import Final

from grange.worker import procfs
from grange.worker.environment import WORKER_MARK

LOOK_S: Final = 0.02  # between two looks
GIVE_UP_S: Final = 5.0  # the kernel may hold a process longer than we can wait


def kill(mark: str, sessions: AbstractSet[int] = frozenset()) -> list[int]:
    """Kill all processes with a worker's mark, what descends from them and their sessions.

    Blocks until they are gone.

    Args:
        mark: id of the worker's state folder.
        sessions: sessions known to be of its tasks.

    Returns:
        Processes that are still there.
    """
    give_up = time.monotonic() + GIVE_UP_S
    while left := _find(mark, sessions):
        for pid in left:
            _kill_one(pid)
        if time.monotonic() > give_up:
            break
        time.sleep(LOOK_S)
    return sorted(left)


def _find(mark: str, sessions: AbstractSet[int]) -> set[int]:
    table = procfs.Table()
    me = os.getpid()
    outside = {0, os.getsid(0)}
    roots = set(procfs.marked(WORKER_MARK, mark)) - {me}
    found = table.closure(roots, set(sessions) - outside, outside=outside) - {me}
    zombies = {pid for pid in found if table.by_pid[pid].state == "Z"}
    for pid in zombies:
        if table.by_pid[pid].ppid == me:
            _reap(pid)
    return found - zombies


def _kill_one(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except OSError:
        return
    _reap(pid)


def _reap(pid: int) -> None:
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return  # init's, not ours
