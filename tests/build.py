"""Builders: the least that a test must say."""

from __future__ import annotations

import copy
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any

import pytest

from grange.core import commands as c
from grange.core import records as r
from grange.core.build import new_block
from grange.core.check import faults
from grange.core.commands import EndRun, Joined, JoinWorker, SubmitJob, Submitted
from grange.core.effects import Outcome, StartRun
from grange.core.errors import Rejected
from grange.core.farm import Farm
from grange.core.objects import Block, Job, Worker
from grange.core.why import why_block
from grange.model.ids import JobId, RunId, WorkerId
from grange.model.run import RunResult, RunSpec, Traits
from grange.model.spec import BlockSpec, JobSpec, TaskSpec
from grange.model.states import Presence, RunStatus, TaskOp, TaskState

TRAITS = Traits(os="linux x86_64", cpu_cores=8, cpu_mhz=3_000, memory_mb=64_000, hdd_gb=500)
WAITING, READY, RUNNING, DONE, FAILED, SKIPPED, SUSPENDED = TaskState

Begun = tuple[WorkerId, RunSpec]  # a run that was given to a worker


def block(frames: str = "1-4", **fields: Any) -> BlockSpec:
    """A block of frames that runs `render`."""
    fields.setdefault("command", ("render", "@#@"))
    return BlockSpec(frames=frames, **fields)


def named(*names: str, **fields: Any) -> BlockSpec:
    """A block of named tasks."""
    tasks = tuple(TaskSpec(name=name, command=("do", name)) for name in names)
    return BlockSpec(tasks=tasks, **fields)


def job(*blocks: BlockSpec, **fields: Any) -> JobSpec:
    """A job; of one block of four frames unless blocks are given."""
    fields.setdefault("name", "job")
    return JobSpec(blocks=blocks or (block(),), **fields)


def only_block(spec: BlockSpec, *, preview: bool = False) -> Block:
    """A block that is in no job."""
    return new_block(JobId(1), 0, spec, None, preview)


def submit(farm: Farm, spec: JobSpec | None = None, user: str = "ada", now: float = 1) -> JobId:
    """Submit a job."""
    reply = farm.apply(SubmitJob(spec=spec or job(), user=user), now).reply
    assert isinstance(reply, Submitted)
    return reply.job_id


def join(farm: Farm, name: str = "node", now: float = 1, **fields: Any) -> WorkerId:
    """Let a worker join."""
    fields.setdefault("traits", TRAITS)
    reply = farm.apply(JoinWorker(name=name, boot_id=fields.pop("boot", "b"), **fields), now).reply
    assert isinstance(reply, Joined)
    return reply.worker_id


def spare(farm: Farm) -> WorkerId:
    """Let a worker join that could serve like any other, but is given no task."""
    worker_id = join(farm, "spare")
    farm.apply(c.EditWorker(worker_id=worker_id, changes={"max_tasks_host": 0}), 0)
    return worker_id


def started(farm: Farm, now: float = 1) -> list[Begun]:
    """Dispatch. The runs that were started."""
    effects = farm.dispatch(now).effects
    return [(item.worker_id, item.run) for item in effects if isinstance(item, StartRun)]


def one(farm: Farm, now: float = 1) -> Begun:
    """Dispatch. The only run that was started."""
    (found,) = started(farm, now)
    return found


def begun(farm: Farm, now: float = 1) -> list[int]:
    """Dispatch. The tasks that were started, in order."""
    return [run.task for _, run in started(farm, now)]


def hosts(farm: Farm, now: float = 1) -> list[str]:
    """Dispatch. The workers that were chosen, in order."""
    return [farm.state.workers[worker_id].name for worker_id, _ in started(farm, now)]


def end(
    farm: Farm,
    worker_id: WorkerId,
    run_id: RunId,
    status: RunStatus = RunStatus.DONE,
    now: float = 1,
    **fields: Any,
) -> Outcome:
    """Report the end of a run."""
    result = RunResult(status=status, **{"duration_s": 1.0, **fields})
    return farm.apply(EndRun(worker_id=worker_id, run_id=run_id, result=result), now)


def run_all(farm: Farm, now: float = 1, most: int = 10_000) -> list[RunSpec]:
    """Let everything run and end well. The runs, in the order of their starts."""
    runs: list[RunSpec] = []
    while (batch := started(farm, now)) and len(runs) < most:
        for worker_id, run in batch:
            end(farm, worker_id, run.run_id, now=now)
            runs.append(run)
    return runs


