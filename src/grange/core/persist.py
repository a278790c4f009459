"""The farm to records and back. Indexes are never stored: `restore` rebuilds them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from grange.core import deps, rest
from grange.core.build import add_branch, enter, reshape, set_solving, watch_life
from grange.core.effects import Outcome
from grange.core.gates import regate_branch, regate_user
from grange.core.health import await_test
from grange.core.moves import refit_block
from grange.core.objects import Block, Job, Pool, Run, User, Worker, parent_path
from grange.core.pick import Picker
from grange.core.records import (
    BlockRecord,
    BranchRecord,
    Changes,
    ChunkRecord,
    HostErrors,
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
from grange.core.runs import watch_errors
from grange.core.state import Dirty, FarmState
from grange.core.supply import memory_need, regroup
from grange.core.tasks import CHUNK, TaskTable
from grange.core.tree import Share
from grange.model.ids import JobId
from grange.model.states import Presence


def take_dirty(state: FarmState) -> Changes:
    """All that changed since the last call, ready to be made durable."""
    dirty, state.dirty = state.dirty, Dirty()
    changes = Changes(
        last_ids=dict(state.last_ids),
        deleted_jobs=dirty.deleted_jobs,
        deleted_workers=dirty.deleted_workers,
        deleted_users=dirty.deleted_users,
        deleted_branches=dirty.deleted_branches,
        deleted_pools=dirty.deleted_pools,
        deleted_tokens=dirty.deleted_tokens,
    )
    put = changes.put
    put.extend(_user_record(state.users[name]) for name in sorted(dirty.users))
    for path in sorted(dirty.branches):
        branch = state.branches[path]
        put.append(BranchRecord(path=path, spec=branch.spec, created=branch.created))
    for path in sorted(dirty.pools):
        pool = state.pools[path]
        put.append(PoolRecord(path=path, spec=pool.spec, created=pool.created))
    put.extend(_worker_record(state.workers[number]) for number in sorted(dirty.workers))
    put.extend(_job_record(state.jobs[job_id]) for job_id in sorted(dirty.jobs))
    for job_id, number in sorted(dirty.blocks):
        block = state.jobs[job_id].blocks[number]
        put.append(_block_record(block))
        put.extend(_name_records(block))
    for job_id, number in sorted(dirty.chunks):
        put.extend(_chunk_records(state.jobs[job_id].blocks[number]))
    put.extend(dirty.runs.values())
    for user, token in sorted(dirty.tokens):
        made, created = state.tokens[user, token]
        put.append(TokenRecord(user=user, token=token, job_id=made, created=created))
    return changes


def is_empty(changes: Changes) -> bool:
    """Whether there is nothing to make durable."""
    return not any(
        getattr(changes, name) for name in changes.__struct_fields__ if name != "last_ids"
    )


def _user_record(user: User) -> UserRecord:
    return UserRecord(user=user.user, spec=user.spec, created=user.created)


def _worker_record(worker: Worker) -> WorkerRecord:
    return WorkerRecord(
        worker_id=worker.worker_id,
        name=worker.name,
        spec=worker.spec,
        traits=worker.traits,
        boot_id=worker.boot_id,
        pool=worker.pool,
        registered=worker.registered,
        seen=worker.seen,
        online=worker.presence is not Presence.OFFLINE,
        sick=worker.sick,
        home=worker.home,
        address=worker.address,
        joined=worker.joined,
        launched=worker.launched,
        rest=worker.rest,
        rested=worker.rested,
    )


def _job_record(job: Job) -> JobRecord:
    return JobRecord(
        job_id=job.job_id,
        spec=job.spec,
        user=job.user,
        created=job.created,
        started=job.started,
        done=job.done,
        position=job.position,
        token=job.token,
        report=job.report,
        try_next=tuple(job.try_next),
    )


def _block_record(block: Block) -> BlockRecord:
    return BlockRecord(
        job_id=block.job_id,
        block=block.number,
        spec=block.spec,
        pre_for=block.pre_for,
        named=len(block.named),
        error_hosts=dict(block.error_hosts),
        run_time_min=block.run_time_min,
        run_time_max=block.run_time_max,
        run_time_sum=block.run_time_sum,
        started=block.started,
        done=block.done,
    )


def _name_records(block: Block) -> Iterator[NamesRecord]:
    for number in sorted(block.dirty_names):
        tasks = tuple(block.named[number * CHUNK : (number + 1) * CHUNK])
        yield NamesRecord(job_id=block.job_id, block=block.number, number=number, tasks=tasks)
    block.dirty_names.clear()


def _chunk_records(block: Block) -> Iterator[ChunkRecord]:
    errors: defaultdict[int, dict[int, dict[str, HostErrors]]] = defaultdict(dict)
    for task, hosts in block.task_errors.items():
        errors[task // CHUNK][task] = dict(hosts)
    for number in block.tasks.take_dirty():
        yield ChunkRecord(
            job_id=block.job_id,
            block=block.number,
            number=number,
            columns=block.tasks.pack(number),
            error_hosts=errors.get(number, {}),
        )


class _Sorted:
    """A snapshot's records by kind and owner."""

    def __init__(self, records: Iterable[Record]) -> None:
        self.users: list[UserRecord] = []
        self.branches: list[BranchRecord] = []
        self.pools: list[PoolRecord] = []
        self.workers: list[WorkerRecord] = []
        self.jobs: list[JobRecord] = []
        self.runs: list[RunRecord] = []
        self.tokens: list[TokenRecord] = []
        self.blocks: defaultdict[JobId, list[BlockRecord]] = defaultdict(list)
        self.chunks: defaultdict[tuple[JobId, int], list[ChunkRecord]] = defaultdict(list)
        self.names: defaultdict[tuple[JobId, int], list[NamesRecord]] = defaultdict(list)
        self._list_of: dict[type, list[Any]] = {
            UserRecord: self.users,
            BranchRecord: self.branches,
            PoolRecord: self.pools,
            WorkerRecord: self.workers,
            JobRecord: self.jobs,
            RunRecord: self.runs,
            TokenRecord: self.tokens,
        }
        for item in records:
            self._sort(item)

    def _sort(self, item: Record) -> None:
        if isinstance(item, ChunkRecord):
            self.chunks[item.job_id, item.block].append(item)
        elif isinstance(item, NamesRecord):
            self.names[item.job_id, item.block].append(item)
        elif isinstance(item, BlockRecord):
            self.blocks[item.job_id].append(item)
        else:
            self._list_of[type(item)].append(item)


