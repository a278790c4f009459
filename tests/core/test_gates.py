from __future__ import annotations

from typing import Any

import pytest

from grange.core import commands as c
from grange.core.farm import Farm
from grange.core.gates import branch_gate, count_start, may_start, user_gate
from grange.model.states import TaskOp
from tests.build import (
    begun,
    block,
    block_of,
    change,
    edit_branch,
    edit_job,
    edit_pool,
    edit_user,
    end,
    job,
    join,
    restarted,
    started,
    submit,
    why,
)


def slots(farm: Farm, count: int, name: str = "node") -> None:
    edit_pool(farm, capacity_host=-1, max_tasks_host=count)
    join(farm, name)


def limited(farm: Farm, level: str, **limit: Any) -> Any:
    """A job of nine tasks with a limit of its own, of its block, its user or a branch."""
    edit_user(farm, **limit if level == "user" else {})
    if level == "root":
        edit_branch(farm, **limit)
    if level == "branch":
        edit_branch(farm, "/show", **limit)
    own = block("1-9", **limit if level == "block" else {})
    return submit(farm, job(own, branch="/show", **limit if level == "job" else {}))


LEVELS = ["block", "job", "user", "branch", "root"]


@pytest.mark.parametrize("level", LEVELS)
def test_only_so_many_tasks_run_at_once(farm: Farm, level: str) -> None:
    slots(farm, 9)
    job_id = limited(farm, level, max_running_tasks=2)
    (worker_id, run), _ = started(farm)
    code = "branch-limit" if level == "root" else f"{level}-limit"
    assert why(farm, job_id) == [code]
    assert begun(farm) == []
    end(farm, worker_id, run.run_id)
    assert begun(farm) == [2]


@pytest.mark.parametrize("level", LEVELS)
def test_a_limit_of_0_forbids(farm: Farm, level: str) -> None:
    slots(farm, 9)
    limited(farm, level, max_running_tasks=0)
    assert begun(farm) == []


@pytest.mark.parametrize("level", LEVELS)
def test_a_limit_holds_across_a_restart(farm: Farm, level: str) -> None:
    slots(farm, 2)
    limited(farm, level, max_running_tasks=2)
    runs = tuple(run.run_id for _, run in started(farm))
    again = restarted(farm)
    join(again, runs=runs)
    join(again, "other")
    assert begun(again) == []


@pytest.mark.parametrize("level", ["job", "user", "branch", "root"])
def test_only_so_many_tasks_start_in_a_second(farm: Farm, level: str) -> None:
    slots(farm, 9)
    job_id = limited(farm, level, max_tasks_per_second=2)
    assert begun(farm, 10.2) == [0, 1]
    assert begun(farm, 10.9) == []
    code = "branch-rate" if level == "root" else f"{level}-rate"
    assert why(farm, job_id, now=10.9) == [code]
    assert farm.next_deadline() == 11
    assert begun(farm, 11) == [2, 3]


@pytest.mark.parametrize("level", ["job", "user", "branch", "root"])
def test_tasks_that_end_do_not_make_room_in_a_second(farm: Farm, level: str) -> None:
    slots(farm, 9)
    limited(farm, level, max_tasks_per_second=1)
    worker_id, run = started(farm, 10)[0]
    end(farm, worker_id, run.run_id, now=10.5)
    assert begun(farm, 10.6) == []
    assert begun(farm, 12) == [1]


@pytest.mark.parametrize("level", ["job", "user", "branch"])
def test_a_rate_that_is_reached_when_nothing_is_left_is_forgotten(farm: Farm, level: str) -> None:
    slots(farm, 9)
    limited(farm, level, max_tasks_per_second=9)
    assert len(begun(farm, 10)) == 9
    farm.apply(c.DeleteJob(job_id=next(iter(farm.state.jobs))), 10)
    assert begun(farm, 11) == []


def test_a_user_who_is_gone_needs_no_timer(farm: Farm) -> None:
    slots(farm, 9)
    job_id = limited(farm, "user", max_tasks_per_second=1)
    begun(farm, 10)
    farm.apply(c.DeleteJob(job_id=job_id), 10)
    farm.apply(c.DeleteUser(user="ada"), 10)
    assert begun(farm, 11) == []
    assert farm.next_deadline() is None


def test_starts_are_counted_by_whole_seconds() -> None:
    starts = (0, 0)
    for now in (10.1, 10.9):
        assert may_start(starts, 2, now)
        starts = count_start(starts, now)
    assert not may_start(starts, 2, 10.99)
    assert may_start(starts, 2, 11)
    assert may_start(starts, -1, 10.99)


def test_a_job_waits_until_its_time(farm: Farm) -> None:
    join(farm)
    job_id = submit(farm, job(wait_until=100))
    assert begun(farm, 99.9) == []
    assert why(farm, job_id, now=90) == ["wait-until"]
    assert farm.next_deadline() == 100
    assert begun(farm, 100) == [0]


def test_a_job_waits_until_its_time_after_a_restart(farm: Farm) -> None:
    join(farm)
    submit(farm, job(wait_until=100))
    again = restarted(farm, now=50)
    join(again)
    assert begun(again, 99) == []
    assert begun(again, 100) == [0]


