from __future__ import annotations

import pytest

from grange.core import commands as c
from grange.core.farm import Farm
from grange.core.tree import Share
from grange.model.ids import WorkerId
from tests.build import (
    block,
    counted,
    edit_branch,
    edit_pool,
    edit_user,
    end,
    job,
    join,
    one,
    started,
    submit,
)


def slots(farm: Farm, count: int) -> WorkerId:
    edit_pool(farm, capacity_host=-1, max_tasks_host=count)
    return join(farm)


def shares(farm: Farm) -> dict[str, int]:
    """Dispatch. How many tasks of each user were started."""
    users = [run.user for _, run in started(farm)]
    return {user: users.count(user) for user in sorted(set(users))}


def three(parent: Share) -> list[Share]:
    return [Share(number, parent, 99, float(-number)) for number in (1, 2, 3)]


def best(root: Share) -> int:
    found = root.best([7])
    assert found is not None
    return int(found[1][-1])


def test_the_one_with_fewest_tasks_comes_first() -> None:
    root = Share(0, None, 0, 0)
    children = three(root)
    for child in children:
        child.offer(7, (0,))
    children[0].count(1, 1_000, 1)
    children[1].count(1, 1_000, 2)
    assert best(root) == 3
    children[2].count(2, 2_000, 3)
    assert best(root) == 1


def test_of_equals_the_one_served_longest_ago_comes_first() -> None:
    root = Share(0, None, 0, 0)
    children = three(root)
    for child in children:
        child.offer(7, (0,))
    for number, child in enumerate((children[1], children[2], children[0]), 1):
        child.count(1, 1_000, number)
        child.count(-1, -1_000)
    assert best(root) == 2


def test_in_order_the_oldest_comes_first_and_stays() -> None:
    root = Share(0, None, 0, 0)
    root.by_need = False
    children = three(root)
    for child in children:
        child.offer(7, (0,))
    assert best(root) == 3
    children[2].count(9, 9_000, 1)
    assert best(root) == 3
    children[0].priority = 100
    children[0].refresh()
    assert best(root) == 1


def test_need_may_count_capacity() -> None:
    root = Share(0, None, 0, 0)
    root.need_capacity = True
    children = three(root)
    for child in children:
        child.offer(7, (0,))
        child.count(1, 1_000 * child.share_id, child.share_id)
    assert best(root) == 1


def test_what_is_offered_reaches_the_root_until_it_is_withdrawn() -> None:
    root = Share(0, None, 0, 0)
    middle = Share(1, root, 99, 0)
    leaf = Share(2, middle, 99, 0)
    leaf.offer(7, (0,))
    leaf.offer(7, (1,))
    leaf.offer(7, (1,))
    leaf.withdraw(7, (0,))
    assert best(root) == 1
    leaf.withdraw(7, (1,))
    leaf.withdraw(7, (1,))
    assert root.best([7]) is None
    assert root.lines == middle.lines == leaf.lines == {}


def test_a_closed_share_withholds_what_it_offers() -> None:
    root = Share(0, None, 0, 0)
    leaf = Share(1, root, 99, 0)
    leaf.close(closed=True)
    leaf.offer(7, (0,))
    leaf.withdraw(7, (0,))
    leaf.offer(7, (0,))
    leaf.priority = 5
    leaf.refresh()
    assert not root.lines
    leaf.close(closed=False)
    leaf.close(closed=False)
    assert best(root) == 1


def test_the_root_cannot_be_closed_or_leave() -> None:
    root = Share(0, None, 0, 0)
    root.close(closed=True)
    root.remove()
    assert not root.closed


def test_a_share_that_leaves_takes_its_offers_with_it() -> None:
    root = Share(0, None, 0, 0)
    leaf = Share(1, root, 99, 0)
    leaf.offer(7, (0,))
    leaf.remove()
    assert (root.lines, root.children) == ({}, {})


def test_the_best_over_several_demands_is_told_with_its_own() -> None:
    root = Share(0, None, 0, 0)
    for number, child in enumerate(three(root)):
        child.offer(number, (0,))
        child.count(3 - number, 0)
    assert root.best([0, 1, 9]) == (1, root.children[2].key)


def test_two_users_get_equal_shares(farm: Farm) -> None:
    slots(farm, 100)
    submit(farm, job(block("1-500")), user="ada")
    for _ in range(20):
        submit(farm, job(block("1-500")), user="bob")
    assert shares(farm) == {"ada": 50, "bob": 50}


