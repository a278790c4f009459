"""Renders and the load of their machines."""

from __future__ import annotations

from grange.doors.afanasy.shapes.node import Address, Farm, NetInterface
from grange.doors.afanasy.shapes.shape import Shape
from grange.doors.afanasy.shapes.task import TaskShort

Colour = tuple[int, int, int]  # red, green, blue


class CustomResource(Shape, frozen=True, kw_only=True, omit_defaults=True):
    """What a studio's own class measures."""

    value: int
    value_max: int
    width: int
    height: int
    label_size: int
    label: str
    tooltip: str
    graph_clr: Colour
    label_clr: Colour
    back_clr: Colour


class HostResources(Shape, frozen=True, kw_only=True, omit_defaults=True):
    """The load of a machine."""

    cpu_num: int
    cpu_mhz: int
    cpu_temp: int
    cpu_loadavg: tuple[int, int, int]  #: times ten
    cpu_user: int
    cpu_nice: int
    cpu_system: int
    cpu_idle: int
    cpu_iowait: int
    cpu_irq: int
    cpu_softirq: int
    mem_total_mb: int
    mem_free_mb: int
    mem_cached_mb: int
    mem_buffers_mb: int
    swap_total_mb: int
    swap_used_mb: int
    hdd_total_gb: int
    hdd_free_gb: int
    hdd_rd_kbsec: int
    hdd_wr_kbsec: int
    hdd_busy: int
    net_recv_kbsec: int
    net_send_kbsec: int
    gpu_gpu_util: int
    gpu_gpu_temp: int
    gpu_mem_total_mb: int
    gpu_mem_used_mb: int
    gpu_string: str
    hw_info: str
    logged_in_users: tuple[str, ...] = ()
    custom: tuple[CustomResource, ...] = ()


class Render(Farm, frozen=True, kw_only=True, omit_defaults=True):
    """A render as lists show it."""

    tasks_percents: tuple[int, ...] = ()
    user_name: str
    time_register: int
    time_launch: int
    time_update: int
    os: str
    address: Address
    netifs: tuple[NetInterface, ...] = ()
    engine: str = ""
    pool: str
    st: int
    state: str
    capacity_used: int
    task_start_finish_time: int = 0
    wol_operation_time: int = 0
    idle_time: int  #: epoch seconds since which it is
    busy_time: int  #: epoch seconds since which it is
    tasks: tuple[TaskShort, ...] = ()
    host_resources: HostResources | None = None  #: in binary messages only


class RenderResources(Shape, frozen=True, kw_only=True, omit_defaults=True):
    """The load of a render's machine, and how far its tasks are."""

    id: int
    host_name: str
    tasks_percents: tuple[int, ...] = ()
    idle_time: int = 0
    busy_time: int = 0
    host_resources: HostResources | None = None  #: None: it is offline


class RenderObject(Shape, frozen=True, kw_only=True, omit_defaults=True):
    """All that is known of a render, as a window of its own shows it."""

    name: str
    id: int
    render: Render
    custom_data: str
    host_resources: HostResources | None = None
