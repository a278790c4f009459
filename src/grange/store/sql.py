"""The store on a database: SQLite when small, PostgreSQL when outgrown."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from sqlalchemy import URL, make_url, select
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from grange.core.records import Changes, NoteRecord, Record, RunRecord, Snapshot
from grange.store import queries, rows, schema
from grange.store.backend import Backend
from grange.store.changes import ChangeStatements
from grange.store.migrations import migrate
from grange.store.sqlite import SqliteBackend
from grange.store.statements import Batch, Row
from grange.store.store import AuditRecord, CredentialRecord, StoreBroken, StoreError


def open_store(url: str) -> SqlStore:
    """Open a store and bring its schema up to date.

    Args:
        url: `sqlite:///path/to/file`, or `postgresql+psycopg://user@host/database`.

    Raises:
        StoreInUse: another server has it open.
        SchemaTooNew: it was written by a newer version.
        StoreError: it cannot be opened.
    """
    backend = _open_backend(url)
    try:
        migrate(backend.engine)
        return SqlStore(backend)
    except BaseException:
        backend.close()
        raise


def _open_backend(url: str) -> Backend:
    try:
        parts = make_url(url)
    except ArgumentError as error:
        raise StoreError(f"{url!r} is not the address of a store; see `open_store`") from error
    match parts.get_backend_name():
        case "sqlite" if parts.database and parts.database != ":memory:":
            return SqliteBackend(Path(parts.database))
        case "postgresql":
            return _open_postgres(parts)
        case _:
            raise StoreError(
                "a store is sqlite:///path/to/file or postgresql+psycopg://user@host/database,"
                f" not {parts.render_as_string()}"
            )


def _open_postgres(parts: URL) -> Backend:
    try:
        from grange.store.postgres import PostgresBackend  # its driver is an extra
    except ModuleNotFoundError as error:
        raise StoreError(
            "PostgreSQL's driver is not installed: pip install 'grange[postgres]'"
        ) from error
    return PostgresBackend(parts)


class SqlStore:
    """Rows in a database. See `Store` for what each method promises.

    Args:
        backend: open, its schema up to date. Closed by `close`.
    """

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._engine = backend.engine
        self._statements = ChangeStatements(backend.engine.dialect)
        self._turn = threading.Lock()  # of the writing connection
        self._broken = ""

    def load(self) -> Snapshot:
        """Read all that a restart needs."""
        found: list[Record] = []
        for kind in rows.KINDS.values():
            if kind.table is schema.RUNS:
                query = queries.open_runs()
            else:
                query = select(kind.table).order_by(*kind.table.primary_key)
            found += map(kind.from_row, self._read(query))
        counters: dict[str, int] = dict(self._read(select(schema.COUNTERS)))
        return Snapshot(last_ids=counters, records=found)

    def commit(self, changes: Changes, audit: Sequence[AuditRecord] = ()) -> None:
        """Make changes durable, all or nothing."""
        self._write(lambda: self._statements.of(changes, audit))

    def _write(self, batches: Callable[[], Sequence[Batch]]) -> None:
        with self._turn:
            if self._broken:
                raise StoreBroken(self._broken)
            try:
                ready = batches()
                if ready:
                    self._backend.write(ready)
            except Exception as error:
                self._broken = f"an earlier commit did not happen: {error}"
                if isinstance(error, StoreBroken):
                    raise
                raise StoreBroken(f"a commit did not happen: {error}") from error

    def close(self) -> None:
        """Let the database go."""
        with self._turn:
            self._broken = self._broken or "the store is closed"
            self._backend.close()

    def backup(self, path: Path) -> None:
        """Copy the store as it is at one moment into a new file, while it is in use."""
        self._backend.backup(path)

    def runs(
        self,
        job_id: int,
        block: int | None = None,
        task: int | None = None,
        *,
        limit: int = 100,
        before_run_id: int | None = None,
    ) -> list[RunRecord]:
        """Runs of a job, block or task, newest first."""
        found = self._read(queries.runs_of(job_id, block, task, limit, before_run_id))
        return [rows.RUN.from_row(row) for row in found]

    def run(self, run_id: int) -> RunRecord | None:
        """One run, or None."""
        found = self._read(select(schema.RUNS).where(schema.RUNS.c.run_id == run_id))
        return rows.RUN.from_row(found[0]) if found else None

    def runs_with(self, run_ids: Sequence[int]) -> list[RunRecord]:
        """The runs of some ids."""
        found: list[RunRecord] = []
        for start in range(0, len(run_ids), queries.IDS_MAX):
            part = run_ids[start : start + queries.IDS_MAX]
            found += map(rows.RUN.from_row, self._read(queries.runs_in(part)))
        return found

    def runs_of_worker(
        self, worker_id: int, *, limit: int = 100, before_run_id: int | None = None
    ) -> list[RunRecord]:
        """Runs of a worker, newest first."""
        found = self._read(queries.runs_of_worker(worker_id, limit, before_run_id))
        return [rows.RUN.from_row(row) for row in found]

    def notes(
        self, job_id: int, block: int | None = None, task: int | None = None, *, limit: int = 1_000
    ) -> list[NoteRecord]:
        """The latest notes of a job, block or task, oldest first."""
        found = self._read(queries.notes_of(job_id, block, task, limit))
        return [rows.note_of(row) for row in reversed(found)]

    def audit(
        self,
        *,
        limit: int = 100,
        before: int | None = None,
        user: str | None = None,
        target: str | None = None,
    ) -> list[AuditRecord]:
        """What was asked, newest first."""
        return [
            rows.audit_of(row) for row in self._read(queries.audit_by(limit, before, user, target))
        ]

    def credentials(self) -> list[CredentialRecord]:
        """All of them, oldest first."""
        table = schema.CREDENTIALS
        found = self._read(select(table).order_by(table.c.created, table.c.credential_id))
        return [rows.CREDENTIAL.from_row(row) for row in found]

    def put_credential(self, credential: CredentialRecord) -> None:
        """Insert or replace one."""
        self._write(lambda: [self._statements.put_credential(credential)])

    def delete_credential(self, credential_id: str) -> None:
        """Remove one."""
        self._write(lambda: [self._statements.delete_credential(credential_id)])

    def _read(self, query: queries.Query) -> list[Row]:
        try:
            with self._engine.connect() as connection:
                return [tuple(row) for row in connection.execute(query)]
        except SQLAlchemyError as error:
            raise StoreError(f"the store cannot be read: {error}") from error
