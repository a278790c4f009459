"""What of the farm is made durable: one record per object, 256 tasks to a record.

The core writes these, the store keeps them and gives them back at a restart. Indexes and
counts are never in them.
"""

from __future__ import annotations

import msgspec

from grange.model.ids import JobId, RunId, WorkerId
from grange.model.nodes import BranchSpec, PoolSpec, UserSpec, WorkerSpec
from grange.model.run import RunResult, Traits
from grange.model.spec import BlockSpec, JobSpec, TaskSpec
from grange.model.states import Part, Rest


class Rec(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Base of all records; carries nothing."""


class JobRecord(Rec, frozen=True, kw_only=True):
    """A job without its blocks. Key: `job_id`."""

    job_id: JobId
    spec: JobSpec  #: its `blocks` are empty here
    user: str
    created: float
    started: float = 0.0
    done: float = 0.0
    position: int = 0  #: in its user's list, for people who order by hand
    token: str = ""
    report: str = ""
    try_next: tuple[tuple[int, int], ...] = ()


class HostErrors(Rec, frozen=True, kw_only=True):
    """Failures on one host."""

    count: int
    last: float


class BlockRecord(Rec, frozen=True, kw_only=True):
    """A block without its tasks. Key: `job_id`, `block`."""

    job_id: JobId
    block: int
    spec: BlockSpec  #: its `tasks` are empty here
    pre_for: int | None = None  #: made from a pre command: of block n, or -1 of the job
    named: int = 0  #: number of named tasks
    error_hosts: dict[str, HostErrors] = {}
    run_time_min: float = 0.0  #: seconds, of tasks that are done
    run_time_max: float = 0.0
    run_time_sum: float = 0.0
    started: float = 0.0
    done: float = 0.0


class ChunkRecord(Rec, frozen=True, kw_only=True):
    """The state of up to 256 tasks. Key: `job_id`, `block`, `number`.

    Absent for tasks that are as they were at submission.
    """

    job_id: JobId
    block: int
    number: int  #: the chunk holds tasks number*256 ...
    columns: bytes  #: see `TaskTable.pack`
    error_hosts: dict[int, dict[str, HostErrors]] = {}  #: by task


class NamesRecord(Rec, frozen=True, kw_only=True):
    """Up to 256 named tasks. Key: `job_id`, `block`, `number`."""

    job_id: JobId
    block: int
    number: int
    tasks: tuple[TaskSpec, ...]


class RunRecord(Rec, frozen=True, kw_only=True):
    """One execution of one task; open while `result` is None. Key: `run_id`."""

    run_id: RunId
    job_id: JobId
    block: int
    task: int
    attempt: int  #: 1 for the first start of the task
    worker_id: WorkerId
    worker: str  #: its name
    started: float
    capacity: int
    coeff: int = 0
    gpus: tuple[int, ...] = ()
    memory_mb: int | None = None  #: reserved; None in old records: as its block asks
    tickets: dict[str, int] | None = None  #: held; None in old records: as its block asks
    ended: float = 0.0
    result: RunResult | None = None
    part: Part = Part.TASK
    helps: RunId = RunId(0)  #: run of the task that this one serves


class WorkerRecord(Rec, frozen=True, kw_only=True):
    """A worker. Key: `worker_id`."""

    worker_id: WorkerId
    name: str
    spec: WorkerSpec
    traits: Traits
    boot_id: str
    pool: str  #: where it is now
    registered: float
    seen: float  #: when its link was last made or lost
    online: bool
    sick: str = ""  #: why; "" when it is not
    home: str = ""  #: of its state folder
    address: str = ""  #: where its connection came from last
    joined: float = 0.0  #: when its link was last made
    launched: float = 0.0  #: when its process was started, by its own clock
    rest: Rest = Rest.AWAKE
    rested: float = 0.0  #: when that began


class UserRecord(Rec, frozen=True, kw_only=True):
    """A user. Key: `user`."""

    user: str
    spec: UserSpec
    created: float


class BranchRecord(Rec, frozen=True, kw_only=True):
    """A branch. Key: `path`."""

    path: str
    spec: BranchSpec
    created: float


class PoolRecord(Rec, frozen=True, kw_only=True):
    """A pool. Key: `path`."""

    path: str
    spec: PoolSpec
    created: float


class TokenRecord(Rec, frozen=True, kw_only=True):
    """A submission token and the job it made; kept after the job. Key: `user`, `token`."""

    user: str
    token: str
    job_id: JobId
    created: float


class NoteRecord(Rec, frozen=True, kw_only=True):
    """A line of a job's story, only ever added."""

    job_id: JobId
    at: float
    text: str
    block: int | None = None  #: None the whole job
    first: int | None = None  #: None the whole block
    last: int | None = None
    by: str = ""  #: who did it; "" the farm


Record = (
    JobRecord
    | BlockRecord
    | ChunkRecord
    | NamesRecord
    | RunRecord
    | WorkerRecord
    | UserRecord
    | BranchRecord
    | PoolRecord
    | TokenRecord
)


class Changes(msgspec.Struct):
    """What one commit makes durable, all or nothing. Deletions come before `put`.

    Attributes:
        last_ids: the highest id allotted of each kind: job, run, worker.
        put: records to insert or replace, by their key; a key comes once.
        deleted_jobs: jobs to remove with blocks, chunks and names; runs and notes stay.
        deleted_users: users, branches, pools, workers and tokens to remove.
        notes: lines to add.
    """

    last_ids: dict[str, int] = msgspec.field(default_factory=dict)
    put: list[Record] = msgspec.field(default_factory=list)
    deleted_jobs: list[JobId] = msgspec.field(default_factory=list)
    deleted_workers: list[WorkerId] = msgspec.field(default_factory=list)
    deleted_users: list[str] = msgspec.field(default_factory=list)
    deleted_branches: list[str] = msgspec.field(default_factory=list)
    deleted_pools: list[str] = msgspec.field(default_factory=list)
    deleted_tokens: list[tuple[str, str]] = msgspec.field(default_factory=list)
    notes: list[NoteRecord] = msgspec.field(default_factory=list)


class Snapshot(msgspec.Struct):
    """All that a restart needs: every record but runs that ended, and notes."""

    last_ids: dict[str, int] = msgspec.field(default_factory=dict)
    records: list[Record] = msgspec.field(default_factory=list)
