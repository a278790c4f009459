"""Views of workers, users, branches and pools."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from grange.core.objects import Branch, Pool, User, Worker
from grange.core.state import FarmState
from grange.core.why import REFUSALS
from grange.model.nodes import own_values
from grange.model.states import Nimby, Presence, Rest, WorkerState
from grange.model.views import BranchView, PoolView, TicketView, UserView, WorkerView
from grange.server.gauges import Gauges
from grange.server.shown_jobs import live_run

_WHY = {
    WorkerState.PAUSED: REFUSALS["worker-paused"],
    WorkerState.NIMBY: REFUSALS["nimby"],
}

_RESTING = {
    Rest.FALLING: WorkerState.FALLING,
    Rest.ASLEEP: WorkerState.ASLEEP,
    Rest.WAKING: WorkerState.WAKING,
}


def worker_state(worker: Worker) -> WorkerState:
    """The one word for a worker."""
    if worker.rest is not Rest.AWAKE:
        return _RESTING[worker.rest]
    if worker.presence is Presence.OFFLINE:
        return WorkerState.OFFLINE
    if worker.presence is Presence.MISSING:
        return WorkerState.MISSING
    if worker.sick:
        return WorkerState.SICK
    if worker.group is not None and worker.group.key.paused:
        return WorkerState.PAUSED
    if worker.runs:
        return WorkerState.BUSY
    return WorkerState.IDLE if worker.spec.nimby is Nimby.FREE else WorkerState.NIMBY


def worker_view(state: FarmState, gauges: Gauges, worker: Worker) -> WorkerView:
    """A worker with the runs that it has."""
    runs = (state.runs[run_id] for run_id in sorted(worker.runs))
    word = worker_state(worker)
    return WorkerView(
        worker_id=worker.worker_id,
        name=worker.name,
        state=word,
        presence=worker.presence,
        spec=worker.spec,
        traits=worker.traits,
        pool=worker.pool,
        capacity=worker.capacity,
        capacity_used=worker.capacity_used,
        max_tasks=worker.max_tasks,
        runs=tuple(live_run(gauges, state.jobs[run.job_id], run, worker.name) for run in runs),
        resources=gauges.resources.get(worker.worker_id),
        sick=worker.sick,
        address=worker.address,
        address_family=_family(worker.address),
        registered=worker.registered,
        joined=worker.joined,
        launched=worker.launched,
        updated=gauges.updated.get(worker.worker_id, 0.0),
        rested=worker.rested,
        seen=worker.seen,
        dirty=own_values(worker.spec),
        trouble=gauges.troubles.get(worker.worker_id, ""),
        why=_WHY.get(word, ""),
    )


def _family(address: str) -> Literal["", "IPv4", "IPv6"]:
    if not address:
        return ""
    return "IPv6" if ":" in address else "IPv4"


def user_view(user: User) -> UserView:
    """A user."""
    return UserView(
        user=user.user,
        spec=user.spec,
        jobs=len(user.jobs),
        running=user.running,
        created=user.created,
    )


def branch_view(branch: Branch) -> BranchView:
    """A branch."""
    return BranchView(
        path=branch.path,
        spec=branch.spec,
        jobs=len(branch.jobs),
        running=branch.share.running,
        created=branch.created,
    )


def pool_view(state: FarmState, pool: Pool) -> PoolView:
    """A pool with its tickets."""
    workers = [state.workers[worker_id] for worker_id in pool.workers]
    return PoolView(
        path=pool.path,
        spec=pool.spec,
        workers=len(workers),
        online=sum(1 for worker in workers if worker.linked),
        busy=sum(1 for worker in workers if worker.runs),
        tickets=tuple(_tickets(state, pool)),
        created=pool.created,
    )


def _tickets(state: FarmState, pool: Pool) -> Iterator[TicketView]:
    for name, limit in sorted(pool.spec.tickets_pool.items()):
        used = pool.tickets_used.get(name, {})
        names = (state.workers[worker_id].name for worker_id in used)
        yield TicketView(
            name=name,
            count=limit.count,
            used=sum(used.values()),
            max_hosts=limit.max_hosts,
            hosts=tuple(sorted(names)),
        )
