"""Afanasy's keys of jobs, blocks and tasks, both generations of them, and what they are here.

Specification section 3. A key that stands for several of ours is read in `reading.py`.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from grange.doors.afanasy.orders.fields import (
    INT_MAX,
    Read,
    at_least,
    choice,
    clamped,
    command,
    files,
    flag,
    moment,
    preferences,
    text,
    texts_by_name,
    tickets,
    within,
)
from grange.model.spec import PRIORITY_MAX


class Key(NamedTuple):
    """What a key is here."""

    ours: str
    read: Read


_limit = at_least(-1)
_seconds = at_least(0)
_errors = within(-1, 127)
_size = clamped(-1, 2**53)

#: Keys of a job that are one field of ours.
JOB: Final[dict[str, Key]] = {
    "name": Key("name", text),
    "user_name": Key("user", text),
    "host_name": Key("host", text),
    "priority": Key("priority", clamped(0, PRIORITY_MAX)),
    "branch": Key("branch", text),
    "project": Key("project", text),
    "department": Key("department", text),
    "description": Key("description", text),
    "annotation": Key("annotation", text),
    "custom_data": Key("custom_data", text),
    "folders": Key("folders", texts_by_name),
    "offline": Key("paused", flag),
    "hidden": Key("hidden", flag),
    "ppa": Key("preview_approval", flag),
    "maintenance": Key("maintenance", flag),
    "ignorenimby": Key("ignore_nimby", flag),
    "ignorepaused": Key("ignore_paused", flag),
    "time_wait": Key("wait_until", moment),
    "time_life": Key("life_time_s", _limit),
    "depend_mask": Key("depend_mask", text),
    "depend_mask_global": Key("depend_mask_global", text),
    "max_running_tasks": Key("max_running_tasks", _limit),
    "max_running_tasks_per_host": Key("max_running_tasks_per_host", _limit),
    "max_tasks_per_second": Key("max_tasks_per_second", _limit),
    "hosts_mask": Key("hosts_mask", text),
    "hosts_mask_exclude": Key("hosts_mask_exclude", text),
    "hosts_mask_type": Key("hosts_mask_type", choice("", "find", "regex")),
    "need_os": Key("need_os", text),
    "need_properties": Key("need_properties", text),
    "need_power": Key("need_power", _limit),
    "need_memory": Key("need_memory_mb", _limit),
    "need_hdd": Key("need_hdd_gb", _limit),
    "pools": Key("pools", preferences),
    "command_pre": Key("command_pre", command),
    "command_post": Key("command_post", command),
    "cmd_pre": Key("command_pre", command),
    "cmd_post": Key("command_post", command),
}

#: Keys of a block that are one field of ours.
BLOCK: Final[dict[str, Key]] = {
    "name": Key("name", text),
    "service": Key("service", text),
    "parser": Key("parser", text),
    "command": Key("command", command),
    "working_directory": Key("working_directory", text),
    "files": Key("files", files),
    "environment": Key("environment", texts_by_name),
    "tasks_name": Key("tasks_name", text),
    "sequential": Key("sequential", within(-(2**31), INT_MAX)),
    "capacity": Key("capacity", at_least(1)),
    "capacity_coeff_min": Key("capacity_coeff_min", within(0, 1_000_000)),
    "capacity_coeff_max": Key("capacity_coeff_max", within(0, 1_000_000)),
    "need_memory": Key("need_memory_mb", _limit),
    "need_hdd": Key("need_hdd_gb", _limit),
    "need_power": Key("need_power", _limit),
    "need_properties": Key("need_properties", text),
    "need_cpu_cores": Key("need_cpu_cores", _limit),
    "need_cpu_freq_mgz": Key("need_cpu_mhz", _limit),
    "need_cpu_freq_cores": Key("need_cpu_mhz_cores", _limit),
    "need_gpu_mem_mb": Key("need_gpu_mem_mb", _limit),
    "hosts_mask": Key("hosts_mask", text),
    "hosts_mask_exclude": Key("hosts_mask_exclude", text),
    "max_running_tasks": Key("max_running_tasks", _limit),
    "max_running_tasks_per_host": Key("max_running_tasks_per_host", _limit),
    "tickets": Key("tickets", tickets),
    "errors_retries": Key("errors_retries", _errors),
    "errors_avoid_host": Key("errors_avoid_host", _errors),
    "errors_task_same_host": Key("errors_task_same_host", _errors),
    "errors_forgive_time": Key("errors_forgive_time_s", _limit),
    "task_max_run_time": Key("task_max_run_time_s", _seconds),
    "tasks_max_run_time": Key("task_max_run_time_s", _seconds),
    "task_min_run_time": Key("task_min_run_time_s", _seconds),
    "task_progress_change_timeout": Key("task_progress_change_timeout_s", _seconds),
    "depend_mask": Key("depend_mask", text),
    "tasks_depend_mask": Key("tasks_depend_mask", text),
    "depend_sub_task": Key("depend_sub_task", flag),
    "file_size_min": Key("file_size_min", _size),
    "file_size_max": Key("file_size_max", _size),
    "multihost_min": Key("multihost_min", within(0, 1_000)),
    "multihost_max": Key("multihost_max", within(0, 1_000)),
    "multihost_max_wait": Key("multihost_max_wait_s", within(0, 65_535)),
    "multihost_service": Key("multihost_service", text),
    "multihost_service_wait": Key("multihost_service_wait_s", within(0, 65_535)),
    "multihost_master_on_slave": Key("multihost_master_on_slave", flag),
    "parser_coeff": Key("parser_coeff", _seconds),
    "command_pre": Key("command_pre", command),
    "command_post": Key("command_post", command),
    "cmd_pre": Key("command_pre", command),
    "cmd_post": Key("command_post", command),
    "custom_data": Key("custom_data", text),
}

#: Keys of a task.
TASK: Final[dict[str, Key]] = {
    "name": Key("name", text),
    "command": Key("command", command),
    "files": Key("files", files),
    "environment": Key("environment", texts_by_name),
    "custom_data": Key("custom_data", text),
}

#: Bits of a block's flags that are one field of ours.
FLAGS: Final[dict[int, str]] = {
    1 << 3: "multihost_master_on_slave",
    1 << 4: "depend_sub_task",
    1 << 5: "skip_thumbnails",
    1 << 6: "skip_existing_files",
    1 << 7: "check_rendered_files",
    1 << 8: "slave_lost_ignore",
    1 << 10: "suspend_new_tasks",
}
NUMERIC: Final = 1 << 0
VARIABLE_CAPACITY: Final = 1 << 1
MULTIHOST: Final = 1 << 2

#: Keys of a block that say which tasks it has.
SHAPE: Final = frozenset(
    {"flags", "numeric", "tasks", "frame_first", "frame_last", "frames_per_task", "frames_inc"}
)

#: Keys of a job that mean nothing here, or that the farm itself sets. They are left out.
JOB_KEPT_OUT: Final = frozenset(
    {
        *("id", "serial", "st", "state", "locked", "user_list_order", "report", "thumb_path"),
        *("time_creation", "time_started", "time_done", "srv_info", "m_srv_info"),
        *("solve_method", "solve_need"),  # of a job; they matter for users and branches
    }
)
#: The same of a block.
BLOCK_KEPT_OUT: Final = frozenset(
    {"block_num", "job_id", "st", "state", "srv_info", "tasks_num", "time_started", "time_done"}
)

_THEIRS: Final = {
    "wait_until": "time_wait",
    "frames": "frame_first",
    "try_first": "try_this_tasks_num",
    **{key.ours: name for keys in (TASK, BLOCK, JOB) for name, key in reversed(keys.items())},
}
_STEP: Final = re.compile(r"[a-z_]+")


def theirs(field: str) -> str:
    """The path of a field of ours as Afanasy's clients know it."""
    return _STEP.sub(lambda found: _THEIRS.get(found[0], found[0]), field)
