from __future__ import annotations

from typing import Any

from grange.core.demand import FRESH_MAX, Demand, Group
from grange.model.ids import WorkerId


def group() -> Group:
    key: Any = None
    return Group(key)


def demand() -> Demand:
    key: Any = None
    return Demand(7, key)


def test_groups_that_serve_a_demand_stand_by_preference() -> None:
    wanted, groups = demand(), [group() for _ in range(4)]
    for rank, item in zip((0, 50, 0, -50), groups, strict=True):
        wanted.serve(item, rank)
    assert wanted.ranks == [(50, [groups[1]]), (0, [groups[0], groups[2]]), (-50, [groups[3]])]
    assert all(item.demands == {7} for item in groups)


def test_a_group_that_is_no_more_serves_nothing() -> None:
    wanted, first, second, third = demand(), group(), group(), group()
    wanted.serve(first, 1)
    wanted.serve(second, 1)
    wanted.serve(third, 2)
    wanted.drop(first)
    assert wanted.ranks == [(2, [third]), (1, [second])]
    wanted.drop(third)
    wanted.drop(second)
    assert wanted.ranks == []


def test_a_demand_remembers_who_became_free_since_nobody_fitted() -> None:
    wanted = demand()
    wanted.freshen(WorkerId(1))
    assert wanted.fresh is None
    wanted.fresh = set()
    wanted.freshen(WorkerId(2))
    assert wanted.fresh == {2}


def test_a_demand_that_remembers_too_many_looks_at_all() -> None:
    wanted = demand()
    wanted.fresh = set()
    for number in range(FRESH_MAX):
        wanted.freshen(WorkerId(number))
    assert wanted.fresh is not None
    wanted.freshen(WorkerId(FRESH_MAX))
    assert wanted.fresh is None


def test_a_new_group_is_looked_at_by_all_who_it_can_serve() -> None:
    wanted = demand()
    wanted.fresh = set()
    wanted.serve(group(), 0)
    assert wanted.fresh is None


def test_a_new_group_is_looked_at_though_others_are_preferred_as_much() -> None:
    wanted = demand()
    wanted.serve(group(), 0)
    wanted.fresh = set()
    wanted.serve(group(), 0)
    assert wanted.fresh is None
