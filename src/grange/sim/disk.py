"""A store in memory that keeps what the real one keeps, and gives it back through real rows."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Any, Final

from grange.core.records import (
    BlockRecord,
    BranchRecord,
    Changes,
    ChunkRecord,
    JobRecord,
    NamesRecord,
    PoolRecord,
    Record,
    RunRecord,
    Snapshot,
    TokenRecord,
    UserRecord,
    WorkerRecord,
)
from grange.model.ids import JobId
from grange.store.rows import KINDS

_KEYS: Final[dict[type, tuple[str, ...]]] = {
    WorkerRecord: ("worker_id",),
    UserRecord: ("user",),
    BranchRecord: ("path",),
    PoolRecord: ("path",),
    TokenRecord: ("user", "token"),
}


class Disk:
    """The last record of each key; of runs, those that are open.

    A record becomes a row when it is read: it cannot change, so it is as if it had been
    written as one.
    """

    def __init__(self) -> None:
        self._last_ids: dict[str, int] = {}
        self._jobs: dict[JobId, dict[Hashable, Record]] = {}  # with blocks, chunks and names
        self._runs: dict[int, RunRecord] = {}
        self._others: dict[type, dict[Hashable, Record]] = {kind: {} for kind in _KEYS}

    def commit(self, changes: Changes) -> None:
        """Keep changes: deletions come first, and what is put of a deleted job is left out."""
        self._last_ids = changes.last_ids
        self._delete(changes)
        gone = set(changes.deleted_jobs)
        gone_workers = set(changes.deleted_workers)
        for record in changes.put:
            match record:
                case RunRecord():
                    self._put_run(record)
                case JobRecord() | BlockRecord() | ChunkRecord() | NamesRecord():
                    if record.job_id not in gone:
                        self._jobs.setdefault(record.job_id, {})[_part_of_job(record)] = record
                case WorkerRecord() if record.worker_id in gone_workers:
                    pass
                case _:
                    self._others[type(record)][_key(record)] = record

    def _put_run(self, record: RunRecord) -> None:
        if record.result is None:
            self._runs[record.run_id] = record
        else:
            self._runs.pop(record.run_id, None)

    def _delete(self, changes: Changes) -> None:
        for job_id in changes.deleted_jobs:
            self._jobs.pop(job_id, None)
        names: tuple[tuple[type, list[Any]], ...] = (
            (WorkerRecord, changes.deleted_workers),
            (UserRecord, changes.deleted_users),
            (BranchRecord, changes.deleted_branches),
            (PoolRecord, changes.deleted_pools),
        )
        for kind, keys in names:
            for key in keys:
                self._others[kind].pop((key,), None)
        for pair in changes.deleted_tokens:
            self._others[TokenRecord].pop(pair, None)

    def load(self) -> Snapshot:
        """All that a restart needs, each record read back from its row."""
        found = []
        for record in self._records():
            kind = KINDS[type(record)]
            found.append(kind.from_row(kind.to_row(record)))
        return Snapshot(last_ids=dict(self._last_ids), records=found)

    def _records(self) -> Iterator[Record]:
        for kind in self._others.values():
            yield from kind.values()
        for parts in self._jobs.values():
            yield from parts.values()
        yield from self._runs.values()


def _part_of_job(record: JobRecord | BlockRecord | ChunkRecord | NamesRecord) -> Hashable:
    match record:
        case JobRecord():
            return ()
        case BlockRecord():
            return (BlockRecord, record.block)
        case _:
            return (type(record), record.block, record.number)


def _key(record: Record) -> Hashable:
    return tuple(getattr(record, name) for name in _KEYS[type(record)])
