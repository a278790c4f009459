"""What nodes have in common: jobs, users, branches, pools, renders, monitors."""

from __future__ import annotations

from typing import Literal

from msgspec import field

from grange.doors.afanasy.shapes.shape import Shape

SolveMethod = Literal["solve_order", "solve_priority"]
SolveNeed = Literal["solve_tasksnum", "solve_capacity"]
MaskType = Literal["", "find", "regex"]  # "" inherits


class Node(Shape, frozen=True, kw_only=True, omit_defaults=True):
    """A thing with a name, an id and a priority."""

    name: str
    id: int = 0  #: 0: it has none yet
    priority: int
    locked: bool = False
    hidden: bool = False
    annotation: str = ""
    custom_data: str = ""
    srv_info: str = ""
    running_services: dict[str, int] = field(default_factory=dict)


class Work(Node, frozen=True, kw_only=True, omit_defaults=True):
    """A thing whose tasks run: a job, a user, a branch."""

    max_tasks_per_second: int = -1
    max_running_tasks: int = -1
    max_running_tasks_per_host: int = -1
    hosts_mask: str = ""
    hosts_mask_exclude: str = ""
    need_os: str = ""
    need_properties: str = ""
    need_power: int = -1
    need_memory: int = -1
    need_hdd: int = -1
    pools: dict[str, int] = field(default_factory=dict)
    solve_method: SolveMethod
    solve_need: SolveNeed
    hosts_mask_type: MaskType = ""
    running_tasks_num: int = 0
    running_capacity_total: int = 0


class Farm(Node, frozen=True, kw_only=True, omit_defaults=True):
    """A thing that executes tasks: a pool, a render."""

    services: tuple[str, ...] = ()
    services_disabled: tuple[str, ...] = ()
    tickets_pool: dict[str, tuple[int, ...]] = field(
        default_factory=dict
    )  #: count, usage, hosts, and most hosts if bound
    tickets_host: dict[str, tuple[int, ...]] = field(default_factory=dict)
    max_tasks_host: int = -1
    capacity_host: int = -1
    power_host: int = -1
    properties_host: str = ""


class Address(Shape, frozen=True, kw_only=True, omit_defaults=True):
    """An internet address."""

    family: Literal[4, 6, 0]  #: 0 none
    ip: str
    port: int


NOWHERE = Address(family=0, ip="", port=0)


class NetInterface(Shape, frozen=True, kw_only=True, omit_defaults=True):
    """A network interface of a machine."""

    name: str
    mac: str  #: six bytes in hexadecimal, with colons
    addresses: tuple[Address, ...] = ()
