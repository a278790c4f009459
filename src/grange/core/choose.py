"""Which worker and which task go together: for a task of one machine."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import merge
from itertools import chain, islice

from grange.core import match
from grange.core.demand import Demand, Place
from grange.core.objects import Block, Job, Worker
from grange.core.state import FarmState
from grange.model.ids import WorkerId
from grange.model.states import READY

Found = tuple[Worker, int, tuple[Worker, ...]]  # a worker, the task for it, and who helps it


def find(
    state: FarmState, job: Job, block: Block, demand: Demand, now: float
) -> tuple[Found | None, bool]:
    """The best worker and task; and whether any worker could serve the demand at all."""
    fits = False
    spent: list[WorkerId] = []
    found: Found | None = None
    for worker in candidates(state, demand):
        if match.load_refusal(state, demand.key, worker):
            spent.append(worker.worker_id)
            continue
        fits = True
        if match.host_refusal(state, job, block, worker, now):
            continue
        task = pick_task(state, job, block, worker, now)
        if task >= 0:
            found = (worker, task, ())
            break
    if demand.fresh is not None:
        demand.fresh.difference_update(spent)
    return found, fits


def fitting(state: FarmState, demand: Demand, most: int) -> list[Worker]:
    """Workers that could serve a demand now, best first, no more than so many."""
    able = (w for w in candidates(state, demand) if not match.load_refusal(state, demand.key, w))
    return list(islice(able, most))


def candidates(state: FarmState, demand: Demand) -> Iterator[Worker]:
    """Workers that may serve a demand, best first."""
    if demand.fresh is None:
        places: Iterator[Place] = chain.from_iterable(
            iter(groups[0].free) if len(groups) == 1 else merge(*(g.free for g in groups))
            for _, groups in demand.ranks
        )
        return (state.workers[WorkerId(place[-1])] for place in places)
    known = (state.workers.get(worker_id) for worker_id in demand.fresh)
    fresh = [worker for worker in known if worker is not None and _serves(worker, demand)]
    if len(fresh) > 1:
        fresh.sort(key=lambda worker: _rank(demand, worker))
    return iter(fresh)


def _serves(worker: Worker, demand: Demand) -> bool:
    """Whether a worker stands in line, and may still serve: it may have changed since."""
    group = worker.group
    return worker.place is not None and group is not None and demand.demand_id in group.demands


def _rank(demand: Demand, worker: Worker) -> tuple[int, Place]:
    assert worker.group is not None
    assert worker.place is not None
    return (-match.preference(demand.key.pools, worker.group.key), worker.place)


def pick_task(state: FarmState, job: Job, block: Block, worker: Worker, now: float) -> int:
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