def test_a_time_that_has_passed_holds_nothing(farm: Farm) -> None:
    join(farm)
    submit(farm, job(wait_until=5), now=10)
    assert begun(farm, 10) == [0]


def test_what_is_held_for_two_reasons_is_held_until_both_are_gone(farm: Farm) -> None:
    join(farm)
    job_id = submit(farm, job(wait_until=100, paused=True))
    farm.apply(c.PauseJob(job_id=job_id, paused=False), 50)
    assert begun(farm, 50) == []
    farm.apply(c.PauseJob(job_id=job_id, paused=True), 60)
    assert begun(farm, 100) == []
    farm.apply(c.PauseJob(job_id=job_id, paused=False), 101)
    assert begun(farm, 101) == [0]


def test_a_preview_waits_for_approval(farm: Farm) -> None:
    slots(farm, 99)
    job_id = submit(farm, job(block("1-10", sequential=5), preview_approval=True))
    assert begun(farm) == [0, 9, 4]
    assert why(farm, job_id) == ["approval"]


def test_a_task_that_is_suspended_and_continued_waits_for_approval(farm: Farm) -> None:
    slots(farm, 1)
    job_id = submit(farm, job(block("1-10", sequential=5), preview_approval=True))
    begun(farm)
    for op in (TaskOp.SUSPEND, TaskOp.CONTINUE):
        change(farm, job_id, op, block=0, tasks=((6, 6),))
    slots(farm, 99, "other")
    assert begun(farm) == [9, 4]


def test_a_block_without_preview_tasks_needs_no_approval(farm: Farm) -> None:
    slots(farm, 99)
    submit(farm, job(block("1-3"), preview_approval=True))
    assert begun(farm) == [0, 1, 2]


@pytest.mark.parametrize(
    ("op", "code"),
    [
        (TaskOp.SKIP, "nothing-ready"),
        (TaskOp.DONE, "nothing-ready"),
        (TaskOp.SUSPEND, "nothing-ready"),
    ],
)
def test_a_block_without_a_ready_task_is_not_offered(farm: Farm, op: TaskOp, code: str) -> None:
    job_id = submit(farm)
    change(farm, job_id, op)
    assert why(farm, job_id) == [code]
    assert not farm.state.jobs[job_id].share.lines


def test_a_limit_that_is_raised_lets_more_run(farm: Farm) -> None:
    slots(farm, 9)
    job_id = submit(farm, job(block("1-9", max_running_tasks=1)))
    assert begun(farm) == [0]
    edit_job(farm, job_id, block=0, max_running_tasks=3)
    assert begun(farm) == [1, 2]
    assert block_of(farm, job_id).tasks.counts[2] == 3


def test_suspended_tasks_wait_to_be_continued(farm: Farm) -> None:
    slots(farm, 9)
    job_id = submit(farm, job(block("1-3", suspend_new_tasks=True)))
    assert begun(farm) == []
    change(farm, job_id, TaskOp.CONTINUE, block=0, tasks=((1, 1),))
    assert begun(farm) == [1]


def test_a_user_without_a_place_in_any_branch_needs_no_timer(farm: Farm) -> None:
    slots(farm, 9)
    edit_user(farm, max_tasks_per_second=1)
    job_id = submit(farm, job(branch="/show"))
    begun(farm, 10)
    farm.apply(c.DeleteJob(job_id=job_id), 10)
    farm.apply(c.DeleteBranch(path="/show"), 10)
    farm.dispatch(11)
    farm.state.users["ada"].starts = (12, 1)
    edit_user(farm, now=12.5, annotation="x")
    assert farm.next_deadline() is None


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, ""),
        ({"paused": True}, "paused"),
        ({"priority": 0}, "priority"),
        ({"max_running_tasks": 0}, "limit"),
        ({"max_tasks_per_second": 0}, "rate"),
    ],
)
def test_users_and_branches_are_held_alike(farm: Farm, changes: dict[str, Any], code: str) -> None:
    edit_user(farm, **changes)
    edit_branch(farm, "/show", **changes)
    assert user_gate(farm.state.users["ada"], 1) == (code and f"user-{code}")
    assert branch_gate(farm.state.branches["/show"], 1) == (code and f"branch-{code}")


@pytest.mark.parametrize(
    ("fields", "code"), [({"paused": True}, "paused"), ({"priority": 0}, "priority")]
)
def test_a_job_is_held_by_a_person(farm: Farm, fields: dict[str, Any], code: str) -> None:
    join(farm)
    job_id = submit(farm, job(**fields))
    assert begun(farm) == []
    assert why(farm, job_id) == [code]


def test_a_job_waits_for_another_and_a_block_for_another(farm: Farm) -> None:
    first = submit(farm, job(block(name="a"), block(depend_mask="a")))
    held = submit(farm, job(depend_jobs=(first,)))
    assert why(farm, held) == ["depends-on-jobs"]
    assert why(farm, first, 1) == ["depends-on-blocks"]


def test_a_block_whose_tasks_all_wait_says_so(farm: Farm) -> None:
    job_id = submit(farm, job(block(name="a"), block(tasks_depend_mask="a")))
    assert why(farm, job_id, 1) == ["tasks-wait"]
