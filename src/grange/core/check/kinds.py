"""Kinds of work and kinds of workers: who is of which kind, and which may serve which."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from grange.core import choose
from grange.core.demand import Demand, Group
from grange.core.match import group_refusal, load_refusal, preference
from grange.core.state import FarmState
from grange.model.ids import WorkerId


def group_faults(state: FarmState) -> Iterator[str]:
    """Each group has the workers that say so, and those of them in line that are free."""
    members: dict[int, set[WorkerId]] = {}
    for worker in state.workers.values():
        members.setdefault(id(worker.group), set()).add(worker.worker_id)
    for key, group in state.groups.items():
        name = f"group of {sorted(group.members)}"
        if group.key != key:
            yield f"{name}: kept under another key"
        if not group.members or group.members != members.get(id(group), set()):
            yield f"{name}: has other workers than its own"
        known = [state.workers[number] for number in group.members if number in state.workers]
        if list(group.free) != sorted(w.place for w in known if w.place is not None):
            yield f"{name}: its line is off"
        if not group.demands <= state.demands.keys():
            yield f"{name}: serves demands that are gone"
    numbers = [number for number, _ in state.masks.values()]
    if numbers != list(range(len(numbers))):
        yield "masks are not numbered as they came"


def demand_faults(state: FarmState) -> Iterator[str]:
    """Each demand has the blocks that say so, and the groups that may serve it, best first."""
    counts = Counter(block.demand for job in state.jobs.values() for block in job.blocks)
    if state.demand_ids != {item.key: number for number, item in state.demands.items()}:
        yield "demands are not found by their needs"
    if not state.open_demands <= state.demands.keys():
        yield "demands are open that are gone"
    for number, demand in state.demands.items():
        name = f"demand {number}"
        if not demand.blocks or demand.blocks != counts[number] or number != demand.demand_id:
            yield f"{name}: its number of blocks is off"
        yield from _rank_faults(state, demand)
        yield from _fresh_faults(state, demand)


def _rank_faults(state: FarmState, demand: Demand) -> Iterator[str]:
    name = f"demand {demand.demand_id}"
    wanted: dict[int, set[int]] = {}
    for group in state.groups.values():
        can = not group_refusal(demand.key, group.key)
        if can is not (demand.demand_id in group.demands):
            yield f"{name}: groups that serve it are off"
        if can:
            wanted.setdefault(preference(demand.key.pools, group.key), set()).add(id(group))
    ranks = [(rank, sorted(id(group) for group in groups)) for rank, groups in demand.ranks]
    if ranks != sorted(((rank, sorted(ids)) for rank, ids in wanted.items()), reverse=True):
        yield f"{name}: ranks of groups that serve it are off"


def _fresh_faults(state: FarmState, demand: Demand) -> Iterator[str]:
    """Who is not to be looked at cannot serve the demand at this moment."""
    closed = demand.demand_id not in state.open_demands
    needed = max(1, demand.key.hosts)
    if closed and len(choose.fitting(state, demand, needed)) >= needed:
        yield f"demand {demand.demand_id}: closed, but there are machines enough for it"
        return
    if demand.fresh is None:
        return
    groups: list[Group] = [group for _, groups in demand.ranks for group in groups]
    for place in (place for group in groups for place in group.free):
        worker = state.workers.get(WorkerId(place[-1]))
        if worker is None or worker.worker_id in demand.fresh:
            continue
        if not load_refusal(state, demand.key, worker):
            what = "closed" if closed else "looks elsewhere"
            yield f"demand {demand.demand_id}: {what}, but {worker.name} could serve it"
