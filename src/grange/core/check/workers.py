"""Runs and workers: what is held, on which task, on which machine, within which bounds."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from grange.core.check.recount import Recount
from grange.core.lines import holds
from grange.core.objects import Run, Worker
from grange.core.state import FarmState
from grange.core.supply import group_key, wanted_place
from grange.model.ids import RunId, WorkerId
from grange.model.states import Part, Presence, Rest, TaskState


def run_faults(state: FarmState) -> Iterator[str]:
    """Each RUNNING task has one run, the last it was given; each run has its task."""
    for run in state.runs.values():
        if run.run_id not in state.workers[run.worker_id].runs:
            yield f"run {run.run_id}: unknown to its worker"
        if run.part is not Part.TASK:
            continue
        table = state.jobs[run.job_id].blocks[run.block].tasks
        if table.state[run.task] != TaskState.RUNNING:
            yield f"run {run.run_id}: its task is not RUNNING"
        if table.last_run[run.task] != run.run_id:
            yield f"run {run.run_id}: its task has another run"
        if table.starts[run.task] != run.attempt:
            yield f"run {run.run_id}: its task was started {table.starts[run.task]} times"
    running = sum(
        block.tasks.counts[TaskState.RUNNING]
        for job in state.jobs.values()
        for block in job.blocks
    )
    runs = sum(run.part is Part.TASK for run in state.runs.values())
    if running != runs:
        yield f"{running} RUNNING tasks but {runs} runs of tasks"


def helper_faults(state: FarmState) -> Iterator[str]:
    """Runs that serve others are known by those, and machines are kept for one block or none."""
    helpers: defaultdict[RunId, set[RunId]] = defaultdict(set)
    for run in state.runs.values():
        if run.part is not Part.TASK:
            helpers[run.helps].add(run.run_id)
            yield from _helper_faults(state, run)
    if state.helpers != helpers:
        yield "runs that serve others are off"
    if (state.holder is None) is not (state.held_for is None) or (
        state.held and state.holder is None
    ):
        yield "machines are kept for nobody"


def _helper_faults(state: FarmState, run: Run) -> Iterator[str]:
    """A run that serves another one ends before it does."""
    main = state.runs.get(run.helps)
    if main is None or main.part is not Part.TASK:
        yield f"run {run.run_id}: serves no run of a task"
    elif (main.job_id, main.block, main.task) != (run.job_id, run.block, run.task):
        yield f"run {run.run_id}: serves another task's run"
    elif (run.part is Part.BESIDE) is not (main.worker_id == run.worker_id):
        yield f"run {run.run_id}: is {run.part} on the wrong machine"


def worker_faults(state: FarmState, recount: Recount) -> Iterator[str]:
    """What a worker has in use is what its runs hold."""
    for worker in state.workers.values():
        name = f"worker {worker.worker_id}"
        runs = recount.workers[worker.worker_id]
        if worker.runs != {run.run_id for run in runs}:
            yield f"{name}: knows other runs than its own"
        if worker.beside != sum(run.part is Part.BESIDE for run in runs):
            yield f"{name}: runs beside others are off"
        if runs and worker.presence is Presence.OFFLINE:
            yield f"{name}: is offline and has runs"
        if worker.capacity_used != sum(run.capacity for run in runs):
            yield f"{name}: capacity used is off"
        if worker.memory_reserved_mb != sum(run.memory_mb for run in runs):
            yield f"{name}: memory reserved is off"
        yield from _gpu_faults(name, worker, runs)
        held: Counter[str] = Counter()
        for run in runs:
            held.update(dict(run.tickets))
        if worker.tickets_used != dict(held):
            yield f"{name}: tickets used are off"
        yield from _place_faults(state, worker)


def _gpu_faults(name: str, worker: Worker, runs: list[Run]) -> Iterator[str]:
    gpus = [gpu for run in runs for gpu in run.gpus]
    if worker.gpus_used != set(gpus):
        yield f"{name}: GPUs used are off"
    if len(gpus) != len(set(gpus)):
        yield f"{name}: a GPU was given twice"


def rest_faults(state: FarmState) -> Iterator[str]:
    """The machines that sleep are known, and none of them has a link."""
    resting = {
        worker.worker_id
        for worker in state.workers.values()
        if worker.rest in (Rest.ASLEEP, Rest.WAKING)
    }
    if state.resting != resting:
        yield "workers whose machines sleep are off"
    for worker_id in sorted(resting):
        if state.workers[worker_id].linked:
            yield f"worker {worker_id}: sleeps and is linked"


def _place_faults(state: FarmState, worker: Worker) -> Iterator[str]:
    name = f"worker {worker.worker_id}"
    if worker.place != wanted_place(worker):
        yield f"{name}: its place in line is off"
    key = group_key(state, worker)
    if worker.group is None or worker.group.key != key:
        yield f"{name}: its group is off"
    elif worker.place is not None and not holds(worker.group.free, worker.place):
        yield f"{name}: not in its group's line"
    if (worker.capacity, worker.max_tasks) != (key.capacity, key.max_tasks):
        yield f"{name}: its bounds are not its pools'"


def ticket_faults(state: FarmState) -> Iterator[str]:
    """Pools know the tickets that are in use below them."""
    held: dict[str, dict[str, dict[WorkerId, int]]] = {path: {} for path in state.pools}
    for worker in state.workers.values():
        for pool in state.pool_chain(worker.pool):
            for name, count in worker.tickets_used.items():
                held[pool.path].setdefault(name, {})[worker.worker_id] = count
    for path, pool in state.pools.items():
        for name in held[path].keys() | pool.tickets_used.keys():
            if held[path].get(name, {}) != pool.tickets_used.get(name, {}):
                yield f"pool {path}: use of ticket {name} is off"


def host_faults(state: FarmState, recount: Recount) -> Iterator[str]:
    """Users and branches know what runs for them, and where."""
    for user in state.users.values():
        hosts = recount.user_hosts[user.user]
        if (user.running, user.hosts) != (recount.running[user.user], hosts):
            yield f"user {user.user}: tasks that run are off"
    for branch in state.branches.values():
        if branch.hosts != recount.branch_hosts[branch.path]:
            yield f"branch {branch.path}: tasks per host are off"
