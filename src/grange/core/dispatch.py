"""Who runs what next. A pass costs O(runs started + demands that may fit), never jobs x workers.

The tree of shares gives the job that comes first for the demands which some worker may
serve; the groups give the worker that is best for it. A demand for which no worker is left is
closed until a worker that could serve it changes (`supply.freshen`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from heapq import merge
from itertools import chain, islice

from grange.core import match
from grange.core.demand import Demand, Place
from grange.core.effects import Outcome, StartRun
from grange.core.events import RunStarted, TaskChanged
from grange.core.gates import (
    branch_gate,
    count_start,
    regate_branch,
    regate_job,
    regate_user,
    reoffer_block,
)
from grange.core.objects import Block, Job, Run, Worker
from grange.core.order_run import run_spec
from grange.core.rest import wake_for_work
from grange.core.runs import record
from grange.core.state import FarmState
from grange.core.supply import replace
from grange.model.ids import RunId, WorkerId
from grange.model.states import READY, RUNNING

Found = tuple[Worker, int]  # a worker and the task for it


def dispatch(state: FarmState, now: float, out: Outcome) -> None:
    """Start READY tasks on free workers until nothing can start."""
    aside: list[tuple[Job, Block]] = []
    root = state.branches["/"]
    while state.open_demands and not branch_gate(root, now):
        chosen = _first_job(state)
        if chosen is None:
            break
        job, block = chosen
        demand = state.demands[block.demand]
        found, fits = _find(state, job, block, demand, now)
        if found is not None:
            _start(state, job, block, *found, now, out)
        elif fits:
            job.share.withdraw(block.demand, (block.number,))
            aside.append((job, block))
        else:
            _close_spent(state, root.share.lines)
    for job, block in aside:
        reoffer_block(job, block)
    if state.resting and not branch_gate(root, now):
        wake_for_work(state, now, out)
    if state.open_demands and branch_gate(root, now) == "branch-rate":
        state.set_timer(int(now) + 1.0, "second", number=root.share.share_id)


def _close_spent(state: FarmState, offered: Collection[int]) -> None:
    """Close all demands for which no worker is left. Cost: O(open demands) load checks.

    Where one has become too much for the workers that are left, most others have too: to
    close them one by one would look at all of them for each.
    """
    for demand_id in state.open_demands.intersection(offered):
        demand = state.demands[demand_id]
        workers = _candidates(state, demand)
        if all(match.load_refusal(state, demand.key, worker) for worker in workers):
            demand.fresh = set()
            state.open_demands.discard(demand_id)


def _first_job(state: FarmState) -> tuple[Job, Block] | None:
    """The job and block that come first among the open demands. Cost: O(depth x demands)."""
    share = state.branches["/"].share
    while True:
        found = share.best(share.lines.keys() & state.open_demands)
        if found is None:
            return None
        _, item = found
        at = state.shares[share.share_id]
        if isinstance(at, Job):
            return _try_next(state, at) or (at, at.blocks[int(item[0])])
        share = share.children[int(item[-1])]


def _try_next(state: FarmState, job: Job) -> tuple[Job, Block] | None:
    """The block of the first task that a person wants before the others, if it can start."""
    for number, task in job.try_next:
        block = job.blocks[number]
        ready = block.tasks.state[task] == READY
        offered = (number,) in job.share.lines.get(block.demand, ())
        if ready and offered and block.demand in state.open_demands:
            return job, block
    return None


def _find(
    state: FarmState, job: Job, block: Block, demand: Demand, now: float
) -> tuple[Found | None, bool]:
    """The best worker and task; and whether any worker could serve the demand at all."""
    fits = False
    spent: list[WorkerId] = []
    found = None
    for worker in _candidates(state, demand):
        if match.load_refusal(state, demand.key, worker):
            spent.append(worker.worker_id)
            continue
        fits = True
        if match.host_refusal(state, job, block, worker, now):
            continue
        task = _pick_task(state, job, block, worker, now)
        if task >= 0:
            found = (worker, task)
            break
    if demand.fresh is not None:
        demand.fresh.difference_update(spent)
    return found, fits


def _candidates(state: FarmState, demand: Demand) -> Iterator[Worker]:
    """Workers that may serve a demand, best first."""
    if demand.fresh is None:
        places: Iterator[Place] = chain.from_iterable(
            iter(groups[0].free) if len(groups) == 1 else merge(*(g.free for g in groups))
            for _, groups in demand.ranks
        )
        return (state.workers[WorkerId(place[-1])] for place in places)
    known = (state.workers.get(worker_id) for worker_id in demand.fresh)
    fresh = [worker for worker in known if worker is not None and worker.place is not None]
    if len(fresh) > 1:
        fresh.sort(key=lambda worker: _rank(demand, worker))
    return iter(fresh)


def _rank(demand: Demand, worker: Worker) -> tuple[int, Place]:
    assert worker.group is not None
    assert worker.place is not None
    return (-match.preference(demand.key.pools, worker.group.key), worker.place)


def _pick_task(state: FarmState, job: Job, block: Block, worker: Worker, now: float) -> int:
    """The next task of a block that may run on a worker, -1 if none may."""
    for number, task in job.try_next:
        ready = number == block.number and block.tasks.state[task] == READY
        if ready and not match.task_refusal(state, job, block, task, worker, now):
            return task
    task = block.picker.peek(block.tasks)
    if task < 0 or not match.task_refusal(state, job, block, task, worker, now):
        return task
    for other in block.picker.others(block.tasks, task):
        if not match.task_refusal(state, job, block, other, worker, now):
            return other
    return -1


def _start(
    state: FarmState,
    job: Job,
    block: Block,
    worker: Worker,
    task: int,
    now: float,
    out: Outcome,
) -> None:
    run_id = RunId(state.new_id("run"))
    attempt = block.tasks.start(task, run_id)
    coeff = _coefficient(block, worker)
    need = state.demands[block.demand].key
    run = Run(
        run_id=run_id,
        job_id=job.job_id,
        block=block.number,
        task=task,
        worker_id=worker.worker_id,
        attempt=attempt,
        started=now,
        capacity=block.spec.capacity * max(1, coeff),
        coeff=coeff,
        memory_mb=max(0, need.memory_mb),
        gpus=_free_gpus(worker, need.gpus) if need.gpus else (),
        tickets=need.tickets,
    )
    state.start_run(run)
    worker.changed = now
    replace(state, worker)
    _book(state, job, block, run, worker, now, out)
    _regate(state, job, block, now)


def _free_gpus(worker: Worker, wanted: int) -> tuple[int, ...]:
    """The first so many GPUs that no task of a worker has."""
    free = (gpu for gpu in range(worker.traits.gpus) if gpu not in worker.gpus_used)
    return tuple(islice(free, wanted))


def _coefficient(block: Block, worker: Worker) -> int:
    """How many times its capacity a task takes; 0 when that is not variable."""
    spec = block.spec
    if not (spec.capacity_coeff_min or spec.capacity_coeff_max):
        return 0
    least, most = max(1, spec.capacity_coeff_min), spec.capacity_coeff_max
    if worker.capacity < 0:
        return max(least, most)  # no bound but the block's own
    room = (worker.capacity - worker.capacity_used) // spec.capacity
    return max(least, min(most or room, room))


def _book(
    state: FarmState, job: Job, block: Block, run: Run, worker: Worker, now: float, out: Outcome
) -> None:
    state.touch_tasks(block)
    state.dirty.runs[run.run_id] = record(run, worker.name)
    if not job.started:
        job.started = now
        state.dirty.jobs.add(job.job_id)
    if not block.started:
        block.started = now
        state.touch_block(block)
    if job.try_next and (block.number, run.task) in job.try_next:
        job.try_next.remove((block.number, run.task))
        state.dirty.jobs.add(job.job_id)
    out.events.append(RunStarted(run.run_id, job.job_id, block.number, run.task, worker.worker_id))
    out.events.append(TaskChanged(job.job_id, block.number, run.task, RUNNING))
    out.effects.append(StartRun(worker.worker_id, run_spec(state, job, block, run, worker)))


def _regate(state: FarmState, job: Job, block: Block, now: float) -> None:
    """Count the start against limits and close what has reached one."""
    reoffer_block(job, block)
    job.starts = count_start(job.starts, now)
    regate_job(state, job, now)
    user = state.users[job.user]
    user.starts = count_start(user.starts, now)
    if user.spec.max_running_tasks >= 0 or user.spec.max_tasks_per_second >= 0:
        regate_user(state, user, now)
    for branch in state.branch_chain(job.spec.branch):
        branch.starts = count_start(branch.starts, now)
        if branch.spec.max_running_tasks >= 0 or branch.spec.max_tasks_per_second >= 0:
            regate_branch(state, branch, now)
