"""Recorded actions, one after the other on one farm: what was said there is said here.

Where it is not, the table says what is said here, and why.
"""

from __future__ import annotations

from typing import Any

from tests.build import block, job
from tests.doors.afanasy.recorded import all_recorded, recorded
from tests.doors.afanasy.stand import Stand
from tests.doors.afanasy.watchers import register

#: The original says of all of these "Action processed.", and nothing has happened.
IDLE = {
    "server_scen4_jobs_continue_b": "job 'act1'['b']: no task to continue",
    "server_scen4_jobs_reset_error_hosts": "job 'act1' has no error hosts",
    "server_scen4_jobs_restart_errors": "job 'act1': no task to restart_errors",
    "server_scen4_jobs_restart_skipped": "job 'act1': no task to restart_skipped",
    "server_scen4_jobs_restart_done": "job 'act1': no task to restart_done",
    "server_scen4_jobs_tickets_b": "job 'act1'['b'] asks for no 'T1'",
    "server_scen4_jobs_mask": "job 'act1' is paused already",
    "server_scen5_unpaused": "render 'r1' is so already",
    "server_scen5_heal": "render 'r1' is not sick",
    "server_scen5_ejectkeep": "render 'r1' has no task to eject",
    "server_scen5_brstart": "branch '/a' is not paused already",
}
#: What the original takes and cannot do.
REFUSED = {
    "server_scen5_wolwake": "worker: worker r1 is awake",
    "server_scen5_launch": (
        "worker: worker r1 is of an older version, which launches nothing: update it"
    ),
}
#: What is done here, too, in other words.
OTHERWISE = {
    "server_scen5_pool_params": "Changed; not known here: 'max_tasks'",
    "server_scen5_brdd": "Deleting 0 jobs.",
}
#: Not replayed: what is shown is compared elsewhere, and what depends on the farm's past.
ELSEWHERE = (
    *("jtry", "after_append", "_users", "jobs_after_dd", "_pools2", "_uorder"),
    *("reload", "user_reg"),
)


def replay(stand: Stand, prefix: str) -> dict[str, tuple[Any, Any]]:
    """What is said here and there, of each request that is answered otherwise."""
    found = {}
    for item in recorded(prefix):
        name, sent = item["name"], item["input"]
        if name.endswith(ELSEWHERE):
            continue
        ours, theirs = stand.ask(sent), item["output"]
        if ours != theirs:
            found[name] = (ours, theirs)
    return found


def check(found: dict[str, tuple[Any, Any]], prefix: str) -> None:
    """What differs are the entries of the tables above, and all of them."""
    listed = {name for name in {**IDLE, **REFUSED, **OTHERWISE} if name.startswith(prefix)}
    assert found.keys() == listed
    for name, (ours, _) in found.items():
        said = ours["info"]
        if name in IDLE:
            assert said == {"kind": "log", "text": IDLE[name]}
        elif name in REFUSED:
            assert said == {"kind": "error", "text": REFUSED[name]}
        else:
            assert said["text"] == OTHERWISE[name]


def test_recorded_actions_on_jobs_are_answered_alike(stand: Stand) -> None:
    for name in ("one", "two", "three"):
        stand.submit(job(block("1"), name=name, paused=True))
    stand.submit(job(block("1-4", name="b", errors_retries=0, command="sleep 30"), name="act1"))
    check(replay(stand, "server_scen4_"), "server_scen4_")
    assert not stand.has_job(5)  # the last of them deletes it


def test_recorded_actions_on_nodes_are_answered_alike(stand: Stand) -> None:
    for name in ("r1", "r2"):
        stand.join(name, stand.traits(macs=("02:fc:00:00:00:01",)))
    stand.submit(job(block("1"), paused=True, branch="/a"))
    stand.submit(job(block("1"), paused=True))
    register(stand, uid=None)
    check(replay(stand, "server_scen5_"), "server_scen5_")


def test_every_table_is_of_recorded_requests() -> None:
    known = {item["name"] for item in all_recorded()}
    assert {*IDLE, *REFUSED, *OTHERWISE} <= known
