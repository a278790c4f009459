"""Records to store."""

from __future__ import annotations

from typing import Any

import msgspec

from grange.core.records import (
    BlockRecord,
    BranchRecord,
    Changes,
    ChunkRecord,
    HostErrors,
    JobRecord,
    NamesRecord,
    NoteRecord,
    PoolRecord,
    Record,
    RunRecord,
    Snapshot,
    TokenRecord,
    UserRecord,
    WorkerRecord,
)
from grange.model.ids import JobId, RunId, WorkerId
from grange.model.nodes import BranchSpec, PoolSpec, TicketLimit, UserSpec, WorkerSpec
from grange.model.run import Meter, RunResult, Traits
from grange.model.spec import BlockSpec, JobSpec, TaskSpec
from grange.model.states import RunStatus
from grange.store.store import AuditRecord, CredentialRecord

NOW = 1_700_000_000.25


def job(number: int = 1, name: str = "shot") -> JobRecord:
    spec = JobSpec(name=name, blocks=(), user="ann", priority=50, folders={"out": "/x"})
    return JobRecord(job_id=JobId(number), spec=spec, user="ann", created=NOW, token="t")


def block(job_id: int = 1, number: int = 0, frames: str = "1-10") -> BlockRecord:
    spec = BlockSpec(name="render", service="blender", command=("b", "@#@"), frames=frames)
    errors = {"node1": HostErrors(count=2, last=NOW)}
    return BlockRecord(job_id=JobId(job_id), block=number, spec=spec, error_hosts=errors)


def chunk(job_id: int = 1, number: int = 0, columns: bytes = b"\1\0" * 13) -> ChunkRecord:
    errors = {7: {"node1": HostErrors(count=1, last=NOW)}} if number == 0 else {}
    return ChunkRecord(
        job_id=JobId(job_id), block=0, number=number, columns=columns, error_hosts=errors
    )


def names(job_id: int = 1) -> NamesRecord:
    tasks = (TaskSpec(name="a", command=("x",), files=("f",)), TaskSpec(name="b"))
    return NamesRecord(job_id=JobId(job_id), block=0, number=0, tasks=tasks)


def run(
    number: int, *, job_id: int = 1, block: int = 0, task: int = 0, worker: int = 7
) -> RunRecord:
    return RunRecord(
        run_id=RunId(number),
        job_id=JobId(job_id),
        block=block,
        task=task,
        attempt=1,
        worker_id=WorkerId(worker),
        worker=f"node{worker}",
        started=NOW,
        capacity=1_000,
        gpus=(0, 1),
    )


def ended(record: RunRecord, status: RunStatus = RunStatus.DONE) -> RunRecord:
    result = RunResult(status=status, exit_code=0, duration_s=4.5, meter=Meter(cpu_s=3.5))
    return msgspec.structs.replace(record, ended=NOW + 5, result=result)


def worker(number: int = 7) -> WorkerRecord:
    return WorkerRecord(
        worker_id=WorkerId(number),
        name=f"node{number}",
        spec=WorkerSpec(tickets_host={"nuke": TicketLimit(count=2)}),
        traits=Traits(os="linux", cpu_cores=8),
        boot_id="b",
        pool="/",
        registered=NOW,
        seen=NOW,
        online=True,
    )


def user(name: str = "ann") -> UserRecord:
    return UserRecord(user=name, spec=UserSpec(priority=7), created=NOW)


def branch(path: str = "/show") -> BranchRecord:
    return BranchRecord(path=path, spec=BranchSpec(create_childs=True), created=NOW)


def pool(path: str = "/") -> PoolRecord:
    return PoolRecord(path=path, spec=PoolSpec(capacity_host=1_100), created=NOW)


def token(word: str = "t", user: str = "ann", job_id: int = 1) -> TokenRecord:
    return TokenRecord(user=user, token=word, job_id=JobId(job_id), created=NOW)


def note(
    text: str,
    block: int | None = None,
    first: int | None = None,
    last: int | None = None,
    job_id: int = 1,
) -> NoteRecord:
    return NoteRecord(
        job_id=JobId(job_id), at=NOW, text=text, block=block, first=first, last=last, by="ann"
    )


def audit(action: str = "PauseJob", user: str = "ann", target: str = "job/1") -> AuditRecord:
    return AuditRecord(
        at=NOW,
        user=user,
        role="artist",
        address="127.0.0.1",
        action=action,
        target=target,
        details=b'{"paused":true}',
    )


def credential(name: str = "c1", created: float = NOW) -> CredentialRecord:
    return CredentialRecord(
        credential_id=name,
        kind="token",
        name="ann",
        role="artist",
        secret_hash=b"\0\xff",
        state="active",
        created=created,
    )


def one_of_each() -> list[Record]:
    """A small farm, in the order of a snapshot."""
    places: list[Record] = [branch(), user(), pool(), worker()]
    return [*places, job(), block(), names(), chunk(), token(), run(5)]


def puts(*records: Any, last_id: int = 0) -> Changes:
    return Changes(last_ids={"run": last_id} if last_id else {}, put=list(records))


def kept(snapshot: Snapshot) -> list[str]:
    """What a snapshot holds, by type."""
    return [type(record).__name__.removesuffix("Record") for record in snapshot.records]
