"""Records <-> rows: one `Kind` per table of records.

A row is a tuple in the order of its table's columns. All that can be read from the body is
read from there; the other columns are for people and for indexes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, Final, Generic, NamedTuple, TypeVar

from sqlalchemy import Table

from grange.core.records import (
    BlockRecord,
    BranchRecord,
    ChunkRecord,
    HostErrors,
    JobRecord,
    NamesRecord,
    NoteRecord,
    PoolRecord,
    RunRecord,
    TokenRecord,
    UserRecord,
    WorkerRecord,
)
from grange.core.tasks import CHUNK, PACKED
from grange.model.ids import JobId
from grange.model.states import TaskState
from grange.store import schema
from grange.store.bodies import Reader, encode, whole
from grange.store.statements import Row
from grange.store.store import AuditRecord, CredentialRecord, UnreadableRecord

V: Final = schema.BODY_VERSION
KEY_MAX: Final = 1_000  # bytes of a text in a key or an index; PostgreSQL refuses from 2,704 on
KEY_SHOWN: Final = 100  # characters of a longer one that are kept, for people

R = TypeVar("R")


def plain(text: str) -> str:
    """Make a text that every database takes: no NUL, no half of a surrogate pair."""
    return whole(text).replace("\0", "\N{REPLACEMENT CHARACTER}")


def key(text: str) -> str:
    """Make a text that can be part of a key: itself, or what stands for it alone."""
    text = whole(text)
    if "\0" not in text and len(text.encode()) <= KEY_MAX:
        return text
    return f"{plain(text[:KEY_SHOWN])}#{sha256(text.encode()).hexdigest()}"


def _time(at: float) -> float | None:
    return at or None


class Kind(NamedTuple, Generic[R]):
    """How records of one type are kept."""

    record: type[R]
    table: Table
    to_row: Callable[[R], Row]
    from_row: Callable[[Row], R]


def _from_body(record: type[R], table: Table, key_of: Callable[[R], Row]) -> Callable[[Row], R]:
    reader: Reader[R] = Reader(record)
    place = list(table.columns.keys()).index("body")

    def from_row(row: Row) -> R:
        where = tuple(row[: len(table.primary_key)])
        try:
            found = reader.read(row[place])
        except UnreadableRecord as error:
            raise UnreadableRecord(f"row {where} of table {table.name}: {error}") from error
        if key_of(found) != where:
            raise UnreadableRecord(f"row {where} of table {table.name} is of {key_of(found)}")
        return found

    return from_row


def _kind(record: type[R], table: Table, to_row: Callable[[R], Row], *key_fields: str) -> Kind[R]:
    """Put a kind together; `key_fields` of a record are the primary key of its row."""

    def key_of(found: R) -> Row:
        values = (getattr(found, name) for name in key_fields)
        return tuple(key(item) if isinstance(item, str) else item for item in values)

    return Kind(record, table, to_row, _from_body(record, table, key_of))


def _job(r: JobRecord) -> Row:
    spec = r.spec
    words = map(plain, (spec.name, r.user))
    places = map(plain, (spec.branch, spec.project, spec.department))
    times = (r.created, _time(r.started), _time(r.done))
    return (r.job_id, *words, spec.priority, *places, *times, V, encode(r))


def _block(r: BlockRecord) -> Row:
    names = plain(r.spec.name), plain(r.spec.service)
    return (r.job_id, r.block, *names, _time(r.started), _time(r.done), V, encode(r))


_ErrorHosts = dict[int, dict[str, HostErrors]]
_ERROR_HOSTS: Final[Reader[_ErrorHosts]] = Reader(_ErrorHosts)


def _chunk(r: ChunkRecord) -> Row:
    errors = encode(r.error_hosts) if r.error_hosts else None
    return (r.job_id, r.block, r.number, V, r.columns, errors)


STATES: Final = bytes(TaskState)


def _chunk_of(row: Row) -> ChunkRecord:
    job_id, block, number, _, columns, errors = row
    count, rest = divmod(len(columns), PACKED)
    if rest or count > CHUNK or bytes(columns[:count]).translate(None, STATES):
        raise UnreadableRecord(f"row {(job_id, block, number)} of table chunks: no tasks' states")
    return ChunkRecord(
        job_id=job_id,
        block=block,
        number=number,
        columns=bytes(columns),
        error_hosts=_ERROR_HOSTS.read(errors) if errors is not None else {},
    )


def _names(r: NamesRecord) -> Row:
    return (r.job_id, r.block, r.number, V, encode(r))


def _run(r: RunRecord) -> Row:
    result = r.result
    return (
        r.run_id,
        r.job_id,
        r.block,
        r.task,
        r.attempt,
        r.worker_id,
        plain(r.worker),
        r.started,
        r.ended or None,
        None if result is None else result.status.value,
        V,
        encode(r),
    )


def _worker(r: WorkerRecord) -> Row:
    names = plain(r.name), plain(r.pool)
    return (r.worker_id, *names, r.online, plain(r.sick), r.registered, r.seen, V, encode(r))


def _user(r: UserRecord) -> Row:
    return (key(r.user), r.created, V, encode(r))


def _branch(r: BranchRecord) -> Row:
    return (key(r.path), r.created, V, encode(r))


def _pool(r: PoolRecord) -> Row:
    return (key(r.path), r.created, V, encode(r))


def _token(r: TokenRecord) -> Row:
    return (key(r.user), key(r.token), r.job_id, r.created, V, encode(r))


RUN: Final = _kind(RunRecord, schema.RUNS, _run, "run_id")

#: By type of record, in the order in which a snapshot lists them.
KINDS: Final[Mapping[type, Kind[Any]]] = {
    kind.record: kind
    for kind in (
        _kind(BranchRecord, schema.BRANCHES, _branch, "path"),
        _kind(UserRecord, schema.USERS, _user, "user"),
        _kind(PoolRecord, schema.POOLS, _pool, "path"),
        _kind(WorkerRecord, schema.WORKERS, _worker, "worker_id"),
        _kind(JobRecord, schema.JOBS, _job, "job_id"),
        _kind(BlockRecord, schema.BLOCKS, _block, "job_id", "block"),
        _kind(NamesRecord, schema.NAMES, _names, "job_id", "block", "number"),
        Kind(ChunkRecord, schema.CHUNKS, _chunk, _chunk_of),
        _kind(TokenRecord, schema.TOKENS, _token, "user", "token"),
        RUN,
    )
}


def note_row(r: NoteRecord) -> Row:
    """Make a row of `notes`, less its number."""
    return (r.job_id, r.block, r.first, r.last, r.at, plain(r.by), plain(r.text))


def note_of(row: Row) -> NoteRecord:
    """Read a row of `notes`."""
    _, job_id, block, first, last, at, by, text = row
    return NoteRecord(
        job_id=JobId(job_id), block=block, first=first, last=last, at=at, by=by, text=text
    )


def audit_row(r: AuditRecord) -> Row:
    """Make a row of `audit`, less its number."""
    details = plain(r.details.decode("utf-8", "replace"))
    words = plain(r.role), plain(r.address), plain(r.action)
    return (r.at, key(r.user), *words, key(r.target), details, plain(r.outcome))


def audit_of(row: Row) -> AuditRecord:
    """Read a row of `audit`."""
    audit_id, at, user, role, address, action, target, details, outcome = row
    return AuditRecord(
        audit_id=audit_id,
        at=at,
        user=user,
        role=role,
        address=address,
        action=action,
        target=target,
        details=details.encode(),
        outcome=outcome,
    )


def _credential(r: CredentialRecord) -> Row:
    names = key(r.credential_id), r.kind, plain(r.name), plain(r.role), r.state
    return (*names, r.created, _time(r.expires), r.worker_id or None, V, encode(r))


CREDENTIAL: Final = _kind(CredentialRecord, schema.CREDENTIALS, _credential, "credential_id")
