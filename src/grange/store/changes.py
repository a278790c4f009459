"""What the core changed -> the statements that make it durable."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Dialect, Table

from grange.core.records import (
    BlockRecord,
    Changes,
    ChunkRecord,
    JobRecord,
    NamesRecord,
    Record,
    WorkerRecord,
)
from grange.store import rows, schema
from grange.store.rows import key
from grange.store.statements import Batch, Put, Remove
from grange.store.store import AuditRecord, CredentialRecord


class ChangeStatements:
    """Makes statements out of changes; compiled once for a database.

    Args:
        dialect: of the driver, with values by place.
    """

    def __init__(self, dialect: Dialect) -> None:
        def put(table: Table, first: int = 0) -> Put:
            return Put(table, dialect, table.columns.keys()[first:])

        def remove(table: Table, *columns: str) -> Remove:
            return Remove(table, dialect, columns)

        self._puts = {kind: (row.to_row, put(row.table)) for kind, row in rows.KINDS.items()}
        self._counters = put(schema.COUNTERS)
        self._notes = put(schema.NOTES, first=1)
        self._audit = put(schema.AUDIT, first=1)
        self._credentials = put(schema.CREDENTIALS)
        parts_of_job = (schema.CHUNKS, schema.NAMES, schema.BLOCKS, schema.JOBS)
        self._no_job = [remove(table, "job_id") for table in parts_of_job]
        self._no_worker = remove(schema.WORKERS, "worker_id")
        self._no_user = remove(schema.USERS, "name")
        self._no_branch = remove(schema.BRANCHES, "path")
        self._no_pool = remove(schema.POOLS, "path")
        self._no_token = remove(schema.TOKENS, "user_name", "token")
        self._no_credential = remove(schema.CREDENTIALS, "credential_id")

    def of(self, changes: Changes, audit: Sequence[AuditRecord]) -> list[Batch]:
        """Deletions, then what is put, then what is added."""
        batches = [*self._deletions(changes), *self._additions(changes, audit)]
        return [batch for batch in batches if batch.rows]

    def put_credential(self, credential: CredentialRecord) -> Batch:
        """Insert or replace one credential."""
        return Batch(self._credentials, [rows.CREDENTIAL.to_row(credential)])

    def delete_credential(self, credential_id: str) -> Batch:
        """Remove one credential."""
        return Batch(self._no_credential, [(key(credential_id),)])

    def _deletions(self, changes: Changes) -> Iterator[Batch]:
        jobs = [(job_id,) for job_id in changes.deleted_jobs]
        for statement in self._no_job:
            yield Batch(statement, jobs)
        yield Batch(self._no_worker, [(worker_id,) for worker_id in changes.deleted_workers])
        yield Batch(self._no_user, [(key(user),) for user in changes.deleted_users])
        yield Batch(self._no_branch, [(key(path),) for path in changes.deleted_branches])
        yield Batch(self._no_pool, [(key(path),) for path in changes.deleted_pools])
        tokens = [(key(user), key(token)) for user, token in changes.deleted_tokens]
        yield Batch(self._no_token, tokens)

    def _additions(self, changes: Changes, audit: Sequence[AuditRecord]) -> Iterator[Batch]:
        yield Batch(self._counters, list(changes.last_ids.items()))
        for kind, records in _grouped(_kept(changes)).items():
            to_row, statement = self._puts[kind]
            yield Batch(statement, [to_row(record) for record in records])
        yield Batch(self._notes, [rows.note_row(note) for note in changes.notes])
        yield Batch(self._audit, [rows.audit_row(record) for record in audit])


def _kept(changes: Changes) -> Iterable[Record]:
    """What is put, less what belongs to a job or worker that is deleted."""
    if not changes.deleted_jobs and not changes.deleted_workers:
        return changes.put
    jobs, workers = set(changes.deleted_jobs), set(changes.deleted_workers)
    return [record for record in changes.put if not _gone(record, jobs, workers)]


def _gone(record: Record, jobs: Collection[int], workers: Collection[int]) -> bool:
    match record:
        case JobRecord() | BlockRecord() | ChunkRecord() | NamesRecord():
            return record.job_id in jobs
        case WorkerRecord():
            return record.worker_id in workers
        case _:
            return False


def _grouped(records: Iterable[Record]) -> dict[type, list[Any]]:
    groups: dict[type, list[Any]] = {}
    for record in records:
        groups.setdefault(type(record), []).append(record)
    return groups