def restore(state: FarmState, snapshot: Snapshot, now: float) -> None:
    """Fill an empty state from what was stored. Cost: O(everything), once.

    Workers that were linked are MISSING: their runs stay theirs until they come back or
    their lease ends.
    """
    kept = _Sorted(snapshot.records)
    state.last_ids.update(snapshot.last_ids)
    for record in kept.users:
        state.users[record.user] = User(record.user, record.spec, record.created)
    for branch in sorted(kept.branches, key=_depth):
        _restore_branch(state, branch)
    for pool in sorted(kept.pools, key=_depth):
        _restore_pool(state, pool)
    for worker in kept.workers:
        _restore_worker(state, worker)
        await_test(state, state.workers[worker.worker_id], now)
    jobs = sorted(kept.jobs, key=lambda item: (item.position, item.job_id))
    for item in jobs:
        _restore_job(state, item, kept, now)
    for token in sorted(kept.tokens, key=lambda item: item.created):
        state.tokens[token.user, token.token] = (token.job_id, token.created)
    if state.tokens:
        state.set_timer(now, "token")
    for run in sorted(kept.runs, key=lambda item: item.run_id):
        _restore_run(state, run)
    deps.link_jobs(state)
    _refit(state, now)
    state.dirty = Dirty()


def _depth(record: BranchRecord | PoolRecord) -> int:
    """What is above comes first: its path is shorter."""
    return len(record.path)


def _restore_pool(state: FarmState, record: PoolRecord) -> None:
    above = state.pools.get(parent_path(record.path) or "")
    state.pools[record.path] = Pool(record.path, record.spec, record.created, above)


def _restore_branch(state: FarmState, record: BranchRecord) -> None:
    if record.path == "/":
        root = state.branches["/"]
        root.spec = record.spec
        set_solving(root.share, record.spec)
    else:
        add_branch(state, record.path, record.spec, record.created)


