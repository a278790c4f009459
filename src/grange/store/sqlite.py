"""SQLite: one file, one writing connection, write-ahead log, every commit on disk."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, QueuePool, create_engine, event

from grange.store.lock import FileLock
from grange.store.statements import Batch
from grange.store.store import StoreBroken, StoreError

BUSY_S: Final = 30.0  # how long to wait for a foreign program that reads or copies the file
CACHE_KIB: Final = 64 * 1024  # pages kept in memory by the writing connection
STATEMENTS_MAX: Final = 256  # kept prepared
WAL_BYTES: Final = 64 * 1024 * 1024  # the write-ahead log is cut back to this


class SqliteBackend:
    """A store in one file.

    Args:
        path: of the file; made when it is not there.

    Raises:
        StoreInUse: another process has it open.
        StoreError: it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self._path = path.resolve()
        try:
            self._lock = FileLock(self._path.with_name(self._path.name + ".lock"))
            _make_private(self._path)
        except OSError as error:
            raise StoreError(f"cannot open store {path}: {error.strerror}") from error
        try:
            self._writer = _connect(self._path)
            self._writer.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        except (sqlite3.Error, StoreError) as error:
            self._lock.release()
            raise StoreError(f"cannot open store {path}: {error}") from error
        self.engine = _engine(self._path)

    def write(self, batches: Iterable[Batch]) -> None:
        """Execute statements in one transaction.

        Many rows go into one statement, for the sake of the threads beside us: the driver
        gives Python's interpreter lock away at each, and beside a busy event loop waits 5 ms
        to have it back. A commit of 200 runs took 690 ms with a statement for each, 41 ms so.
        """
        execute = self._writer.execute
        try:
            execute("BEGIN IMMEDIATE")
            for statement, rows in batches:
                for text, values in statement.cut(rows):
                    execute(text, values)
            execute("COMMIT")
        except sqlite3.Error as error:
            raise StoreBroken(f"{self._path} did not take a commit: {error}") from error

    def backup(self, path: Path) -> None:
        """Copy the database into a new file, with SQLite's online backup."""
        try:
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except OSError as error:
            raise StoreError(f"cannot make backup {path}: {error.strerror}") from error
        try:
            _copy(self._path, path)
        except sqlite3.Error as error:
            path.unlink()
            raise StoreError(f"cannot make backup {path}: {error}") from error

    def close(self) -> None:
        """Close all connections, then unlock."""
        self.engine.dispose()
        self._writer.close()
        self._lock.release()


def _make_private(path: Path) -> None:
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path,
        timeout=BUSY_S,
        isolation_level=None,  # transactions are begun by us
        check_same_thread=False,
        cached_statements=STATEMENTS_MAX,
    )
    (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        connection.close()
        raise StoreError("its file system cannot hold a write-ahead log; put it on a local disk")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(f"PRAGMA journal_size_limit = {WAL_BYTES}")
    return connection


def _engine(path: Path) -> Engine:
    engine = create_engine(
        "sqlite+pysqlite://", creator=lambda: _connect(path), poolclass=QueuePool
    )

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    return engine


def _copy(source: Path, target: Path) -> None:
    reader: Any = sqlite3.connect(source)
    try:
        writer = sqlite3.connect(target)
        try:
            reader.backup(writer)
        finally:
            writer.close()
    finally:
        reader.close()
