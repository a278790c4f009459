"""Deadlines: the earliest first, one for each key."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from grange.worker.deadlines import STALE_MAX, Deadlines


def test_what_is_due_comes_once_and_in_order() -> None:
    deadlines: Deadlines[str] = Deadlines()
    for key, when in (("c", 3.0), ("a", 1.0), ("b", 2.0)):
        deadlines.set(key, when)
    assert deadlines.due(2.0) == ["a", "b"]
    assert deadlines.due(2.0) == []
    assert deadlines.next() == 3.0


def test_a_key_has_one_time_and_may_lose_it() -> None:
    deadlines: Deadlines[str] = Deadlines()
    deadlines.set("a", 1.0)
    deadlines.set("a", 5.0)
    assert deadlines.due(4.0) == []
    deadlines.drop("a")
    assert deadlines.next() is None


def test_a_time_that_moves_often_costs_no_memory() -> None:
    deadlines: Deadlines[str] = Deadlines()
    for when in range(10_000):
        deadlines.set("a", float(when))
    assert len(deadlines._heap) <= STALE_MAX + 3


@given(st.lists(st.tuples(st.integers(0, 5), st.none() | st.floats(0, 100)), max_size=200))
def test_it_agrees_with_a_plain_dict(moves: list[tuple[int, float | None]]) -> None:
    deadlines: Deadlines[int] = Deadlines()
    model: dict[int, float] = {}
    for key, when in moves:
        if when is None:
            deadlines.drop(key)
            model.pop(key, None)
        else:
            deadlines.set(key, when)
            model[key] = when
        assert deadlines.next() == min(model.values(), default=None)
    assert set(deadlines.due(100.0)) == set(model)