def fail(farm: Farm, times: int = 1, now: float = 1) -> list[str]:
    """Let the next run fail, so often. The workers that it was on."""
    names = []
    for _ in range(times):
        worker_id, run = started(farm, now)[0]
        names.append(farm.state.workers[worker_id].name)
        end(farm, worker_id, run.run_id, RunStatus.FAILED, now)
    return names


def states(farm: Farm, job_id: JobId, number: int = 0) -> list[TaskState]:
    """States of a block's tasks."""
    return [TaskState(value) for value in farm.state.jobs[job_id].blocks[number].tasks.state]


def block_of(farm: Farm, job_id: JobId, number: int = 0) -> Block:
    """A block in the farm."""
    return farm.state.jobs[job_id].blocks[number]


def job_of(farm: Farm, job_id: JobId) -> Job:
    """A job in the farm."""
    return farm.state.jobs[job_id]


def worker_of(farm: Farm, worker_id: WorkerId) -> Worker:
    """A worker in the farm."""
    return farm.state.workers[worker_id]


def edit_job(
    farm: Farm, job_id: JobId, block: int | None = None, now: float = 1, **changes: Any
) -> Outcome:
    """Change fields of a job or block."""
    return farm.apply(c.EditJob(job_id=job_id, block=block, changes=changes), now)


def edit_user(farm: Farm, user: str = "ada", now: float = 1, **changes: Any) -> Outcome:
    """Change what is set on a user."""
    return farm.apply(c.EditUser(user=user, changes=changes), now)


def edit_branch(farm: Farm, path: str = "/", now: float = 1, **changes: Any) -> Outcome:
    """Change what is set on a branch."""
    return farm.apply(c.EditBranch(path=path, changes=changes), now)


def edit_pool(farm: Farm, path: str = "/", now: float = 1, **changes: Any) -> Outcome:
    """Change what is set on a pool."""
    return farm.apply(c.EditPool(path=path, changes=changes), now)


def edit_worker(farm: Farm, worker_id: WorkerId, now: float = 1, **changes: Any) -> Outcome:
    """Change what is set on a worker."""
    return farm.apply(c.EditWorker(worker_id=worker_id, changes=changes), now)


def change(farm: Farm, job_id: JobId, op: TaskOp, now: float = 1, **fields: Any) -> object:
    """Do an operation to tasks. How many it touched."""
    return farm.apply(c.ChangeTasks(job_id=job_id, op=op, **fields), now).reply


def why(farm: Farm, job_id: JobId, number: int = 0, now: float = 1) -> list[str]:
    """The codes of the reasons why a block does not run."""
    job = farm.state.jobs[job_id]
    view = why_block(farm.state, job, job.blocks[number], now)
    return [reason.code for reason in view.reasons]


def image(farm: Farm) -> Any:
    """All that a command could change, comparable."""
    state = farm.state
    tasks = {
        (job.job_id, block.number): (
            *(bytes(column) for column in (block.tasks.state, block.tasks.flags)),
            *(bytes(column) for column in (block.tasks.errors, block.tasks.last_run)),
            *(block.spec, tuple(block.named), dict(block.error_hosts), dict(block.task_errors)),
            *(set(block.waits), block.task_waits, dict(block.sub_frames)),
        )
        for job in state.jobs.values()
        for block in job.blocks
    }
    jobs = [
        (j.job_id, j.spec, j.user, j.done, j.position, list(j.try_next), set(j.waits), j.report)
        for j in state.jobs.values()
    ]
    workers = [
        (w.worker_id, w.name, w.spec, w.pool, w.presence, w.sick, set(w.runs), w.traits, w.boot_id)
        for w in state.workers.values()
    ]
    users = [(u.user, u.spec, list(u.jobs), u.running) for u in state.users.values()]
    branches = [(b.path, b.spec, set(b.jobs), b.share.running) for b in state.branches.values()]
    pools = [(p.path, p.spec, set(p.workers)) for p in state.pools.values()]
    others = (dict(state.runs), dict(state.last_ids), dict(state.tokens), dict(state.owners))
    kinds = (jobs, workers, users, branches, pools)
    return copy.deepcopy(
        (tasks, *(sorted(kind, key=lambda row: row[0]) for kind in kinds), others)
    )


