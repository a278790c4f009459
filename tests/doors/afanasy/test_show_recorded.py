"""A farm in the same situation as the recorded one is shown in the same words.

What is not compared: times, and what differs for the reasons given at `OURS`.
"""

from __future__ import annotations

from typing import Any

import pytest

from grange.model.run import NetworkInterface, Traits
from grange.model.states import RunStatus
from tests.doors.afanasy.proves import proves
from tests.doors.afanasy.recorded import recorded, unleaked
from tests.doors.afanasy.stand import Stand

COMMAND = (
    'echo "FRAME: @#@-@#@"; for p in 10 50 90; do echo "PROGRESS: $p%"; echo "ACTIVITY: act$p"; '
    'sleep 1; done; echo "REPORT: rep @####@"; echo "[ PARSER WARNING ] w"'
)
GENERIC = {"service": "generic", "parser": "generic", "working_directory": "/var/tmp/vec"}
VEC_NUMERIC = {
    "name": "vec_numeric",
    "user_name": "artist",
    "host_name": "vm",
    "branch": "/tmp/x",
    "folders": {"render": "/var/tmp/vec/o"},
    "blocks": [
        {
            **GENERIC,
            "name": "render",
            "flags": 1,
            "frame_first": 1,
            "frame_last": 6,
            "frames_per_task": 2,
            "command": COMMAND,
            "files": ["/var/tmp/vec/o/img.@####@.jpg"],
            "environment": {"MYVAR": "a b"},
            "tickets": {"LIC": 1},
        },
        {
            **GENERIC,
            "name": "post",
            "errors_retries": 1,
            "depend_mask": "render",
            "tasks": [
                {"name": "ok", "command": "true"},
                {"name": "bad", "command": "exit 3"},
                {"name": "slow", "command": "sleep 2"},
            ],
        },
    ],
}
VEC_DEP = {
    "name": "vec_dep",
    "user_name": "artist",
    "host_name": "vm",
    "depend_mask": "vec_numeric",
    "branch": "/tmp/x",
    "blocks": [
        {
            **GENERIC,
            "name": "seq",
            "flags": 1,
            "frame_first": 1,
            "frame_last": 3,
            "command": "true",
        }
    ],
}
MACHINE = Traits(
    os="unix linux 64 debian 12",
    cpu_cores=2,
    memory_mb=24_105,
    hdd_gb=251,
    netifs=(NetworkInterface(name="ifb0", mac="36:90:7c:f4:be:d4"),),
)
#: Times, and what depends on the machine.
UNEQUAL = frozenset(
    {
        *("time_creation", "time_started", "time_done", "time_register", "time_activity"),
        *("time_launch", "time_update", "time_start", "tst", "tdn", "idle_time", "busy_time"),
        *("task_start_finish_time", "wol_operation_time", "p_tasks_run_time_sum"),
        *("p_tasks_run_time_min", "p_tasks_run_time_max", "host_resources", "netifs"),
    }
)
#: The name of the render that was given the last task is kept while something runs.
#: A task that is done is shown at 100 percent: the original leaves what its parser read last.
#: The root pool says more of what it sets where nobody says otherwise.
#: Which render gets a task again is another matter of chance.
OURS = frozenset({"srv_info", "per", "power_host", "sick_errors_count", "p_error_hosts", "hst"})


