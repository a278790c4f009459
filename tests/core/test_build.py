from __future__ import annotations

from typing import Any

import pytest

from grange.core.build import clean_path, own_blocks
from grange.core.farm import Farm
from grange.model.spec import NAME_MAX
from tests.build import (
    READY,
    SUSPENDED,
    WAITING,
    block,
    block_of,
    edit_branch,
    edit_job,
    edit_pool,
    job,
    job_of,
    join,
    named,
    restarted,
    started,
    states,
    submit,
)
from tests.model.afanasy import vectors


@pytest.mark.parametrize("vector", vectors("branch_path"), ids=lambda v: v["input"]["path"])
def test_a_path_is_kept_as_afanasy_keeps_it(vector: dict[str, Any]) -> None:
    assert clean_path(vector["input"]["path"]) == vector["output"]


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("", "/"),
        ("show", "/show"),
        ("//a/./../b/", "/a/b"),
        ("/../../etc", "/etc"),
        ("a*b?c", "/a_b_c"),
        ("/a b/c-d.e_f", "/a b/c-d.e_f"),
        ("/\0", "/_"),
    ],
)
def test_a_path_is_cleaned(text: str, path: str) -> None:
    assert clean_path(text) == path
    assert clean_path(clean_path(text)) == path


def test_a_branch_is_made_where_the_one_above_allows_it(farm: Farm) -> None:
    """Afanasy: the root allows it, a branch that was made so does not."""
    assert job_of(farm, submit(farm, job(branch="/tmp/x/y"))).spec.branch == "/tmp"
    edit_branch(farm, "/tmp", create_childs=True)
    assert job_of(farm, submit(farm, job(branch="/tmp/x/y"))).spec.branch == "/tmp/x"


def test_no_branch_is_made_where_the_root_forbids_it(farm: Farm) -> None:
    edit_branch(farm, create_childs=False)
    assert job_of(farm, submit(farm, job(branch="/show"))).spec.branch == "/"
    assert list(farm.state.branches) == ["/"]


def test_a_branch_that_is_there_is_used(farm: Farm) -> None:
    edit_branch(farm, "/show")
    edit_branch(farm, "/show/seq")
    assert job_of(farm, submit(farm, job(branch="\\show\\seq"))).spec.branch == "/show/seq"


def test_a_new_branch_lets_its_jobs_compete_by_user(farm: Farm) -> None:
    submit(farm, job(branch="/show"))
    spec = farm.state.branches["/show"].spec
    assert (spec.create_childs, spec.solve_jobs, spec.priority) == (False, False, 99)


def test_a_user_is_made_by_his_first_job(farm: Farm) -> None:
    submit(farm, user="eve", now=7)
    user = farm.state.users["eve"]
    assert (user.created, user.spec.priority, user.spec.errors_retries) == (7, 99, 3)


def test_a_jobs_tasks_are_ready_or_held(farm: Farm) -> None:
    job_id = submit(farm, job(block("1-2"), named("a", "b", suspend_new_tasks=True)))
    assert states(farm, job_id) == [READY, READY]
    assert states(farm, job_id, 1) == [SUSPENDED, SUSPENDED]


@pytest.mark.parametrize("per_task", [1, 2])
def test_a_held_block_that_depends_on_tasks_is_held(farm: Farm, per_task: int) -> None:
    second = block("1-4", frames_per_task=per_task, tasks_depend_mask="a", suspend_new_tasks=True)
    job_id = submit(farm, job(block("1-4", name="a"), second))
    assert set(states(farm, job_id, 1)) == {SUSPENDED}


def test_pre_commands_are_blocks_at_the_end() -> None:
    first, last = block(name="first", command_pre=("a",)), block(command_pre=("b",))
    spec = job(first, block(), last, command_pre=("c",))
    made = own_blocks(spec)
    assert [number for _, number in made] == [None, None, None, -1, 0, 2]
    assert [item.tasks[0].command for item, number in made[3:]] == [("c",), ("a",), ("b",)]
    assert [item.name for item, _ in made[3:]] == [
        "pre command",
        "pre command of first",
        "pre command of block",
    ]
    assert {item.tasks[0].name for item, _ in made[3:]} == {"pre"}


