from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grange.core.pick import Picker
from grange.core.tasks import TaskTable
from grange.model.frames import TaskSpace, parse_frames
from grange.model.ids import RunId
from tests.build import DONE, READY, RUNNING
from tests.fuzz.bounds import calls
from tests.model.afanasy import block_of, vectors


class Line:
    """A block's tasks and the order of their starts."""

    def __init__(self, size: int, sequential: int, *, preview: bool = False) -> None:
        self.space = TaskSpace(parse_frames(f"1-{size}"))
        self.table = TaskTable(size)
        self.picker = Picker(self.space, sequential, preview_only=preview)

    def take(self) -> int:
        task = self.picker.peek(self.table)
        if task >= 0:
            self.table.start(task, RunId(1))
        return task

    def back(self, task: int) -> None:
        self.table.move(task, READY)
        self.picker.returned(task)


@pytest.mark.parametrize(
    "vector",
    vectors("sequential_order", "sequential_order_fpt", "sequential_order_ppa"),
    ids=lambda v: str(v["input"]["sequential"]) + v["name"],
)
def test_tasks_are_picked_in_afanasys_order(vector: dict[str, Any]) -> None:
    given_ = vector["input"]
    spec = block_of(given_)
    table = TaskTable(spec.space().size)
    preview = given_.get("job_flag") == "ppa"
    picker = Picker(spec.space(), spec.sequential, preview_only=preview)
    for task in vector["output"]:
        assert picker.peek(table) == max(task, -1)
        if task >= 0:
            table.start(task, RunId(1))


@pytest.mark.parametrize("sequential", [1, -1, 0, 3, -3])
def test_to_look_is_not_to_take(sequential: int) -> None:
    line = Line(9, sequential)
    assert line.picker.peek(line.table) == line.picker.peek(line.table)


@pytest.mark.parametrize(("sequential", "next_one"), [(1, 0), (-1, 8), (0, 0), (3, 0), (-3, 8)])
def test_a_task_that_comes_back_goes_first(sequential: int, next_one: int) -> None:
    line = Line(9, sequential)
    taken = [line.take() for _ in range(4)]
    assert taken[0] == next_one
    line.back(next_one)
    assert line.take() == next_one


@pytest.mark.parametrize("sequential", [1, -1, 0, 3, -3])
def test_what_many_tasks_begin_again_is_picked_from_the_start(sequential: int) -> None:
    line = Line(9, sequential)
    first = [line.take() for _ in range(9)]
    line.table.move_all({RUNNING}, DONE)
    line.table.move_all({DONE}, READY)
    line.picker.restart()
    assert [line.take() for _ in range(9)] == first


def test_a_task_that_comes_back_before_any_look_is_no_special_case() -> None:
    line = Line(3, 0)
    line.picker.returned(1)
    assert [line.take() for _ in range(4)] == [0, 2, 1, -1]


def test_a_preview_is_followed_by_nothing() -> None:
    line = Line(10, 5, preview=True)
    assert [line.take() for _ in range(4)] == [0, 9, 4, -1]


def test_a_task_outside_the_preview_does_not_come_back_before_approval() -> None:
    line = Line(10, 5, preview=True)
    line.take()
    line.picker.returned(6)
    assert [line.take() for _ in range(3)] == [9, 4, -1]


def test_a_task_of_the_preview_comes_back() -> None:
    line = Line(10, 5, preview=True)
    assert [line.take() for _ in range(3)] == [0, 9, 4]
    line.back(9)
    assert line.take() == 9


@pytest.mark.parametrize("sequential", [0, 1, -1])
def test_an_order_without_a_preview_needs_no_approval(sequential: int) -> None:
    line = Line(3, sequential, preview=True)
    assert sorted(line.take() for _ in range(3)) == [0, 1, 2]


@pytest.mark.parametrize("sequential", [1, -1])
def test_any_task_of_an_order_without_a_preview_may_be_taken_for_another(sequential: int) -> None:
    line = Line(5, sequential, preview=True)
    assert not line.picker.preview_only
    assert list(line.picker.others(line.table, 4)) == [0, 1, 2, 3]


@pytest.mark.parametrize(("sequential", "shown"), [(2, [0, 3, 1]), (-2, [3, 1])])
def test_a_preview_may_be_of_every_second_frame(sequential: int, shown: list[int]) -> None:
    line = Line(4, sequential, preview=True)
    assert [line.take() for _ in range(4)] == [*shown, *[-1] * (4 - len(shown))]


def test_tasks_that_came_back_lose_their_turn_when_many_begin_again() -> None:
    line = Line(9, 0)
    taken = [line.take() for _ in range(3)]
    for task in reversed(taken):
        line.back(task)
    line.picker.restart()
    assert [line.take() for _ in range(3)] == taken


def test_other_tasks_are_those_that_are_ready() -> None:
    line = Line(5, 1)
    first = line.take()
    assert list(line.picker.others(line.table, line.picker.peek(line.table))) == [2, 3, 4]
    assert first == 0


def test_other_tasks_of_a_preview_are_its_own() -> None:
    line = Line(10, 5, preview=True)
    assert list(line.picker.others(line.table, 0)) == [4, 9]


def test_a_block_that_grew_has_more_tasks() -> None:
    line = Line(3, 0)
    assert [line.take() for _ in range(4)] == [0, 2, 1, -1]
    line.table.append(2, READY)
    line.picker.grown(TaskSpace((), 1, 5))
    assert sorted(line.take() for _ in range(2)) == [3, 4]


@given(
    st.sampled_from([1, -1, 0, 2, -2, 7]),
    st.lists(st.tuples(st.booleans(), st.integers(0, 11)), max_size=60),
)
def test_every_ready_task_is_picked_whatever_came_before(
    sequential: int, steps: list[tuple[bool, int]]
) -> None:
    line = Line(12, sequential)
    for take, task in steps:
        if take:
            line.take()
        elif line.table.state[task] == RUNNING:
            line.back(task)
    ready = list(line.table.indexes(READY))
    assert sorted(line.take() for _ in ready) == ready
    assert line.take() == -1


def test_a_hundred_thousand_tasks_that_come_back_are_picked_quickly() -> None:
    line = Line(100_000, 0)
    line.take()
    for task in range(1, 100_000):
        line.picker.returned(task)
    assert sum(line.take() >= 0 for _ in range(99_999)) == 99_999


@pytest.mark.parametrize("sequential", [0, 3])
def test_to_pick_costs_the_same_however_many_were_picked_before(sequential: int) -> None:
    def picked(size: int) -> int:
        line = Line(size, sequential)
        return calls(lambda: [line.take() for _ in range(size)])

    assert picked(800) <= 5 * picked(200)
