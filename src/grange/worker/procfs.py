"""What /proc tells of processes (Linux): parents, sessions, markers, usage.

Who is out of files or memory cannot look, which is not the same as nobody being there: then
everything here raises `OSError` with one of `BLIND`.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from typing import Final, NamedTuple

PROC: Final = "/proc"
STAT_MAX: Final = 1_024  # bytes; a stat line is about 300
ENVIRON_MAX: Final = 4 * 1024 * 1024  # bytes of one environment that are searched
FIELDS: Final = 22  # of a stat line, from the state on, that are read
TICKS: Final = os.sysconf("SC_CLK_TCK")  # per second
PAGE: Final = os.sysconf("SC_PAGE_SIZE")  # bytes
BLIND: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM})


class Process(NamedTuple):
    """One process as its stat line shows it."""

    pid: int
    state: str  #: one letter; Z is a zombie
    ppid: int
    group: int
    session: int
    cpu_s: float  #: its own and that of children it has waited for
    started: float  #: seconds since boot
    resident: int  #: bytes


def process(pid: int) -> Process | None:
    """Read one process; None when it is gone."""
    text = _read(f"{PROC}/{pid}/stat", STAT_MAX)
    return parse_stat(pid, text) if text else None


class Table:
    """All processes at one moment, by parent and by session. Costs about 15 us each."""

    def __init__(self) -> None:
        self.by_pid: dict[int, Process] = {}
        self._below: dict[int, list[int]] = {}
        self._inside: dict[int, list[int]] = {}
        for name in os.listdir(PROC):  # noqa: PTH208 (hot)
            item = process(int(name)) if name.isdigit() else None
            if item is not None:
                self.by_pid[item.pid] = item
                self._below.setdefault(item.ppid, []).append(item.pid)
                self._inside.setdefault(item.session, []).append(item.pid)

    def children(self, pid: int) -> set[int]:
        """Children of a process."""
        return set(self._below.get(pid, ()))

    def below(self, pid: int) -> set[int]:
        """All that descend from a process, without itself."""
        return self.closure({pid}, set(), outside={*self._inside}) - {pid}

    def closure(self, roots: set[int], sessions: set[int], *, outside: set[int]) -> set[int]:
        """Processes of a tree: the roots, their descendants, and all of their sessions.

        Args:
            roots: processes known to belong.
            sessions: sessions known to belong.
            outside: sessions whose other members do not belong.
        """
        found: set[int] = set()
        todo = [*roots, *(pid for session in sessions for pid in self._inside.get(session, ()))]
        while todo:
            pid = todo.pop()
            if pid in found or pid not in self.by_pid:
                continue
            found.add(pid)
            todo += self._below.get(pid, ())
            session = self.by_pid[pid].session
            if session not in outside:
                todo += self._inside[session]
        return found


def parse_stat(pid: int, text: bytes) -> Process | None:
    """Read a stat line; None where it is none."""
    # the name, field 2, may hold blanks and brackets; what follows its last one does not
    state, *fields = text.rpartition(b")")[2].split()[:FIELDS] or [b""]
    try:
        numbers = [int(field) for field in fields]
        return Process(
            pid=pid,
            state=state.decode("ascii"),
            ppid=numbers[0],
            group=numbers[1],
            session=numbers[2],
            cpu_s=sum(numbers[10:14]) / TICKS,
            started=numbers[18] / TICKS,
            resident=numbers[20] * PAGE,
        )
    except (ValueError, IndexError):
        return None


def children(pid: int) -> set[int]:
    """Children of a process of one thread, zombies included.

    Exact where the process itself is the caller: its list shrinks only when it waits.
    """
    text = _read(f"{PROC}/{pid}/task/{pid}/children", ENVIRON_MAX)
    if text is not None:
        return {int(word) for word in text.split()}
    return Table().children(pid)


def variable(pid: int, name: str) -> str | None:
    """Read a variable of the environment a process was started with; None if unreadable."""
    return parse_environment(_read(f"{PROC}/{pid}/environ", ENVIRON_MAX) or b"", name)


def parse_environment(text: bytes, name: str) -> str | None:
    """Find a variable among NAME=VALUE, each ended by a NUL; None where it is not."""
    key = name.encode() + b"="
    for entry in text.split(b"\0"):
        if entry.startswith(key):
            return entry[len(key) :].decode(errors="replace")
    return None


def marked(name: str, value: str) -> Iterator[int]:
    """Processes whose environment holds name=value. Costs about 20 us a process."""
    for entry in os.listdir(PROC):  # noqa: PTH208 (hot)
        if entry.isdigit() and variable(int(entry), name) == value:
            yield int(entry)


class Traffic(NamedTuple):
    """What a process has had moved, and the children it has waited for, in bytes."""

    read: int = 0  #: from storage: what was in memory already is not counted, nor are pipes
    written: int = 0  #: to storage, as soon as the system has it to be written


def traffic(pid: int) -> Traffic:
    """Read what a process has moved; nothing where we may not look, or it is gone."""
    text = _read(f"{PROC}/{pid}/io", STAT_MAX) or b""
    said = dict(line.split(b": ") for line in text.splitlines() if line.count(b": ") == 1)
    return Traffic(int(said.get(b"read_bytes", 0)), int(said.get(b"write_bytes", 0)))


def fair_bytes(pid: int) -> int | None:
    """Resident memory of a process, what it shares counted in parts; None if we may not look.

    Costs a millisecond for some hundred megabytes.
    """
    text = _read(f"{PROC}/{pid}/smaps_rollup", 64 * 1024) or b""
    for line in text.splitlines():
        if line.startswith(b"Pss:"):
            return int(line.split()[1]) * 1024
    return None


def peak_bytes(pid: int) -> int:
    """The most resident memory that a process has had; 0 if it is gone."""
    text = _read(f"{PROC}/{pid}/status", 64 * 1024) or b""
    for line in text.splitlines():
        if line.startswith(b"VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


def oom_kills() -> int:
    """How many processes this system has killed for memory since boot."""
    text = _read(f"{PROC}/vmstat", 64 * 1024) or b""
    for line in text.splitlines():
        if line.startswith(b"oom_kill "):
            return int(line.split()[1])
    return 0


def _read(path: str, limit: int) -> bytes | None:
    """Read a file of /proc whole, in few system calls; None when its process is gone."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in BLIND:
            raise
        return None
    try:
        text = os.read(descriptor, min(limit, 64 * 1024))
        piece = text
        while piece and len(text) < limit and len(text) >= PAGE - 1:
            piece = os.read(descriptor, 64 * 1024)
            text += piece
    except OSError as error:
        if error.errno in BLIND:
            raise
        return None
    finally:
        os.close(descriptor)
    return text
