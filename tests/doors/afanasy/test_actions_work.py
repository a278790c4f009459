"""Operations and parameters of users and branches."""

from __future__ import annotations

from grange.core import commands as c
from grange.model.states import Role
from tests.build import block, job
from tests.doors.afanasy.proves import proves
from tests.doors.afanasy.stand import AUTHOR, Stand

OK = ("log", "Action processed.")


def order(stand: Stand) -> list[int]:
    """The user's jobs as they stand."""
    found: list[int] = stand.get("users", ids=[2], mode="jobs_order")["events"]["jobs_order"][
        "jids"
    ][0]
    return found


@proves(
    *(f"action users move_jobs_{where}" for where in ("up", "down", "top", "bottom")),
    "get users jobs_order",
)
def test_jobs_are_moved_and_moving_nothing_says_so(stand: Stand) -> None:
    first, second, third = (stand.submit(job(name=name)) for name in "abc")
    assert order(stand) == [first, second, third]
    assert stand.operate("users", 2, "move_jobs_bottom", jids=[first]) == OK
    assert order(stand) == [second, third, first]
    assert stand.operate("users", 2, "move_jobs_top", jids=[first]) == OK
    assert stand.operate("users", "artist", "move_jobs_down", jids=[first]) == OK
    assert order(stand) == [second, first, third]
    assert stand.operate("users", 2, "move_jobs_up", jids=[first]) == OK
    assert order(stand) == [first, second, third]
    said = stand.operate("users", 2, "move_jobs_up", jids=[first])
    assert said == ("log", "the jobs of user 'artist' stand so already")
    said = stand.operate("users", 2, "move_jobs_up", jids=[99])
    assert said == ("error", "job_ids: not all of these are jobs of 'artist'")


@proves("action users delete")
def test_a_user_without_jobs_is_deleted(stand: Stand) -> None:
    number = stand.submit(job())
    said = stand.operate("users", 2, "delete")
    assert said == ("error", "user 'artist' has 1 jobs: delete them first")
    stand.operate("jobs", number, "delete")
    assert stand.operate("users", 2, "delete") == OK
    assert stand.get("users") == {"users": []}


@proves("action users params")
def test_a_user_is_edited(stand: Stand) -> None:
    stand.submit(job())
    params = {
        "priority": 88,
        "annotation": "U",
        "custom_data": '{"emails":[]}',
        "max_running_tasks": 3,
        "hosts_mask": "r1",
        "solve_method": "solve_priority",
        "solve_need": "solve_tasksnum",
        "errors_retries": 7,
        "jobs_life_time": 3600,
        "hosts_mask_type": "regex",
        "need_memory": 5,
        "pools": {"/p1": 50},
        "paused": True,
    }
    assert stand.set("users", 2, **params) == OK
    (shown,) = stand.get("users")["users"]
    assert {key: shown[key] for key in params} == params
    said = stand.set("users", "artist", **params)
    assert said == ("log", "user 'artist' is so already")
    assert stand.set("users", 2, solve_need="solve_capacity", hosts_mask_type="") == OK
    for parallel, method in ((False, "order"), (True, "priority")):
        assert stand.set("users", 2, solve_parallel=parallel) == OK
        assert stand.farm.state.users["artist"].spec.solve == method
    kind, text = stand.set("users", 2, priority="high")
    assert (kind, text) == ("error", "priority: expected `int`, got `str`")
    assert stand.operate("users", 2, "zzz") == ("error", "Unknown operation: zzz")


def test_a_user_is_edited_by_an_admin_alone(stand: Stand) -> None:
    stand.submit(job())
    action = {**AUTHOR, "type": "users", "ids": [2], "params": {"priority": 1}}
    said = stand.ask({"action": action}, role=Role.WRANGLER)
    assert said["info"]["kind"] == "error"
    assert stand.farm.state.users["artist"].spec.priority == 99


@proves("action branches params")
def test_a_branch_is_edited(stand: Stand) -> None:
    stand.do(c.EditBranch(path="/show", changes={}))
    params = {
        "create_childs": True,
        "solve_jobs": True,
        "priority": 120,
        "max_running_tasks": 9,
        "max_tasks_per_second": 5,
        "solve_method": "solve_order",
    }
    said = stand.set("branches", 2, **params)
    assert said == ("log", "Branch(es) parameter(s) changed.")
    (shown,) = stand.get("branches", ids=[2])["branches"]
    assert {key: shown[key] for key in params} == params
    assert stand.set("branches", 2, **params) == ("log", "branch '/show' is so already")


@proves("action branches pause", "action branches start")
def test_a_branch_is_paused_and_started(stand: Stand) -> None:
    assert stand.operate("branches", 1, "pause") == OK
    assert stand.get("branches")["branches"][0]["paused"]
    said = stand.operate("branches", 1, "pause")
    assert said == ("log", "branch '/' is paused already")
    assert stand.operate("branches", "/", "start") == OK
    said = stand.operate("branches", 1, "start")
    assert said == ("log", "branch '/' is not paused already")


@proves("action branches delete", "action branches delete_done_jobs")
def test_an_empty_branch_and_jobs_that_are_done_are_deleted(stand: Stand) -> None:
    said = stand.operate("branches", 1, "delete")
    assert said == ("error", "Can`t delete ROOT branch.")
    stand.do(c.EditBranch(path="/show", changes={}))
    done, open_ = (stand.submit(job(block("1"), branch="/show")) for _ in range(2))
    stand.operate("jobs", done, "skip", block_ids=[-1])
    said = stand.operate("branches", 2, "delete")
    assert said == ("error", "Branch['/show'] has child branches/jobs.")
    said = stand.operate("branches", 2, "delete_done_jobs")
    assert said == ("log", "Deleting 1 jobs.")
    assert [stand.has_job(number) for number in (done, open_)] == [False, True]
    stand.operate("jobs", open_, "delete")
    assert stand.operate("branches", 2, "delete") == OK
    assert stand.operate("branches", 1, "zzz") == ("error", "Unknown operation: zzz")