def test_the_tasks_of_a_block_are_not_kept_twice(farm: Farm) -> None:
    job_id = submit(farm, job(named("a", "b")))
    kept = block_of(farm, job_id)
    assert (kept.spec.tasks, [task.name for task in kept.named]) == ((), ["a", "b"])
    assert job_of(farm, job_id).spec.blocks == ()


def test_jobs_of_a_user_stand_in_the_order_of_their_coming(farm: Farm) -> None:
    jobs = [submit(farm) for _ in range(3)]
    assert [job_of(farm, job_id).position for job_id in jobs] == [0, 1, 2]


def test_a_million_frames_are_stored_as_two_records(farm: Farm) -> None:
    submit(farm, job(block("1-1000000")))
    kinds = [type(item).__name__ for item in farm.take_dirty().put]
    assert sorted(kinds) == ["BlockRecord", "JobRecord", "UserRecord"]


@pytest.mark.parametrize("per_task", [1, 2])
def test_tasks_that_depend_on_tasks_wait_from_the_start(farm: Farm, per_task: int) -> None:
    second = block("1-4", frames_per_task=per_task, tasks_depend_mask="a")
    job_id = submit(farm, job(block("1-2", name="a"), second))
    waits = [WAITING, WAITING, READY, READY] if per_task == 1 else [WAITING, READY]
    assert states(farm, job_id, 1) == waits


def test_tasks_of_equal_blocks_wait_for_each_other_one_by_one(farm: Farm) -> None:
    job_id = submit(farm, job(block("1-4", name="a"), block("1-4", tasks_depend_mask="a")))
    assert states(farm, job_id, 1) == [WAITING] * 4


def test_a_job_that_waits_or_dies_has_a_timer(farm: Farm) -> None:
    submit(farm, job(wait_until=50, life_time_s=100), now=10)
    assert [at for at, *_ in farm.state.timers] == [50, 110]


def test_a_job_leaves_its_place_for_another(farm: Farm) -> None:
    edit_branch(farm, "/show")
    job_id = submit(farm)
    before = job_of(farm, job_id).share
    edit_job(farm, job_id, branch="/show")
    after = job_of(farm, job_id).share
    assert before.share_id not in farm.state.shares
    assert farm.state.shares[after.share_id] is job_of(farm, job_id)


def test_the_name_of_a_pre_command_is_no_longer_than_a_name_may_be() -> None:
    _, (pre, _) = own_blocks(job(block(name="n" * NAME_MAX, command_pre=("a",))))
    assert len(pre.name) == NAME_MAX


def test_a_job_may_live_for_one_second(farm: Farm) -> None:
    submit(farm, job(life_time_s=1), now=10)
    assert farm.next_deadline() == 11


def test_a_job_whose_time_has_come_needs_no_timer(farm: Farm) -> None:
    submit(farm, job(wait_until=10), now=10)
    assert farm.next_deadline() is None


@pytest.mark.parametrize(("solve_jobs", "of_ada"), [(True, 10), (False, 20)])
def test_jobs_of_a_branch_may_compete_without_their_users(
    farm: Farm, solve_jobs: bool, of_ada: int
) -> None:
    edit_branch(farm, solve_jobs=solve_jobs)
    edit_pool(farm, capacity_host=-1, max_tasks_host=40)
    join(farm)
    for user in ("ada", "bob", "bob", "bob"):
        submit(farm, job(block("1-99")), user=user)
    assert [run.user for _, run in started(farm)].count("ada") == of_ada


def test_a_branch_that_solves_by_order_does_so_after_a_restart(farm: Farm) -> None:
    edit_branch(farm, "/show", solve="order", need_by="capacity")
    share = restarted(farm).state.branches["/show"].share
    assert (share.by_need, share.need_capacity) == (False, True)
