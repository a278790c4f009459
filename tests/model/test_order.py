from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grange.model.frames import TaskSpace, parse_frames
from grange.model.order import in_preview, preview, start_order
from tests.model.afanasy import block_of, vectors

ORDERS = vectors("sequential_order", "sequential_order_fpt")


@pytest.mark.parametrize("vector", ORDERS, ids=lambda v: str(v["input"]["sequential"]))
def test_tasks_start_in_afanasys_order(vector: dict[str, Any]) -> None:
    spec = block_of(vector["input"])
    assert [*start_order(spec.space(), spec.sequential), -1] == vector["output"]


@pytest.mark.parametrize("vector", vectors("sequential_order_ppa"))
def test_the_preview_is_what_afanasy_starts_before_approval(vector: dict[str, Any]) -> None:
    spec = block_of(vector["input"])
    assert [*dict.fromkeys(preview(spec.space(), spec.sequential)), -2] == vector["output"]


SEQUENTIAL = st.sampled_from([0, 1, -1, 2, -2, 3, -3, 10, -10, 1_000, -1_000])
FRAMES = st.sampled_from(["1", "1-2", "1-20", "-7-7", "5-40x3", "1,7,20-30"])


@given(FRAMES, st.integers(1, 3), SEQUENTIAL)
def test_each_task_starts_once_in_any_order(frames: str, per_task: int, sequential: int) -> None:
    space = TaskSpace(parse_frames(frames), per_task)
    assert sorted(start_order(space, sequential)) == list(range(len(space)))


@given(FRAMES, st.sampled_from([2, -2, 5, -5]))
def test_the_preview_comes_first_in_the_order(frames: str, sequential: int) -> None:
    space = TaskSpace(parse_frames(frames))
    first = list(dict.fromkeys(preview(space, sequential)))
    assert list(start_order(space, sequential))[: len(first)] == first


@pytest.mark.parametrize("sequential", [0, 1, -1])
def test_an_order_without_chosen_tasks_previews_all(sequential: int) -> None:
    space = TaskSpace(parse_frames("1-9"))
    assert list(preview(space, sequential)) == list(start_order(space, sequential))


def test_named_tasks_have_an_order_too() -> None:
    assert list(start_order(TaskSpace((), 1, 5), 3)) == [0, 4, 3, 1, 2]


@pytest.mark.parametrize(("size", "order"), [(1, [0]), (2, [0, 1]), (3, [0, 2, 1])])
def test_the_ends_come_before_the_middle(size: int, order: list[int]) -> None:
    assert list(start_order(TaskSpace((), 1, size), 0)) == order


@given(FRAMES, st.integers(1, 3), SEQUENTIAL)
def test_a_task_is_known_to_be_in_the_preview(frames: str, per_task: int, sequential: int) -> None:
    space = TaskSpace(parse_frames(frames), per_task)
    found = [task for task in range(len(space)) if in_preview(space, sequential, task)]
    assert found == sorted(set(preview(space, sequential)))
