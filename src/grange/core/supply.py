"""Keeps demands and groups true: what blocks ask, what workers have, who can serve whom."""

from __future__ import annotations

from grange.core.demand import Demand, DemandKey, Group, GroupKey, Place, Prefs
from grange.core.lines import drop, put
from grange.core.masks import host_mask, words
from grange.core.match import group_refusal, preference
from grange.core.objects import Block, Job, Worker
from grange.core.state import FarmState
from grange.model.ids import WorkerId
from grange.model.nodes import WorkSpec
from grange.model.spec import JobSpec
from grange.model.states import Nimby, Rest

_AWAKE = Rest.AWAKE


def need_of(state: FarmState, job: Job, block: Block) -> DemandKey:
    """All that a block, its job, user and branches ask of a worker."""
    spec, wish = job.spec, block.spec
    user = state.users[job.user].spec
    chain = [branch.spec for branch in state.branch_chain(spec.branch)]
    works: tuple[JobSpec | WorkSpec, ...] = (spec, user, *chain)
    kind = spec.hosts_mask_type or user.hosts_mask_type
    kinds = (kind, user.hosts_mask_type, *(item.hosts_mask_type for item in chain))
    masks = [(wish.hosts_mask, kind)]
    excluded = [(wish.hosts_mask_exclude, kind)]
    for item, its_kind in zip(works, kinds, strict=True):
        masks.append((item.hosts_mask, its_kind))
        excluded.append((item.hosts_mask_exclude, its_kind))
    properties = (wish.need_properties, *(item.need_properties for item in works))
    return DemandKey(
        service=wish.service,
        masks=frozenset(_mask(state, *item) for item in masks if item[0]),
        masks_exclude=frozenset(_mask(state, *item) for item in excluded if item[0]),
        os=tuple(word for item in works for word in words(item.need_os)),
        properties=tuple(word for text in properties for word in words(text)),
        power=max(wish.need_power, *(item.need_power for item in works)),
        cpu_cores=wish.need_cpu_cores,
        cpu_mhz=wish.need_cpu_mhz,
        cpu_mhz_cores=wish.need_cpu_mhz_cores,
        gpu_mem_mb=wish.need_gpu_mem_mb,
        pools=tuple(_prefs(item.pools) for item in works if item.pools),
        ignore_nimby=spec.ignore_nimby,
        ignore_paused=spec.ignore_paused,
        owner=job.user if job.user in state.owners else "",
        capacity=wish.capacity * max(1, wish.capacity_coeff_min),
        memory_mb=memory_need(state, job, block),
        hdd_gb=max(wish.need_hdd_gb, *(item.need_hdd_gb for item in works)),
        gpus=wish.need_gpus,
        tickets=_prefs(wish.tickets),
        hosts=wish.hosts_least,
    )


def memory_need(state: FarmState, job: Job, block: Block) -> int:
    """MB that a task reserves; 0 or less: none."""
    own = max(block.spec.need_memory_mb, job.spec.need_memory_mb)
    chain = state.branch_chain(job.spec.branch)
    return max(
        own,
        state.users[job.user].spec.need_memory_mb,
        *(branch.spec.need_memory_mb for branch in chain),
    )


def _prefs(values: dict[str, int]) -> Prefs:
    return tuple(sorted(values.items()))


def _mask(state: FarmState, text: str, kind: str) -> int:
    """Number of a host mask. A new one splits the groups. Cost then: O(workers)."""
    known = state.masks.get((text, kind))
    if known is not None:
        return known[0]
    match = host_mask(text, kind)
    number = len(state.masks)
    state.masks[text, kind] = (number, match)
    for worker in state.workers.values():
        if match(worker.name):
            regroup(state, worker)
    return number


def set_demand(state: FarmState, job: Job, block: Block) -> None:
    """Give a block the demand of its present needs. It must not be offered now."""
    key = need_of(state, job, block)
    demand_id = state.demand_ids.get(key)
    if demand_id is None:
        demand_id = state.new_share()
        demand = Demand(demand_id, key)
        state.demands[demand_id] = demand
        state.demand_ids[key] = demand_id
        for group in state.groups.values():
            _pair(demand, group)
        state.open_demands.add(demand_id)
    if demand_id != block.demand:
        drop_demand(state, block)
        block.demand = demand_id
        state.demands[demand_id].blocks += 1


def drop_demand(state: FarmState, block: Block) -> None:
    """A block has no needs any more."""
    demand = state.demands.get(block.demand)
    block.demand = 0
    if demand is None:
        return
    demand.blocks -= 1
    if demand.blocks:
        return
    for _, groups in demand.ranks:
        for group in groups:
            group.demands.discard(demand.demand_id)
    del state.demands[demand.demand_id]
    del state.demand_ids[demand.key]
    state.open_demands.discard(demand.demand_id)


def _pair(demand: Demand, group: Group) -> None:
    if not group_refusal(demand.key, group.key):
        demand.serve(group, preference(demand.key.pools, group.key))


