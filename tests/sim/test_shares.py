"""The rule of needs, on the farm itself and as the simulator works it out."""

from __future__ import annotations

from collections import Counter

import pytest

from grange.core.farm import Farm
from grange.core.tree import NEED_BASE
from grange.sim.shares import fill
from tests.build import block, edit_branch, edit_user, job, join, started, submit

NODES = 200


def running(priorities: dict[str, int], jobs: dict[str, int]) -> Counter[str]:
    """Who runs how much on a full farm on which everybody has more than enough to do."""
    farm = Farm()
    edit_branch(farm, solve="priority")
    for user, priority in priorities.items():
        edit_user(farm, user, priority=priority)
        for number in range(jobs[user]):
            submit(farm, job(block(f"1-{2 * NODES}"), name=f"{user} {number}"), user=user)
    for number in range(NODES):
        join(farm, f"node{number}")
    return Counter(farm.state.jobs[run.job_id].user for _, run in started(farm))


def test_a_thousand_jobs_give_nobody_more() -> None:
    found = running({"ada": 99, "bob": 99}, {"ada": 30, "bob": 1})
    assert found == {"ada": NODES // 2, "bob": NODES // 2}


def test_ten_more_of_priority_are_two_and_a_half_times_the_share() -> None:
    found = running({"ada": 99, "bob": 109}, {"ada": 1, "bob": 1})
    dues = fill(NODES, {"ada": 1.0, "bob": NEED_BASE**10}, {"ada": NODES, "bob": NODES})
    assert found["bob"] / found["ada"] == pytest.approx(NEED_BASE**10, rel=0.03)
    assert all(found[user] == pytest.approx(due, abs=1) for user, due in dues.items())


def test_who_can_take_less_leaves_the_rest() -> None:
    weights = {"a": 1.0, "b": 1.0, "c": 2.0}
    assert fill(40, weights, {"a": 4, "b": 99, "c": 99}) == {"a": 4, "b": 12, "c": 24}
    assert fill(40, weights, {"a": 1, "b": 2, "c": 3}) == {"a": 1, "b": 2, "c": 3}
