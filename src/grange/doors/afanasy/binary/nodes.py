"""Users, branches and pools in binary messages, and what all nodes have in common."""

from __future__ import annotations

import functools
from typing import Any, Final

from grange.doors.afanasy.binary.primitives import (
    BOOL,
    COUNTS,
    I8,
    I32,
    I64,
    TEXT,
    TEXTS,
    U8,
    Named,
    Reader,
)
from grange.doors.afanasy.binary.record import Fields, Layout, Record, Values, same
from grange.doors.afanasy.shapes.branch import Branch
from grange.doors.afanasy.shapes.node import Node, Work
from grange.doors.afanasy.shapes.pool import Pool
from grange.doors.afanasy.shapes.user import User

HIDDEN: Final = 1 << 1  # flag of a node
SOLVE_PRIORITY, SOLVE_CAPACITY, MASK_FIND, MASK_REGEX = (1 << bit for bit in range(4))
CREATE_CHILDS, SOLVE_JOBS, BRANCH_PAUSED = (1 << bit for bit in range(3))  # flags of a branch
USER_PAUSED: Final = 1 << 0  # state of a user
ROOT: Final = "/"

NODE: Final[Layout] = (
    ("id", I32),
    ("priority", U8),
    ("name", TEXT),
    ("annotation", TEXT),
    ("custom_data", TEXT),
    ("srv_info", TEXT),
    ("st", I64),
    ("flags", I64),
    ("running_services", COUNTS),
    ("locked", BOOL),
)
WORK: Final[Layout] = (
    ("work_flags", I8),
    *same(I32, "max_tasks_per_second", "max_running_tasks", "max_running_tasks_per_host"),
    ("hosts_mask", TEXT),
    ("hosts_mask_exclude", TEXT),
    ("need_os", TEXT),
    ("need_properties", TEXT),
    *same(I32, "need_power", "need_memory", "need_hdd", "running_tasks_num"),
    ("running_capacity_total", I64),
    ("pools", COUNTS),
)


class _Tickets:
    """How many there are, are used, on how many hosts, and on how many they may be."""

    least = 16

    def write(self, out: bytearray, value: tuple[int, ...]) -> None:
        for number in (*value, *(-1,) * 4)[:4]:
            I32.write(out, number)

    def read(self, source: Reader) -> tuple[int, ...]:
        found = tuple(I32.read(source) for _ in range(4))
        return found if found[3] >= 0 else found[:3]


FARM: Final[Layout] = (
    ("services", TEXTS),
    ("services_disabled", TEXTS),
    ("tickets_pool", Named(_Tickets())),
    ("tickets_host", Named(_Tickets())),
    *same(I32, "max_tasks_host", "capacity_host", "power_host"),
    ("properties_host", TEXT),
)


def node_value(node: Node, name: str) -> Any:
    """A field of a node as it is sent."""
    if name == "flags":
        return HIDDEN if node.hidden else 0
    if name == "st":
        return getattr(node, "st", 0)
    return getattr(node, name)


def work_value(node: Work, name: str) -> Any:
    """A field of a job, user or branch as it is sent."""
    if name != "work_flags":
        return node_value(node, name)
    return (
        (SOLVE_PRIORITY if node.solve_method == "solve_priority" else 0)
        | (SOLVE_CAPACITY if node.solve_need == "solve_capacity" else 0)
        | {"find": MASK_FIND, "regex": MASK_REGEX, "": 0}[node.hosts_mask_type]
    )


def as_node(found: Values) -> Values:
    """What was read of a node whose state is not shown, as its fields are called."""
    del found["st"]
    found["hidden"] = bool(found.pop("flags") & HIDDEN)
    return found


def as_work(found: Values) -> Values:
    """What was read of how tasks are given, as the fields are called."""
    flags = found.pop("work_flags")
    found["solve_method"] = "solve_priority" if flags & SOLVE_PRIORITY else "solve_order"
    found["solve_need"] = "solve_capacity" if flags & SOLVE_CAPACITY else "solve_tasksnum"
    regex = "regex" if flags & MASK_REGEX else ""
    found["hosts_mask_type"] = "find" if flags & MASK_FIND else regex
    return found