def group_key(state: FarmState, worker: Worker) -> GroupKey:
    """All that a worker has in common with its like."""
    spec, traits = worker.spec, worker.traits
    chain = [pool.spec for pool in state.pool_chain(worker.pool)]
    lists = (spec, *chain)
    levels = tuple((item.services, item.services_disabled) for item in lists)
    if traits.services:
        levels = ((traits.services, ()), *levels) if not spec.services else levels
    power = next((item.power_host for item in lists if item.power_host >= 0), 1)
    return GroupKey(
        pool=worker.pool,
        pool_priority=_pool_priority([pool.priority for pool in chain]),
        os=traits.os,
        levels=levels,
        power=power,
        properties=next((item.properties_host for item in lists if item.properties_host), ""),
        cpu_cores=traits.cpu_cores,
        cpu_mhz=traits.cpu_mhz,
        gpus=traits.gpus,
        gpu_mem_mb=traits.gpu_mem_mb,
        capacity=next((item.capacity_host for item in lists if item.capacity_host >= 0), -1),
        max_tasks=next((item.max_tasks_host for item in lists if item.max_tasks_host >= 0), -1),
        nimby=spec.nimby,
        owner=spec.user if spec.nimby is Nimby.OWNER else "",
        paused=any(item.paused for item in lists),
        priority=spec.priority,
        masks=frozenset(n for n, match in state.masks.values() if match(worker.name)),
    )


def _pool_priority(priorities: list[int]) -> int:
    """A pool's own for the root, else the mean with the effective one above (Afanasy)."""
    if 0 in priorities:
        return 0
    effective = priorities[-1]
    for own in reversed(priorities[:-1]):
        effective = (own + effective) // 2
    return effective


def regroup(state: FarmState, worker: Worker) -> None:
    """Put a worker into the group of its present traits."""
    key = group_key(state, worker)
    worker.capacity, worker.max_tasks = key.capacity, key.max_tasks
    if worker.group is None or worker.group.key != key:
        ungroup(state, worker)
        group = state.groups.get(key)
        if group is None:
            group = Group(key)
            state.groups[key] = group
            for demand in state.demands.values():
                _pair(demand, group)
        group.members.add(worker.worker_id)
        worker.group = group
    replace(state, worker)
    freshen(state, worker)


def ungroup(state: FarmState, worker: Worker) -> None:
    """Take a worker out of its group; an empty group is forgotten."""
    group = worker.group
    if group is None:
        return
    if worker.place is not None:
        drop(group.free, worker.place)
        worker.place = None
    group.members.discard(worker.worker_id)
    worker.group = None
    if group.members:
        return
    for demand_id in group.demands:
        state.demands[demand_id].drop(group)
    del state.groups[group.key]


def wanted_place(worker: Worker) -> Place | None:
    """Where a worker should stand in its group's line; None if it can take no task."""
    if not worker.linked or worker.sick or worker.rest is not _AWAKE:
        return None
    tasks = len(worker.runs) - worker.beside
    if 0 <= worker.max_tasks <= tasks or 0 <= worker.capacity <= worker.capacity_used:
        return None
    free = worker.capacity - worker.capacity_used if worker.capacity >= 0 else 2**31
    return (tasks, -free, -worker.spec.priority, worker.changed, worker.worker_id)


def replace(state: FarmState, worker: Worker) -> None:
    """Take the right place in the group's line after a change of load or link."""
    place = wanted_place(worker)
    group = worker.group
    if group is None or place == worker.place:
        return
    if worker.place is not None:
        drop(group.free, worker.place)
    if place is not None:
        put(group.free, place)
    worker.place = place


def freshen(state: FarmState, worker: Worker) -> None:
    """Let demands that a worker can serve be looked at again. Cost: O(demands of its group)."""
    if worker.group is None or worker.place is None:
        return
    for demand_id in worker.group.demands:
        state.demands[demand_id].freshen(worker.worker_id)
    state.open_demands |= worker.group.demands


def reopen(state: FarmState, demand_id: int) -> None:
    """Let one demand be looked at on all workers again."""
    state.demands[demand_id].fresh = None
    state.open_demands.add(demand_id)


def reopen_tickets(state: FarmState, names: set[str]) -> None:
    """Tickets came back: let demands that want them be looked at on all workers again."""
    for demand in state.demands.values():
        if any(name in names for name, _ in demand.key.tickets):
            reopen(state, demand.demand_id)


def regroup_pool(state: FarmState, path: str) -> None:
    """A pool changed: its workers, and those of pools below, may have other traits."""
    below: list[WorkerId] = [
        worker_id
        for pool in state.pools.values()
        if path == "/" or pool.path == path or pool.path.startswith(path + "/")
        for worker_id in pool.workers
    ]
    for worker_id in sorted(below):
        regroup(state, state.workers[worker_id])