def test_a_user_of_a_priority_higher_by_7_gets_about_double(farm: Farm) -> None:
    slots(farm, 120)
    edit_user(farm, "bob", priority=106)
    for user in ("ada", "bob"):
        submit(farm, job(block("1-500")), user=user)
    found = shares(farm)
    assert 1.9 < found["bob"] / found["ada"] < 2.1


@pytest.mark.parametrize(("need_by", "found"), [("tasks", 60), ("capacity", 90)])
def test_a_branch_counts_tasks_or_capacity(farm: Farm, need_by: str, found: int) -> None:
    slots(farm, 120)
    edit_branch(farm, need_by=need_by)
    submit(farm, job(block("1-500", capacity=1_000)), user="ada")
    submit(farm, job(block("1-500", capacity=3_000)), user="bob")
    assert shares(farm)["ada"] == pytest.approx(found, abs=1)


def test_shares_stay_equal_while_tasks_come_and_go(farm: Farm) -> None:
    worker_id = slots(farm, 10)
    for user in ("ada", "bob"):
        submit(farm, job(block("1-500")), user=user)
    running = [run for _, run in started(farm)]
    for _ in range(100):
        end(farm, worker_id, running.pop(0).run_id)
        running += [run for _, run in started(farm)]
    users = [run.user for run in running]
    assert users.count("ada") == users.count("bob") == 5


def test_jobs_of_a_user_go_by_order(farm: Farm) -> None:
    slots(farm, 10)
    first, second = submit(farm, job(block("1-6"))), submit(farm, job(block("1-6")))
    assert [run.job_id for _, run in started(farm)] == [first] * 6 + [second] * 4


def test_a_higher_priority_goes_before_the_order(farm: Farm) -> None:
    slots(farm, 10)
    first, second = submit(farm, job(block("1-6"))), submit(farm, job(block("1-6"), priority=100))
    assert [run.job_id for _, run in started(farm)] == [second] * 6 + [first] * 4


def test_jobs_of_a_user_may_share_by_need(farm: Farm) -> None:
    slots(farm, 30)
    edit_user(farm, solve="priority", need_by="tasks")
    jobs = [submit(farm, job(block("1-50"), priority=99 + 7 * n)) for n in range(2)]
    found = [run.job_id for _, run in started(farm)]
    assert found.count(jobs[0]) == 10
    assert found.count(jobs[1]) == 20


def test_branches_share_by_need_whatever_users_are_in_them(farm: Farm) -> None:
    slots(farm, 60)
    for branch, user in (("/a", "x"), ("/b", "x"), ("/b", "y"), ("/b", "z")):
        submit(farm, job(block("1-99"), branch=branch), user=user)
    runs = [farm.state.jobs[run.job_id].spec.branch for _, run in started(farm)]
    assert runs.count("/a") == runs.count("/b") == 30


def test_a_branch_may_solve_by_order(farm: Farm) -> None:
    slots(farm, 9)
    edit_branch(farm, solve="order")
    edit_user(farm, "bob", now=1)
    edit_user(farm, "ada", now=2)
    for user in ("ada", "bob"):
        submit(farm, job(block("1-6")), user=user)
    assert shares(farm) == {"ada": 3, "bob": 6}


def test_shares_follow_a_change_of_the_way_to_solve(farm: Farm) -> None:
    worker_id = slots(farm, 1)
    jobs = [submit(farm, job(block("1-9"))) for _ in range(2)]
    _, run = one(farm)
    edit_user(farm, solve="priority")
    end(farm, worker_id, run.run_id)
    assert one(farm)[1].job_id == jobs[1]


def test_a_start_touches_the_shares_above_it_and_no_others(farm: Farm) -> None:
    slots(farm, 1)
    for number in range(300):
        submit(farm, job(block("1-9")), user=f"u{number}")
    with counted("refresh", "wanted_key") as calls:
        one(farm)
    assert calls["refresh"] < 10
    assert calls["wanted_key"] < 10


def test_a_paused_job_has_no_share(farm: Farm) -> None:
    slots(farm, 10)
    job_id = submit(farm, job(block("1-9"), priority=200))
    submit(farm, user="bob")
    farm.apply(c.PauseJob(job_id=job_id, paused=True), 1)
    assert shares(farm) == {"bob": 4}


def test_need_falls_with_each_task_as_in_afanasy(farm: Farm) -> None:
    """1.1 ** priority / (running + 1): with 7 more, 1.95 to 1, then 0.97 to 1."""
    slots(farm, 5)
    edit_user(farm, "bob", priority=106)
    for user in ("ada", "bob"):
        submit(farm, job(block("1-9")), user=user)
    assert [run.user for _, run in started(farm)] == ["bob", "ada", "bob", "bob", "ada"]
