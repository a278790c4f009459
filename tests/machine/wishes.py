"""What people may ask of a farm in the machine: sound jobs, and edits of every field."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from hypothesis import strategies as st

from grange.core.nodes import POOL_EDITABLE
from grange.model.spec import BlockSpec, JobSpec, TaskSpec

SPANS: Final = ("1-3", "1-9x2", "4", "1,4,10-20x3", "5-14")
NAMES: Final = ("a", "b", "c")
MASKS: Final = ("", "", "", "", "", "", "", "a", "b", "c", "a|b", ".*")
USERS: Final = ("ada", "bob", "eve")
BRANCHES: Final = ("/", "/show", "/show/seq", "/film")
POOLS: Final = ("/", "/fast", "/fast/gpu", "/slow")
HOSTS: Final = ("n0", "n1", "n2", "n3")
TIMES: Final = (0.0, 1_100.0, 30_000.0, 9e9)  # epoch seconds; the machine begins at 1,000

Fields = dict[str, list[Any]]

LIMITS: Final = [-1, -1, -1, -1, -1, 0, 1, 2, 2]
NEEDS: Final[Fields] = {
    "hosts_mask": ["", "", "", "n1", "n1|n2"],
    "hosts_mask_exclude": ["", "", "n1"],
    "need_os": ["", "", "linux", "windows"],
    "need_properties": ["", "", "red"],
    "need_power": [-1, -1, 0, 1, 9],
    "need_memory_mb": [-1, -1, 100, 40_000],
    "need_hdd_gb": [-1, -1, 5, 99_999],
    "pools": [{}, {"/fast": 100}, {"/fast": -100}, {"/": 5, "gpu": 9}],
    "max_running_tasks": LIMITS,
    "max_running_tasks_per_host": LIMITS,
    "max_tasks_per_second": LIMITS,
    "priority": [0, 1, 50, 99, 99, 200, -1, "x"],
}
WORDS: Final[Fields] = {
    "annotation": ["", "text"],
    "custom_data": ["", "text"],
    "hidden": [True, False],
}
JOB: Final[Fields] = NEEDS | WORDS | {
    "branch": [*BRANCHES, "/none"],
    "user": [*USERS, "nobody"],
    "description": ["text"],
    "folders": [{"output": "/o"}],
    "project": ["p"],
    "department": ["d"],
    "preview_approval": [True, False],
    "maintenance": [True, False],
    "ignore_nimby": [True, False],
    "ignore_paused": [True, False],
    "wait_until": [*TIMES],
    "life_time_s": [-1, 0, 60, 100_000],
    "depend_jobs": [[], [1], [1, 2], [77_777]],
    "depend_mask": [*MASKS, "("],
    "depend_mask_global": [*MASKS],
    "hosts_mask_type": ["", "find", "regex"],
    "command_pre": [[], ["setup"]],
    "command_post": [[], ["clean"], [" "]],
}  # fmt: skip
BLOCK: Final[Fields] = {
    **{name: NEEDS[name] for name in ("hosts_mask", "hosts_mask_exclude", "need_properties")},
    **{name: NEEDS[name] for name in ("need_power", "need_memory_mb", "need_hdd_gb")},
    "max_running_tasks": LIMITS,
    "max_running_tasks_per_host": LIMITS,
    "name": [*NAMES],
    "service": ["generic", "other"],
    "parser": ["", "generic"],
    "command": [["true", "@#@"], "true @#@", []],
    "working_directory": ["", "/w"],
    "files": [[], ["/o/@##@.exr"]],
    "environment": [{}, {"A": "b"}],
    "tasks_name": ["", "task @#@"],
    "sequential": [1, -1, 0, 3, -3],
    "capacity": [1, 500, 1_000, 5_000],
    "capacity_coeff_min": [0, 1, 2, 9],
    "capacity_coeff_max": [0, 1, 3],
    "need_cpu_cores": [-1, 1, 99],
    "need_cpu_mhz": [-1, 1_000, 9_000],
    "need_cpu_mhz_cores": [-1, 1_000, 99_000],
    "need_gpus": [0, 1, 2],
    "need_gpu_mem_mb": [-1, 0, 1],
    "tickets": [{}, {"nuke": 1}, {"nuke": 2, "vray": 1}],
    "errors_retries": [-1, 0, 1],
    "errors_avoid_host": [-1, 0, 1],
    "errors_task_same_host": [-1, 0, 1],
    "errors_forgive_time_s": [-1, 0, 10],
    "task_max_run_time_s": [0, 5],
    "task_min_run_time_s": [0, 2, 9],
    "task_progress_change_timeout_s": [0, 5],
    "depend_mask": [*MASKS],
    "tasks_depend_mask": [*MASKS],
    "depend_sub_task": [True, False],
    "skip_thumbnails": [True],
    "skip_existing_files": [True],
    "check_rendered_files": [True],
    "file_size_min": [-1, 5],
    "file_size_max": [-1, 3, 9],
    "suspend_new_tasks": [True, False],
    "multihost_min": [0, 0, 0, 0, 1, 2, 3],
    "multihost_max": [0, 0, 0, 0, 1, 2, 3],
    "multihost_max_wait_s": [0, 0, 10],
    "multihost_service": ["", "daemon"],
    "multihost_service_wait_s": [0, 3],
    "multihost_master_on_slave": [True, False],
    "slave_lost_ignore": [True, False],
    "parser_coeff": [1, 2],
    "command_post": [[], ["clean"]],
    "custom_data": ["text"],
}
USER: Final[Fields] = NEEDS | WORDS | {
    "paused": [True, False, False, False],
    "hosts_mask_type": ["find", "regex"],
    "solve": ["order", "priority"],
    "need_by": ["tasks", "capacity"],
    "errors_retries": [0, 3],
    "errors_avoid_host": [0, 1, 3],
    "errors_task_same_host": [0, 1, 3],
    "errors_forgive_time_s": [0, 10, 18_000],
    "jobs_life_time_s": [0, 100, 50_000],
}  # fmt: skip
BRANCH: Final[Fields] = NEEDS | WORDS | {
    "paused": [True, False, False, False],
    "hosts_mask_type": ["find", "regex"],
    "solve": ["order", "priority"],
    "need_by": ["tasks", "capacity"],
    "create_childs": [True, False],
    "solve_jobs": [True, False],
}  # fmt: skip
FARM: Final[Fields] = WORDS | {
    "services": [[], [], [], ["generic"], ["other"]],
    "services_disabled": [[], [], ["generic"]],
    "capacity_host": [-1, 300, 1_100, 5_000],
    "max_tasks_host": [-1, 0, 1, 8],
    "power_host": [-1, 0, 9],
    "properties_host": ["", "red"],
    "tickets_host": [{}, {"vray": {"count": 1}}, {"nuke": {"count": 0}}],
    "priority": [0, 99, 99, 120],
    "paused": [True, False, False, False],
}  # fmt: skip
POOL: Final[Fields] = FARM | {
    "pattern": ["", "n1", "n.*", "("],
    "tickets_pool": [{}, {"nuke": {"count": 2, "max_hosts": 1}}, {"vray": {"count": 1}}],
    "new_nimby": [True, False],
    "new_paused": [True, False],
    "sick_errors_count": [-1, 0, 2],
    "sick_test_s": [-1, 0, 30],
    "memory_policy": ["", "report", "kill", "x"],
    "sleep_command": ["", "doze"],
    "memory_over_percent": [-1, 0, 50, 1_001],
    **{name: [-1, 0, 60] for name in POOL_EDITABLE if name.startswith(("busy_", "idle_"))},
    **{key: [-1, 0, 60] for key in ("exit_no_task_s", "no_task_event_s", "overload_event_s")},
    **{key: [-1, 0, 90, -2] for key in ("overload_memory", "overload_swap", "overload_hdd")},
    **{key: [-1, 0, 5] for key in ("heartbeat_s", "resources_s", "lease_s")},
}
WORKER: Final[Fields] = FARM | {
    "user": ["", *USERS],
    "pool": ["", *POOLS],
    "nimby": ["free", "free", "free", "owner", "nobody"],
}


def changes(fields: Fields) -> st.SearchStrategy[dict[str, Any]]:
    """One or two fields with a value, now and then one that is refused."""
    pairs = st.sampled_from(sorted(fields)).flatmap(
        lambda name: st.tuples(st.just(name), st.sampled_from(fields[name]))
    )
    some = st.lists(pairs, min_size=1, max_size=2)
    nonsense: st.SearchStrategy[dict[str, Any]] = st.just({"nonsense": 1})
    return some.map(dict) | nonsense


def one(draw: st.DrawFn, values: Sequence[Any]) -> Any:
    """One of some values."""
    return draw(st.sampled_from(values))


@st.composite
def blocks(draw: st.DrawFn, number: int) -> BlockSpec:
    """A block, as the `number`th of its job; later ones may wait for earlier ones."""
    return BlockSpec(
        name=NAMES[number],
        frames=one(draw, SPANS),
        command=("true", "@#@"),
        frames_per_task=one(draw, [1, 1, 2, 5]),
        sequential=one(draw, BLOCK["sequential"]),
        depend_mask=one(draw, MASKS) if number else "",
        tasks_depend_mask=one(draw, MASKS) if number > 1 else "",
        depend_sub_task=one(draw, [True, False]),
        suspend_new_tasks=number == 1 and one(draw, [True, False, False]),
        max_running_tasks=one(draw, LIMITS),
        max_running_tasks_per_host=one(draw, LIMITS),
        tickets=one(draw, BLOCK["tickets"]),
        need_memory_mb=one(draw, BLOCK["need_memory_mb"]),
        need_gpus=one(draw, [0, 0, 0, 1]),
        capacity=one(draw, [300, 1_000]),
        capacity_coeff_max=one(draw, [0, 0, 3]),
        errors_retries=one(draw, [0, 1]),
        errors_forgive_time_s=one(draw, [-1, 10]),
        command_pre=("setup",) if number == 0 and one(draw, [True, False]) else (),
    )


@st.composite
def frame_jobs(draw: st.DrawFn, *, hindered: bool = True) -> JobSpec:
    """A job of up to three blocks of frames; one that is not hindered can start at once."""
    masks, limits = (MASKS, LIMITS) if hindered else ([""], [-1, 2])
    count = draw(st.integers(1, 3))
    return JobSpec(
        name=one(draw, NAMES),
        blocks=tuple(draw(blocks(number)) for number in range(count)),
        branch=one(draw, BRANCHES),
        depend_mask=one(draw, masks),
        depend_mask_global=one(draw, masks),
        depend_jobs=tuple(one(draw, [[], [], [1]])),
        preview_approval=one(draw, [True, False, False]),
        paused=hindered and one(draw, [True] + [False] * 9),
        wait_until=one(draw, [0.0, 0.0, 0.0, 0.0, 1_010.0]) if hindered else 0.0,
        life_time_s=one(draw, [-1, -1, -1, -1, 60]),
        max_running_tasks=one(draw, limits),
        max_tasks_per_second=one(draw, [-1, -1, 1]),
        try_first=one(draw, [(), ((0, 0),), ((0, 0), (0, 0))]),
        command_pre=one(draw, [(), ("setup",)]),
        command_post=one(draw, [(), ("clean",)]),
    )


@st.composite
def named_jobs(draw: st.DrawFn) -> JobSpec:
    """A job of named tasks; one of maintenance has one for each host."""
    maintenance = draw(st.booleans())
    names = HOSTS if maintenance else [f"t{n}" for n in range(draw(st.integers(1, 300)))]
    tasks = tuple(TaskSpec(name=name, command=(f"-n{name}",)) for name in names)
    block = BlockSpec(command=("true",), tasks=tasks, errors_retries=0)
    return JobSpec(name="named", blocks=(block,), maintenance=maintenance)


@st.composite
def many_jobs(draw: st.DrawFn) -> JobSpec:
    """A job whose tasks need several machines at once."""
    wide = BlockSpec(
        name=NAMES[0],
        frames=one(draw, ["1-2", "1-5"]),
        command=("master", "@AF_HOSTS@"),
        multihost_min=one(draw, [0, 1, 1, 2]),
        multihost_max=one(draw, [2, 3]),
        multihost_max_wait_s=one(draw, [0, 0, 5]),
        multihost_service=one(draw, ["", "daemon"]),
        multihost_service_wait_s=one(draw, [0, 3]),
        multihost_master_on_slave=draw(st.booleans()),
        slave_lost_ignore=draw(st.booleans()),
        max_running_tasks_per_host=one(draw, [-1, -1, 1]),
        tickets=one(draw, BLOCK["tickets"]),
        need_memory_mb=one(draw, [-1, 100]),
        need_gpus=one(draw, [0, 0, 0, 1]),
        capacity=one(draw, [300, 1_000]),
        capacity_coeff_max=one(draw, [0, 0, 3]),
        errors_retries=one(draw, [0, 1]),
    )
    small = draw(blocks(1))
    blocks_now = (wide, small) if draw(st.booleans()) else (wide,)
    return JobSpec(name=one(draw, NAMES), blocks=blocks_now, priority=one(draw, [99, 200]))