def _user_value(user: User, name: str) -> Any:
    if name == "st":
        return USER_PAUSED if user.paused else 0
    return work_value(user, name)


def _user(**found: Any) -> User:
    paused = bool(found["st"] & USER_PAUSED)
    return User(paused=paused, **as_work(as_node(found)))


USER: Final = Record(
    (
        *NODE,
        *WORK,
        ("time_activity", I64),
        ("host_name", TEXT),
        *same(U8, "errors_retries", "errors_avoid_host", "errors_task_same_host"),
        ("errors_forgive_time", I32),
        ("time_register", I64),
        *same(I32, "jobs_life_time", "jobs_num", "running_jobs_num"),
    ),
    _user,
    _user_value,
)


def _branch_value(branch: Branch, name: str) -> Any:
    if name != "branch_flags":
        return work_value(branch, name)
    return (
        (CREATE_CHILDS if branch.create_childs else 0)
        | (SOLVE_JOBS if branch.solve_jobs else 0)
        | (BRANCH_PAUSED if branch.paused else 0)
    )


def _branch(**found: Any) -> Branch:
    flags = found.pop("branch_flags")
    return Branch(
        create_childs=bool(flags & CREATE_CHILDS),
        solve_jobs=bool(flags & SOLVE_JOBS),
        paused=bool(flags & BRANCH_PAUSED),
        active_jobs=(),
        **as_work(as_node(found)),
    )


BRANCH: Final = Record(
    (
        *NODE,
        *WORK,
        ("branch_flags", I8),
        *same(I64, "time_creation", "time_empty"),
        ("parent", TEXT),
        *same(I32, "branches_total", "jobs_total", "jobs_running", "jobs_done", "jobs_ready"),
        *same(I32, "jobs_error", "tasks_ready", "tasks_error"),
    ),
    _branch,
    _branch_value,
)

_POOL_NAMED: Final = Fields((*NODE, *FARM))
_POOL: Final = Fields(
    (
        ("parent", TEXT),
        ("time_creation", I64),
        *same(I32, "heartbeat_sec", "resources_update_period", "zombie_time"),
        *same(I32, "exit_no_task_time", "no_task_event_time", "overload_event_time"),
        ("new_nimby", BOOL),
        ("new_paused", BOOL),
        *same(I32, "sick_errors_count", "pools_total", "renders_total", "renders_busy"),
        *same(I32, "renders_ready", "renders_online", "renders_offline", "renders_nimby"),
        *same(I32, "renders_paused", "renders_sick", "run_tasks", "run_capacity"),
        ("task_start_finish_time", I64),
        *same(I32, "idle_wolsleep_time", "idle_free_time", "busy_nimby_time"),
        *same(I32, "idle_cpu", "busy_cpu", "idle_mem", "busy_mem", "idle_swp", "busy_swp"),
        *same(I32, "idle_hddgb", "busy_hddgb", "idle_hddio", "busy_hddio"),
        *same(I32, "idle_netmbs", "busy_netmbs"),
    )
)


class _Pool:
    """A pool; the root has no pattern."""

    least = _POOL_NAMED.least + _POOL.least

    def write(self, out: bytearray, value: Pool) -> None:
        get = functools.partial(node_value, value)
        _POOL_NAMED.write(out, get)
        if value.name != ROOT:
            TEXT.write(out, value.pattern)
        _POOL.write(out, get)

    def read(self, source: Reader) -> Pool:
        found = _POOL_NAMED.read(source)
        pattern = TEXT.read(source) if found["name"] != ROOT else ""
        state = found["st"]
        return Pool(pattern=pattern, st=state, state="", **as_node(found), **_POOL.read(source))


POOL: Final = _Pool()