def _restore_worker(state: FarmState, record: WorkerRecord) -> None:
    worker = Worker(
        worker_id=record.worker_id,
        name=record.name,
        spec=record.spec,
        traits=record.traits,
        pool=record.pool,
        registered=record.registered,
        boot_id=record.boot_id,
        presence=Presence.MISSING if record.online else Presence.OFFLINE,
        seen=record.seen,
        sick=record.sick,
        home=record.home,
        address=record.address,
        joined=record.joined,
        launched=record.launched,
    )
    rest.begin(state, worker, record.rest, record.rested)
    state.workers[worker.worker_id] = worker
    state.worker_names[worker.name] = worker.worker_id
    state.pools[worker.pool].workers.add(worker.worker_id)
    if worker.spec.nimby == "owner":
        state.owners[worker.spec.user] = state.owners.get(worker.spec.user, 0) + 1
    regroup(state, worker)


def _restore_job(state: FarmState, record: JobRecord, kept: _Sorted, now: float) -> None:
    job = Job(
        job_id=record.job_id,
        spec=record.spec,
        user=record.user,
        created=record.created,
        share=Share(state.new_share(), None, 0, 0),
        started=record.started,
        done=record.done,
        position=record.position,
        token=record.token,
        report=record.report,
        try_next=list(record.try_next),
    )
    for block in sorted(kept.blocks[job.job_id], key=lambda item: item.block):
        names = sorted(kept.names[job.job_id, block.block], key=lambda item: item.number)
        job.blocks.append(_restore_block(job, block, names, kept.chunks[job.job_id, block.block]))
    deps.link_blocks(job)
    enter(state, job, now)
    watch_life(state, job)
    for block_now in job.blocks:
        _watch_errors(state, job, block_now)


def _watch_errors(state: FarmState, job: Job, block: Block) -> None:
    """Have a block looked at again when errors on a host are forgiven."""
    forgive = state.forgive_time(job, block)
    kept = (block.error_hosts, *block.task_errors.values())
    if forgive:
        for last in sorted({entry.last for hosts in kept for entry in hosts.values()}):
            watch_errors(state, job, block, last + forgive)


def _restore_block(
    job: Job, record: BlockRecord, names: list[NamesRecord], chunks: list[ChunkRecord]
) -> Block:
    named = [task for item in names for task in item.tasks]
    space = msgspec.structs.replace(record.spec, tasks=tuple(named)).space()
    table = TaskTable(space.size)  # a chunk that was never stored is READY: see `add_job`
    block = Block(
        job_id=job.job_id,
        number=record.block,
        spec=record.spec,
        space=space,
        tasks=table,
        picker=Picker(space, record.spec.sequential, preview_only=job.spec.preview_approval),
        pre_for=record.pre_for,
        named=named,
        error_hosts=dict(record.error_hosts),
        run_time_min=record.run_time_min,
        run_time_max=record.run_time_max,
        run_time_sum=record.run_time_sum,
        started=record.started,
        done=record.done,
    )
    for chunk in chunks:
        table.unpack(chunk.number, chunk.columns)
        for task, hosts in chunk.error_hosts.items():
            block.task_errors[task] = dict(hosts)
    return block


def _restore_run(state: FarmState, record: RunRecord) -> None:
    job = state.jobs[record.job_id]
    block = job.blocks[record.block]
    memory_mb = memory_need(state, job, block) if record.memory_mb is None else record.memory_mb
    tickets = block.spec.tickets if record.tickets is None else record.tickets
    run = Run(
        run_id=record.run_id,
        job_id=record.job_id,
        block=record.block,
        task=record.task,
        worker_id=record.worker_id,
        attempt=record.attempt,
        started=record.started,
        capacity=record.capacity,
        coeff=record.coeff,
        memory_mb=max(0, memory_mb),
        gpus=record.gpus,
        tickets=tuple(sorted(tickets.items())),
        part=record.part,
        helps=record.helps,
    )
    state.start_run(run)
    worker = state.workers[run.worker_id]
    worker.changed = run.started


def _refit(state: FarmState, now: float) -> None:
    """Work out anew what depends on frames of running tasks, and which limits are reached."""
    for job in state.jobs.values():
        for block in job.blocks:
            refit_block(state, job, block, Outcome())
        reshape(state, job, now)
    for user in state.users.values():
        regate_user(state, user, now)
    for branch in state.branches.values():
        regate_branch(state, branch, now)
