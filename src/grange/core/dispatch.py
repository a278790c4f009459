"""Who runs what next. A pass costs O(runs started + demands that may fit), never jobs x workers.

The tree of shares gives the job that comes first for the demands which some worker may
serve; the groups give the worker that is best for it. A demand for which no worker is left is
closed until a worker that could serve it changes (`supply.freshen`).
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import islice

import msgspec

from grange.core import choose, many
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
from grange.core.order_run import helper_spec, run_spec
from grange.core.rest import wake_for_work
from grange.core.runs import record
from grange.core.state import FarmState
from grange.core.supply import replace
from grange.model.ids import RunId
from grange.model.states import READY, RUNNING, Part

Serving = tuple[RunId, Worker, Part]  # a run that serves a task, and where


def dispatch(state: FarmState, now: float, out: Outcome) -> None:
    """Start READY tasks on free workers until nothing can start."""
    many.review(state)
    aside: list[tuple[Job, Block]] = []
    root = state.branches["/"]
    while state.open_demands and not branch_gate(root, now):
        chosen = _first_job(state)
        if chosen is None:
            break
        job, block = chosen
        demand = state.demands[block.demand]
        find = many.find if demand.key.hosts else choose.find
        found, fits = find(state, job, block, demand, now)
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
    """Close all demands for which too few workers are left. Cost: O(open demands) load checks.

    Where one has become too much for the workers that are left, most others have too: to
    close them one by one would look at all of them for each.
    """
    for demand_id in state.open_demands.intersection(offered):
        demand = state.demands[demand_id]
        needed = max(1, demand.key.hosts)
        left = choose.fitting(state, demand, needed)
        if len(left) < needed:
            demand.fresh = {worker.worker_id for worker in left}
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


def _start(
    state: FarmState,
    job: Job,
    block: Block,
    worker: Worker,
    task: int,
    helpers: tuple[Worker, ...],
    now: float,
    out: Outcome,
) -> None:
    need = state.demands[block.demand].key
    serving = _serving(state, block, worker, helpers) if need.hosts else ()
    run_id = RunId(state.new_id("run"))
    attempt = block.tasks.start(task, run_id)
    coeff = _coefficient(block, worker)
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
    _book(state, job, block, run, now, out)
    hosts = _hosts(block, worker, helpers) if need.hosts else ()
    if need.hosts:
        many.captured(state, job, block)
        _start_helpers(state, job, block, run, serving, hosts, out)
    out.effects.append(StartRun(worker.worker_id, run_spec(state, job, block, run, hosts)))
    _regate(state, job, block, now)


def _hosts(block: Block, worker: Worker, helpers: tuple[Worker, ...]) -> tuple[str, ...]:
    """Names of the machines that a task is to use."""
    names = tuple(helper.name for helper in helpers)
    return (worker.name, *names) if block.spec.multihost_master_on_slave else names


def _serving(
    state: FarmState, block: Block, main: Worker, helpers: tuple[Worker, ...]
) -> tuple[Serving, ...]:
    """Where a task is served. These runs have lower numbers than its own: that is the newest."""
    serves = bool(block.spec.multihost_service)
    part = Part.HELPER if serves else Part.KEPT
    places = [(worker, part) for worker in helpers]
    if serves and block.spec.multihost_master_on_slave:
        places.insert(0, (main, Part.BESIDE))
    return tuple((RunId(state.new_id("run")), *place) for place in places)


def _start_helpers(
    state: FarmState,
    job: Job,
    block: Block,
    main: Run,
    serving: tuple[Serving, ...],
    hosts: tuple[str, ...],
    out: Outcome,
) -> None:
    """Book the machines that help a task, and start there what serves it."""
    for run_id, worker, part in serving:
        run = _helper(block, main, run_id, worker, part)
        state.start_run(run)
        worker.changed = main.started
        replace(state, worker)
        state.dirty.runs[run.run_id] = record(run, worker.name)
        out.events.append(_begun(run))
        if part is not Part.KEPT:
            spec = helper_spec(state, job, block, run, hosts)
            out.effects.append(StartRun(worker.worker_id, spec))


def _helper(block: Block, main: Run, run_id: RunId, worker: Worker, part: Part) -> Run:
    """A run that serves another one; licences are held once, by that one."""
    takes = part is not Part.BESIDE
    coeff = _coefficient(block, worker) if takes else 0
    return msgspec.structs.replace(
        main,
        run_id=run_id,
        worker_id=worker.worker_id,
        capacity=block.spec.capacity * max(1, coeff) if takes else 0,
        coeff=coeff,
        memory_mb=main.memory_mb if takes else 0,
        gpus=_free_gpus(worker, len(main.gpus)) if takes and main.gpus else (),
        tickets=(),
        part=part,
        helps=main.run_id,
    )


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


def _book(state: FarmState, job: Job, block: Block, run: Run, now: float, out: Outcome) -> None:
    state.touch_tasks(block)
    state.dirty.runs[run.run_id] = record(run, state.workers[run.worker_id].name)
    if not job.started:
        job.started = now
        state.dirty.jobs.add(job.job_id)
    if not block.started:
        block.started = now
        state.touch_block(block)
    if job.try_next and (block.number, run.task) in job.try_next:
        job.try_next.remove((block.number, run.task))
        state.dirty.jobs.add(job.job_id)
    out.events.append(_begun(run))
    out.events.append(TaskChanged(job.job_id, block.number, run.task, RUNNING))


def _begun(run: Run) -> RunStarted:
    return RunStarted(run.run_id, run.job_id, run.block, run.task, run.worker_id)


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
