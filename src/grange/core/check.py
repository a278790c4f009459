"""What must hold after every command. Used by tests, by the simulator and by `grange doctor`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from grange.core import deps
from grange.core.demand import Demand
from grange.core.gates import OPEN, block_gate, branch_gate, job_gate, user_gate
from grange.core.match import group_refusal, load_refusal
from grange.core.objects import Block, Job, Worker
from grange.core.state import FarmState
from grange.core.supply import group_key, need_of, wanted_place
from grange.model.ids import WorkerId
from grange.model.states import TaskFlag, TaskState

LATE = 2.0**53  # seconds: later than any time that a job may wait for


def faults(state: FarmState) -> Iterator[str]:
    """Each broken invariant, as a sentence. Reads the whole farm: O(tasks + demands x workers)."""
    for job in state.jobs.values():
        for block in job.blocks:
            yield from _block_faults(state, job, block)
        yield from _job_faults(state, job)
    yield from _run_faults(state)
    yield from _worker_faults(state)
    yield from _limit_faults(state)
    yield from _share_faults(state)
    yield from _gate_faults(state)
    yield from _demand_faults(state)


def _block_faults(state: FarmState, job: Job, block: Block) -> Iterator[str]:
    name, table = f"block {job.job_id}/{block.number}", block.tasks
    for task_state in TaskState:
        if table.counts[task_state] != table.state.count(task_state):
            yield f"{name}: count of {task_state.name} is off"
    if table.warned != sum(1 for flag in table.flags if flag & TaskFlag.WARNING):
        yield f"{name}: count of warnings is off"
    if block.finished is not bool(block.done):
        yield f"{name}: done mark is off"
    yield from _readiness_faults(job, block)
    offered = (block.number,) in job.share.lines.get(block.demand, ())
    if offered is not (block_gate(job, block) == OPEN):
        yield f"{name}: offered is {offered}, gate says {block_gate(job, block)!r}"
    if need_of(state, job, block) != state.demands[block.demand].key:
        yield f"{name}: its demand is of other needs"


def _readiness_faults(job: Job, block: Block) -> Iterator[str]:
    name, table = f"block {job.job_id}/{block.number}", block.tasks
    waits = {
        number
        for number in range(len(job.blocks))
        if block.number in job.blocks[number].dependants and not job.blocks[number].finished
    }
    if waits != block.waits:
        yield f"{name}: waits for {block.waits}, should for {waits}"
    if block.task_waits:
        for task in range(table.size):
            fits = deps.start_state(job, block, task) == table.state[task]
            if not fits and table.state[task] in (TaskState.WAITING, TaskState.READY):
                yield f"{name}: readiness of task {task} is off"
    elif table.counts[TaskState.WAITING]:
        yield f"{name}: tasks wait for nothing"


def _job_faults(state: FarmState, job: Job) -> Iterator[str]:
    name = f"job {job.job_id}"
    if job.finished is not bool(job.done):
        yield f"{name}: done mark is off"
    yield from _wait_faults(state, job)
    if job.job_id not in state.names.get(job.spec.name, ()):
        yield f"{name}: not found by its name"
    if job.job_id not in state.users[job.user].jobs:
        yield f"{name}: unknown to its user"
    if job.job_id not in state.branches[job.spec.branch].jobs:
        yield f"{name}: unknown to its branch"


def _wait_faults(state: FarmState, job: Job) -> Iterator[str]:
    name = f"job {job.job_id}"
    if job.done and job.waits:
        yield f"{name}: is done and waits"
    for other in (state.jobs[job_id] for job_id in job.waits):
        if other.done:
            yield f"{name}: waits for job {other.job_id} that is done"
        if job.job_id not in other.dependants:
            yield f"{name}: unknown to job {other.job_id} that it waits for"
        if not deps.waits_on(job, other.spec.name, other.user, other.job_id):
            yield f"{name}: waits for job {other.job_id} though no rule of it says so"


def _run_faults(state: FarmState) -> Iterator[str]:
    for run in state.runs.values():
        table = state.jobs[run.job_id].blocks[run.block].tasks
        if table.state[run.task] != TaskState.RUNNING:
            yield f"run {run.run_id}: its task is not RUNNING"
        if table.last_run[run.task] != run.run_id:
            yield f"run {run.run_id}: its task has another run"
        if run.run_id not in state.workers[run.worker_id].runs:
            yield f"run {run.run_id}: unknown to its worker"
    running = sum(
        block.tasks.counts[TaskState.RUNNING]
        for job in state.jobs.values()
        for block in job.blocks
    )
    if running != len(state.runs):
        yield f"{running} RUNNING tasks but {len(state.runs)} runs"


def _worker_faults(state: FarmState) -> Iterator[str]:
    for worker in state.workers.values():
        name = f"worker {worker.worker_id}"
        runs = [state.runs[run_id] for run_id in worker.runs]
        if worker.capacity_used != sum(run.capacity for run in runs):
            yield f"{name}: capacity used is off"
        if worker.memory_reserved_mb != sum(run.memory_mb for run in runs):
            yield f"{name}: memory reserved is off"
        if worker.gpus_used != {gpu for run in runs for gpu in run.gpus}:
            yield f"{name}: GPUs used are off"
        held: Counter[str] = Counter()
        for run in runs:
            held.update(dict(run.tickets))
        if worker.tickets_used != dict(held):
            yield f"{name}: tickets used are off"
        yield from _place_faults(state, worker)


def _place_faults(state: FarmState, worker: Worker) -> Iterator[str]:
    name = f"worker {worker.worker_id}"
    if worker.place != wanted_place(worker):
        yield f"{name}: its place in line is off"
    if worker.group is None or worker.group.key != group_key(state, worker):
        yield f"{name}: its group is off"
    elif worker.place is not None and worker.place not in worker.group.free:
        yield f"{name}: not in its group's line"
    if worker.worker_id not in state.pools[worker.pool].workers:
        yield f"{name}: unknown to its pool"


def _limit_faults(state: FarmState) -> Iterator[str]:
    """Tickets are never exceeded, GPUs never given twice."""
    for pool in state.pools.values():
        for name, used in pool.tickets_used.items():
            below = [
                worker
                for worker in state.workers.values()
                if any(item is pool for item in state.pool_chain(worker.pool))
            ]
            held = {w.worker_id: w.tickets_used[name] for w in below if name in w.tickets_used}
            if held != used:
                yield f"pool {pool.path}: use of ticket {name} is off"
    for worker in state.workers.values():
        gpus = [gpu for run_id in worker.runs for gpu in state.runs[run_id].gpus]
        if len(gpus) != len(set(gpus)):
            yield f"worker {worker.worker_id}: a GPU was given twice"


def _share_faults(state: FarmState) -> Iterator[str]:
    for job in state.jobs.values():
        running = sum(block.tasks.counts[TaskState.RUNNING] for block in job.blocks)
        if job.share.running != running:
            yield f"job {job.job_id}: its share counts {job.share.running}, {running} run"
        share = job.share
        while share.parent is not None:
            if share.key != share.wanted_key():
                yield f"share {share.share_id}: its key is off"
            for demand in share.lines:
                offered = share.key in share.parent.lines.get(demand, ())
                if offered is share.closed:
                    yield f"share {share.share_id}: offer of demand {demand} is off"
            share = share.parent
    for branch in state.branches.values():
        children = sum(child.running for child in branch.share.children.values())
        if branch.share.running != children:
            yield f"branch {branch.path}: its share counts {branch.share.running}, not {children}"


def _gate_faults(state: FarmState) -> Iterator[str]:
    """What is held back, and not for a time, makes no offers; nobody is held back for ever."""
    for job_id in deps.stuck_jobs(state):
        yield f"job {job_id}: waits in a circle"
    for job in state.jobs.values():
        code = job_gate(state, job, LATE)
        if code and not job.share.closed:
            yield f"job {job.job_id}: open, though {code}"
    for user in state.users.values():
        code = user_gate(user, LATE)
        if code and not all(share.closed for share in user.shares.values()):
            yield f"user {user.user}: open, though {code}"
    for branch in state.branches.values():
        code = branch_gate(branch, LATE)
        if code and not branch.share.closed and branch.share.parent is not None:
            yield f"branch {branch.path}: open, though {code}"


def _demand_faults(state: FarmState) -> Iterator[str]:
    counts = Counter(block.demand for job in state.jobs.values() for block in job.blocks)
    for demand in state.demands.values():
        if demand.blocks != counts[demand.demand_id]:
            yield f"demand {demand.demand_id}: its number of blocks is off"
        served = {id(group) for _, groups in demand.ranks for group in groups}
        for group in state.groups.values():
            can = not group_refusal(demand.key, group.key)
            if can is not (id(group) in served) or can is not (demand.demand_id in group.demands):
                yield f"demand {demand.demand_id}: groups that serve it are off"
        if demand.demand_id not in state.open_demands:
            yield from _closed_faults(state, demand)


def _closed_faults(state: FarmState, demand: Demand) -> Iterator[str]:
    for _, groups in demand.ranks:
        for place in (place for group in groups for place in group.free):
            worker = state.workers[WorkerId(place[-1])]
            if not load_refusal(state, demand.key, worker):
                yield f"demand {demand.demand_id}: closed, but {worker.name} could serve it"
