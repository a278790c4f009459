"""Pools in Afanasy's shape."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from grange.core.objects import Pool, Worker, parent_path, path_chain
from grange.core.state import FarmState
from grange.doors.afanasy.numbers import Numbers
from grange.doors.afanasy.shapes import pool as shapes
from grange.doors.afanasy.show import states
from grange.doors.afanasy.show.renders import tickets
from grange.doors.afanasy.show.tally import Sum, Tally
from grange.model.nodes import PoolSpec
from grange.model.states import Nimby, Rest

#: Settings of a pool: Afanasy's names and ours.
SETTINGS: Final = {
    "max_tasks_host": "max_tasks_host",
    "capacity_host": "capacity_host",
    "power_host": "power_host",
    "properties_host": "properties_host",
    "priority": "priority",
    "annotation": "annotation",
    "custom_data": "custom_data",
    "hidden": "hidden",
    "pattern": "pattern",
    "heartbeat_sec": "heartbeat_s",
    "resources_update_period": "resources_s",
    "zombie_time": "lease_s",
    "exit_no_task_time": "exit_no_task_s",
    "no_task_event_time": "no_task_event_s",
    "overload_event_time": "overload_event_s",
    "new_nimby": "new_nimby",
    "new_paused": "new_paused",
    "sick_errors_count": "sick_errors_count",
    "idle_wolsleep_time": "idle_sleep_s",
    "idle_free_time": "idle_free_s",
    "busy_nimby_time": "busy_nimby_s",
    **{
        f"{when}_{theirs}": f"{when}_{ours}"
        for when in ("idle", "busy")
        for theirs, ours in (
            ("cpu", "cpu"),
            ("mem", "memory"),
            ("swp", "swap"),
            ("hddgb", "hdd_gb"),
            ("hddio", "hdd_io"),
            ("netmbs", "net_mbs"),
        )
    },
}
_ZERO_IS_NONE: Final = ("heartbeat_sec", "resources_update_period", "zombie_time")
Counts = dict[str, Counter[str]]


def count(state: FarmState) -> Counts:
    """Workers of all pools by what they are, those below counted. Cost: O(workers + pools)."""
    own: Counts = {path: Counter() for path in state.pools}
    for worker in state.workers.values():
        own[worker.pool].update(_kinds(worker))
    found: Counts = {path: Counter() for path in state.pools}
    for path in state.pools:
        for at in path_chain(path):
            found[at].update(own[path])
            found[at]["pools"] += at != path
    return found


def _kinds(worker: Worker) -> list[str]:
    return [name for name, holds in _looked_at(worker).items() if holds]


def _looked_at(worker: Worker) -> dict[str, bool]:
    free = worker.capacity < 0 or worker.capacity_used < worker.capacity
    room = worker.max_tasks < 0 or worker.tasks < worker.max_tasks
    well = not worker.sick and not worker.spec.paused and worker.rest is Rest.AWAKE
    return {
        "total": True,
        "busy": bool(worker.runs),
        "ready": worker.linked and well and free and room and worker.spec.priority > 0,
        "online": worker.linked,
        "offline": not worker.linked,
        "nimby": worker.spec.nimby is not Nimby.FREE,
        "paused": worker.spec.paused,
        "sick": bool(worker.sick),
    }


def pool(
    state: FarmState, numbers: Numbers, found: Pool, sums: Tally, counts: Counts
) -> shapes.Pool:
    """A pool."""
    spec, counted, kinds = found.spec, sums.pools.get(found.path, Sum()), counts[found.path]
    st = states.pool_bits(found, busy=counted.tasks > 0)
    changed = (state.workers[worker_id].changed for worker_id in found.workers)
    return shapes.Pool(
        **_settings(spec),
        name=found.path,
        id=numbers.pools.number(found.path),
        running_services=counted.services,
        services=spec.services,
        services_disabled=spec.services_disabled,
        tickets_pool=_tickets(found),
        tickets_host=tickets(spec.tickets_host, {}),
        parent=parent_path(found.path) or "",
        time_creation=int(found.created),
        pools_total=kinds["pools"],
        renders_total=kinds["total"],
        renders_busy=kinds["busy"],
        renders_ready=kinds["ready"],
        renders_online=kinds["online"],
        renders_offline=kinds["offline"],
        renders_nimby=kinds["nimby"],
        renders_paused=kinds["paused"],
        renders_sick=kinds["sick"],
        st=st,
        state=states.pool_words(st),
        run_tasks=counted.tasks,
        run_capacity=counted.capacity,
        task_start_finish_time=int(max(changed, default=0.0)),
    )


def _settings(spec: PoolSpec) -> dict[str, Any]:
    fields = {theirs: getattr(spec, ours) for theirs, ours in SETTINGS.items()}
    for name in _ZERO_IS_NONE:
        fields[name] = fields[name] or -1
    return fields


def _tickets(found: Pool) -> dict[str, tuple[int, ...]]:
    """Tickets that a pool's machines share: count, usage, hosts, and most hosts where bound."""
    limits, shown = found.spec.tickets_pool, {}
    for name in sorted({*limits, *(name for name, used in found.tickets_used.items() if used)}):
        used = found.tickets_used.get(name, {})
        limit = limits.get(name)
        bound = () if limit is None or limit.max_hosts < 0 else (limit.max_hosts,)
        shown[name] = (-1 if limit is None else limit.count, sum(used.values()), len(used), *bound)
    return shown
