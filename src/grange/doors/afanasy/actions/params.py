"""Parameters of users, branches, pools and renders: Afanasy's names and values to ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from grange.doors.afanasy.actions.outcome import NotDone
from grange.doors.afanasy.asked import Json, read
from grange.doors.afanasy.show.pools import SETTINGS
from grange.model.states import Nimby

Changes = dict[str, Any]  # our fields and their new values; the core checks them


class Taken(NamedTuple):
    """What could be read of parameters."""

    changes: Changes
    unknown: list[str]  # names that mean nothing here


Reader = Callable[[object], Changes]


def take(params: Json, readers: Mapping[str, Reader], what: str) -> Taken:
    """Read parameters.

    Raises:
        NotDone: none of them means anything.
        NotUnderstood: a value cannot be read.
    """
    changes: Changes = {}
    unknown = [name for name in params if name not in readers]
    for name, value in params.items():
        if name in readers:
            changes |= readers[name](value)
    if not changes:
        raise NotDone(f"{what}: nothing to change" + not_known(unknown))
    return Taken(changes, unknown)


def not_known(unknown: list[str]) -> str:
    """The end of a sentence that names parameters which mean nothing here."""
    names = ", ".join(f"'{name[:80]}'" for name in unknown[:10])
    return f"; not known here: {names}" if unknown else ""


def _as(field: str) -> Reader:
    """A parameter that is one of our fields, whatever it holds."""
    return lambda value: {field: value}


def _solve_method(value: object) -> Changes:
    text = read(value, str, "params.solve_method")
    return {"solve": text.removeprefix("solve_")}


def _solve_parallel(value: object) -> Changes:
    """As older pages say it."""
    parallel = read(value, bool, "params.solve_parallel")
    return {"solve": "priority" if parallel else "order"}


def _solve_need(value: object) -> Changes:
    text = read(value, str, "params.solve_need")
    return {"need_by": "tasks" if text == "solve_tasksnum" else text.removeprefix("solve_")}


def _mask_type(value: object) -> Changes:
    return {"hosts_mask_type": value or "find"}


def _nimby(value: object) -> Changes:
    return {"nimby": Nimby.OWNER if read(value, bool, "params.nimby") else Nimby.FREE}


def _nimby_all(value: object) -> Changes:
    return {"nimby": Nimby.NOBODY if read(value, bool, "params.NIMBY") else Nimby.FREE}


_NODE: Final = {name: _as(name) for name in ("priority", "annotation", "custom_data", "hidden")}
_WORK: Final[dict[str, Reader]] = {
    **_NODE,
    **{
        name: _as(name)
        for name in (
            *("paused", "max_running_tasks", "max_running_tasks_per_host"),
            *("max_tasks_per_second", "hosts_mask", "hosts_mask_exclude"),
            *("need_os", "need_properties", "need_power", "pools"),
        )
    },
    "hosts_mask_type": _mask_type,
    "need_memory": _as("need_memory_mb"),
    "need_hdd": _as("need_hdd_gb"),
    "solve_method": _solve_method,
    "solve_need": _solve_need,
    "solve_parallel": _solve_parallel,
}
USER: Final[dict[str, Reader]] = {
    **_WORK,
    "errors_retries": _as("errors_retries"),
    "errors_avoid_host": _as("errors_avoid_host"),
    "errors_task_same_host": _as("errors_task_same_host"),
    "errors_forgive_time": _as("errors_forgive_time_s"),
    "jobs_life_time": _as("jobs_life_time_s"),
}
BRANCH: Final[dict[str, Reader]] = {
    **_WORK,
    "create_childs": _as("create_childs"),
    "solve_jobs": _as("solve_jobs"),
}
_OLDER: Final[dict[str, Reader]] = {  # names that older pages and afcmd.py use
    "max_capacity_per_host": _as("capacity_host"),
    "max_tasks_per_host": _as("max_tasks_host"),
}
POOL: Final[dict[str, Reader]] = {
    **{theirs: _as(ours) for theirs, ours in SETTINGS.items()},
    "paused": _as("paused"),
    **_OLDER,
}
RENDER: Final[dict[str, Reader]] = {
    **_NODE,
    **{
        name: _as(name)
        for name in (
            *("paused", "capacity_host", "max_tasks_host", "power_host", "properties_host"),
        )
    },
    "user_name": _as("user"),
    "nimby": _nimby,
    "NIMBY": _nimby_all,
    "capacity": _as("capacity_host"),
    "max_tasks": _as("max_tasks_host"),
    **_OLDER,
}
