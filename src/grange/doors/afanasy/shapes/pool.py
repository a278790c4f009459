"""Pools."""

from __future__ import annotations

from grange.doors.afanasy.shapes.node import Farm


class Pool(Farm, frozen=True, kw_only=True, omit_defaults=True):
    """A pool."""

    pattern: str = ""
    parent: str
    time_creation: int
    pools_total: int
    renders_total: int
    renders_busy: int
    renders_ready: int
    renders_online: int
    renders_offline: int
    renders_nimby: int
    renders_paused: int
    renders_sick: int
    st: int
    state: str
    run_tasks: int = 0
    run_capacity: int = 0
    task_start_finish_time: int = 0
    heartbeat_sec: int = -1
    resources_update_period: int = -1
    zombie_time: int = -1
    exit_no_task_time: int = -1
    no_task_event_time: int = -1
    overload_event_time: int = -1
    new_nimby: bool = False
    new_paused: bool = False
    sick_errors_count: int = -1
    idle_wolsleep_time: int = -1
    idle_free_time: int = -1
    busy_nimby_time: int = -1
    idle_cpu: int = -1
    busy_cpu: int = -1
    idle_mem: int = -1
    busy_mem: int = -1
    idle_swp: int = -1
    busy_swp: int = -1
    idle_hddgb: int = -1
    busy_hddgb: int = -1
    idle_hddio: int = -1
    busy_hddio: int = -1
    idle_netmbs: int = -1
    busy_netmbs: int = -1
