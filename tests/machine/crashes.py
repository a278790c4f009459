"""A process that dies in the middle of a commit, and what it leaves on disk."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from grange.store.sqlite import SqliteBackend

SUFFIXES: Final = ("", "-wal")  # of SQLite's files; the third, -shm, is memory


class Crash(Exception):
    """The server dies here."""


class Failpoint(msgspec.Struct, frozen=True):
    """Where it dies.

    Attributes:
        before: before the statement of this number, `BEGIN` is 0, `COMMIT` is the last.
        torn: while `COMMIT` writes, when so much of it is on disk, from 0 to 1.
    """

    before: int | None = None
    torn: float | None = None


class Dying:
    """Takes the place of a store's writing connection, and crashes where it is told to.

    Args:
        backend: the store's; its connection is replaced.
        path: of its database.
        left: where the files are put that the crash leaves.
    """

    def __init__(self, backend: SqliteBackend, path: Path, left: Path) -> None:
        self._real: sqlite3.Connection = backend._writer
        backend._writer = self  # type: ignore[assignment]  # it has all that `write` uses
        self._path, self._left = path, left
        self._count = 0
        self._failpoint = Failpoint()

    def arm(self, failpoint: Failpoint) -> None:
        """Begin to count statements."""
        self._failpoint, self._count = failpoint, 0

    def execute(self, text: str, values: Sequence[Any] = ()) -> object:
        """Execute a statement, or crash."""
        if self._count == self._failpoint.before:
            put(read(self._path), self._left)
            raise Crash
        self._count += 1
        if text == "COMMIT" and self._failpoint.torn is not None:
            before = read(self._path)
            self._real.execute(text)
            put(torn(before, read(self._path), self._failpoint.torn), self._left)
            raise Crash
        return self._real.execute(text, values)

    def close(self) -> None:
        """Close the real connection."""
        self._real.close()


Files = dict[str, bytes]


def read(path: Path) -> Files:
    """A database's files as they are now."""
    found = {suffix: path.with_name(path.name + suffix) for suffix in SUFFIXES}
    return {suffix: file.read_bytes() for suffix, file in found.items() if file.exists()}


def put(files: Files, path: Path) -> None:
    """Write a database's files."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for suffix, data in files.items():
        path.with_name(path.name + suffix).write_bytes(data)


def torn(before: Files, after: Files, part: float) -> Files:
    """The files while a commit is written: its log up to some byte, the database not yet."""
    log, old = after["-wal"], before.get("-wal", b"")
    first = next((n for n, (a, b) in enumerate(zip(log, old, strict=False)) if a != b), len(old))
    cut = first + round((len(log) - first) * part)
    if cut >= len(log):
        return after
    return {"": before[""], "-wal": log[:cut] + old[cut:]}