def durable(farm: Farm) -> list[object]:
    """What of a farm a restart must bring back: all but which links are up."""
    seen: Any = image(farm)
    tasks, jobs, workers, *others = seen
    unlinked = [
        tuple(Presence.MISSING if item is Presence.ONLINE else item for item in worker)
        for worker in workers
    ]
    lists = (jobs, unlinked, *others[:3])
    return [tasks, *(sorted(items, key=str) for items in lists), others[3:]]


def refused(
    farm: Farm,
    command: c.Command,
    error: type[Rejected],
    field: str = "",
    now: float = 1,
) -> str:
    """Apply a command that must be refused and must change nothing. What it says."""
    before = image(farm)
    with pytest.raises(error) as caught:
        farm.apply(command, now)
    said = str(caught.value)
    assert (type(caught.value), caught.value.field) == (error, field), said
    assert caught.value.code == re.sub(r"(?<!^)(?=[A-Z])", "-", error.__name__).lower()
    assert re.fullmatch(r"[^A-Z].* .*[^.]", said, re.DOTALL), said
    assert image(farm) == before
    return said


KEYS: dict[type, tuple[str, ...]] = {
    r.JobRecord: ("job_id",),
    r.BlockRecord: ("job_id", "block"),
    r.ChunkRecord: ("job_id", "block", "number"),
    r.NamesRecord: ("job_id", "block", "number"),
    r.RunRecord: ("run_id",),
    r.WorkerRecord: ("worker_id",),
    r.UserRecord: ("user",),
    r.BranchRecord: ("path",),
    r.PoolRecord: ("path",),
    r.TokenRecord: ("user", "token"),
}
JOB_KINDS = (r.JobRecord, r.BlockRecord, r.ChunkRecord, r.NamesRecord)


class Disk:
    """What a store would hold: the last record of each key."""

    def __init__(self) -> None:
        self.last_ids: dict[str, int] = {}
        self.rows: dict[tuple[object, ...], Any] = {}

    def commit(self, changes: r.Changes) -> None:
        """Make changes durable."""
        self.last_ids = changes.last_ids
        deleted: list[tuple[type, Sequence[object]]] = [
            *((kind, changes.deleted_jobs) for kind in JOB_KINDS),
            (r.WorkerRecord, changes.deleted_workers),
            (r.UserRecord, changes.deleted_users),
            (r.BranchRecord, changes.deleted_branches),
            (r.PoolRecord, changes.deleted_pools),
        ]
        gone = {(kind, name) for kind, names in deleted for name in names}
        self.rows = {key: row for key, row in self.rows.items() if key[:2] not in gone}
        for user, token in changes.deleted_tokens:
            self.rows.pop((r.TokenRecord, user, token), None)
        for item in changes.put:
            kind = type(item)
            self.rows[kind, *(getattr(item, name) for name in KEYS[kind])] = item

    def load(self) -> r.Snapshot:
        """All that a restart needs."""
        rows = self.rows.values()
        kept = [row for row in rows if not isinstance(row, r.RunRecord) or row.result is None]
        return r.Snapshot(last_ids=self.last_ids, records=kept)


def restarted(farm: Farm, now: float = 1) -> Farm:
    """A farm that was never committed, as it comes back after a restart."""
    disk = Disk()
    disk.commit(farm.take_dirty())
    again = Farm.restore(disk.load(), now)
    assert list(faults(again.state)) == []
    return again


class Life:
    """A farm whose every change so far is on disk; `again` is what comes back after more."""

    def __init__(self, farm: Farm) -> None:
        self.farm = farm
        self.disk = Disk()
        self.disk.commit(farm.take_dirty())

    def again(self, now: float = 1) -> Farm:
        """Commit what changed since, and restore."""
        self.disk.commit(self.farm.take_dirty())
        return Farm.restore(self.disk.load(), now)


@contextmanager
def counted(*names: str) -> Iterator[Counter[str]]:
    """Count the calls of some Python functions, by their names; of all where none is named."""
    calls: Counter[str] = Counter()

    def profile(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and (not names or frame.f_code.co_name in names):
            calls[frame.f_code.co_name] += 1

    sys.setprofile(profile)
    try:
        yield calls
    finally:
        sys.setprofile(None)
