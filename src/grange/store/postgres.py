"""PostgreSQL: one writing connection, which also holds the lock that keeps others out.

The server releases that lock when the connection ends, and then no commit can pass through
it any more: who has lost the lock cannot write.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, LiteralString

import psycopg
from psycopg.types.numeric import Int8Dumper
from sqlalchemy import URL, Engine, create_engine

from grange.store.statements import Batch
from grange.store.store import StoreBroken, StoreError, StoreInUse

LOCK: Final = 0x6772_616E  # first number of the advisory lock; the second is that of the schema
CONNECT_S: Final = 10  # how long to wait for the server
LOCK_WAIT_MS: Final = 1_000  # the connection of a server that was killed may live on so long
STATEMENTS_MAX: Final = 256  # kept prepared
POOL: Final = 4  # reading connections kept open

_SECRET: Final = ("password", "sslpassword")  # options that no message may show

# what an administrator may have set for all, and would end or weaken the writing connection
_SESSION: Final = (
    ("idle_session_timeout", "0"),
    ("idle_in_transaction_session_timeout", "0"),
    ("statement_timeout", "0"),
)


class PostgresBackend:
    """A store in the first schema of a database's search path.

    Args:
        url: `postgresql+psycopg://...`, with whatever options the driver knows.

    Raises:
        StoreInUse: another server has it open.
        StoreError: it cannot be opened.
    """

    def __init__(self, url: URL) -> None:
        self._where = url.difference_update_query(_SECRET).render_as_string()
        self.engine = _engine(url)
        _, options = self.engine.dialect.create_connect_args(url)
        try:
            self._writer = psycopg.connect(autocommit=True, **_with_defaults(options))
        except psycopg.Error as error:
            raise StoreError(f"cannot open store {self._where}: {_first_line(error)}") from error
        try:
            self._prepare()
        except psycopg.Error as error:
            self.close()
            raise StoreError(f"cannot open store {self._where}: {_first_line(error)}") from error
        except StoreError:
            self.close()
            raise

    def _prepare(self) -> None:
        self._writer.prepared_max = STATEMENTS_MAX
        # a statement is prepared for types of values: let a number's not depend on its size
        self._writer.adapters.register_dumper(int, Int8Dumper)
        encoding = self._setting("server_encoding")
        if encoding != "UTF8":
            raise StoreError(f"{self._where} has encoding {encoding}; make a database with UTF8")
        if self._asked("SELECT current_schema()") is None:
            raise StoreError(f"{self._where} has no such schema; make it first")
        for name, value in _SESSION:
            if self._setting(name) is not None:
                self._writer.execute("SELECT set_config(%s, %s, false)", (name, value))
        if self._setting("synchronous_commit") == "off":
            self._writer.execute("SET synchronous_commit = on")
        self._lock()

    def _setting(self, name: str) -> str | None:
        return self._asked("SELECT current_setting(%s, true)", name)

    def _asked(self, query: LiteralString, *values: object) -> str | None:
        row = self._writer.execute(query, values).fetchone()
        return None if row is None else row[0]

    def _lock(self) -> None:
        execute = self._writer.execute
        execute("SELECT set_config('lock_timeout', %s, false)", (str(LOCK_WAIT_MS),))
        try:
            execute("SELECT pg_advisory_lock(%s::int4, hashtext(current_schema()))", (LOCK,))
        except psycopg.errors.LockNotAvailable as error:
            raise StoreInUse(
                f"{self._where} is in use by {self._holder()}:"
                " stop that server first, or use another store"
            ) from error
        execute("SET lock_timeout = 0")

    def _holder(self) -> str:
        row = self._writer.execute(
            "SELECT a.pid, a.client_hostname, a.client_addr FROM pg_locks l"
            " JOIN pg_stat_activity a USING (pid)"
            " WHERE l.locktype = 'advisory' AND l.granted AND l.classid = %s::int4::oid"
            " AND l.objid = hashtext(current_schema())::oid",
            (LOCK,),
        ).fetchone()
        if row is None:
            return "another server"
        pid, name, address = row
        return f"another server at {name or address or 'this machine'} (database process {pid})"

    def write(self, batches: Iterable[Batch]) -> None:
        """Execute statements in one transaction, with one wait for the server."""
        try:
            with self._writer.pipeline(), self._writer.cursor() as cursor:
                cursor.execute("BEGIN")
                for statement, rows in batches:
                    cursor.executemany(statement.text.encode(), rows)
                cursor.execute("COMMIT")
        except psycopg.Error as error:
            self._writer.close()  # whoever takes over need not wait for our end
            reason = _first_line(error)
            raise StoreBroken(f"{self._where} did not take a commit: {reason}") from error

    def backup(self, path: Path) -> None:
        """Say how to do it: PostgreSQL's own programs do it better."""
        raise StoreError(
            f"no backup to {path}: this store is on PostgreSQL; use pg_dump, or its"
            " continuous archiving"
        )

    def close(self) -> None:
        """Close all connections; that unlocks."""
        self.engine.dispose()
        self._writer.close()


def _engine(url: URL) -> Engine:
    return create_engine(
        url.set(drivername="postgresql+psycopg"),
        paramstyle="format",  # by place: rows go to the driver as they are
        pool_size=POOL,
        pool_pre_ping=True,  # a restart of PostgreSQL ends the writer, not the readers
        connect_args=_with_defaults({}),
    )


def _with_defaults(options: Mapping[str, Any]) -> dict[str, Any]:
    ours = {"client_encoding": "utf8", "connect_timeout": CONNECT_S, "application_name": "grange"}
    return {**ours, **options}


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