def compare(ours: Any, theirs: Any, where: str = "") -> list[str]:
    """In what two replies differ."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        keys = (ours.keys() | theirs.keys()) - UNEQUAL - OURS
        found = [f"{where}.{k}: ours only" for k in sorted(keys) if k not in theirs]
        found += [f"{where}.{k}: theirs only" for k in sorted(keys) if k not in ours]
        for key in sorted(keys & ours.keys() & theirs.keys()):
            found += compare(ours[key], theirs[key], f"{where}.{key}")
        return found
    if isinstance(theirs, list) and isinstance(ours, list) and len(ours) == len(theirs):
        pairs = enumerate(zip(ours, theirs, strict=True))
        return [item for at, (a, b) in pairs for item in compare(a, b, f"{where}[{at}]")]
    return [] if ours == theirs else [f"{where}: {ours!r} is not {theirs!r}"]


def said(name: str) -> Any:
    """What the real server answered."""
    (found,) = (item for item in recorded(name) if item["name"] == name)
    return unleaked(found["output"])


def begin(stand: Stand) -> int:
    """Two renders and two jobs, the second of which waits for the first."""
    for name in ("r1", "r2"):
        stand.join(name, MACHINE, user="artist", address="127.0.0.1")
    number: int = stand.ask({"job": VEC_NUMERIC})["id"]
    assert stand.ask({"job": VEC_DEP}) == {"id": number + 1, "serial": 2}
    stand.now += 1
    return number


def finish(stand: Stand) -> None:
    """Let all run as it did there: task `bad` fails on both renders."""
    while begun := stand.started():
        for run in begun:
            bad = run[1].task_name == "bad"
            stand.end(run, RunStatus.FAILED if bad else RunStatus.DONE)


RUNNING = [
    ("server_scen1_jobs_list_run", {"type": "jobs", "ids": [2]}),
    ("server_scen1_jobs_full_run", {"type": "jobs", "ids": [2], "mode": "full"}),
    ("server_scen1_job_progress_run", {"type": "jobs", "ids": [2], "mode": "progress"}),
    ("server_scen1_pools_run", {"type": "pools"}),
    (
        "server_scen1_blocks_modes",
        {
            "type": "jobs",
            "ids": [2],
            "block_ids": [0, 1],
            "mode": ["progress", "properties", "full"],
        },
    ),
]


@pytest.mark.parametrize(("name", "asked"), RUNNING, ids=[name for name, _ in RUNNING])
def test_a_farm_at_work_is_shown_as_the_original_does(
    stand: Stand, name: str, asked: dict[str, Any]
) -> None:
    begin(stand)
    assert compare(stand.ask({"get": asked}), said(name)) == []


DONE = [
    ("server_scen2_blocks_pp", {"block_ids": [0, 1], "mode": ["progress", "progress"]}),
    ("server_scen2_blocks_pr", {"block_ids": [0, 1], "mode": ["properties", "properties"]}),
    ("server_scen2_blocks_full", {"block_ids": [1], "mode": ["full"]}),
    ("server_scen2_jp", {"mode": "progress"}),
    ("server_scen2_tinfo", {"block_ids": [1], "task_ids": [1], "mode": "info"}),
    ("server_scen2_tfiles", {"block_ids": [0], "task_ids": [0], "mode": "files"}),
    ("server_scen2_tout_bad", {"block_ids": [1], "task_ids": [99], "mode": "output"}),
    ("server_scen2_j_unknown", {"ids": [99]}),
    ("server_scen2_j_unknown2", {"ids": [99, 98]}),
    ("server_scen2_j_mask", {"ids": None, "mask": "vec_num"}),
    ("server_scen2_j_uids", {"ids": None, "uids": [2]}),
    ("server_scen2_j_serials", {"ids": None, "serials": [2]}),
]


@pytest.mark.parametrize(("name", "asked"), DONE, ids=[name for name, _ in DONE])
def test_a_job_that_failed_is_shown_as_the_original_does(
    stand: Stand, name: str, asked: dict[str, Any]
) -> None:
    number = begin(stand)
    finish(stand)
    assert compare(stand.get("jobs", **{"ids": [number], **asked}), said(name)) == []


@proves("get users")
def test_a_user_is_shown_as_the_original_does(stand: Stand) -> None:
    begin(stand)
    theirs = said("server_scen1_users_run")["users"][1]  # the first is the system's own
    assert compare(stand.get("users"), {"users": [theirs]}) == []


@proves("user")
def test_a_user_registers_as_with_the_original(stand: Stand) -> None:
    begin(stand)
    stand.get("users")
    ours = stand.ask({"user": {"name": "newuser", "host_name": "h"}})
    assert compare(ours, said("server_scen5_user_reg")) == []


@proves("get renders", "get renders by mask")
def test_a_render_without_tasks_is_shown_as_the_original_does(stand: Stand) -> None:
    for name in ("r1", "r2"):
        stand.join(name, MACHINE, user="artist", address="127.0.0.1")
    assert compare(stand.get("renders", mask="r"), said("server_scen2_r_mask")) == []
