from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grange.model.frames import (
    INTERLEAVED_MAX,
    RANGES_MAX,
    FrameRange,
    FramesError,
    TaskFrames,
    TaskSpace,
    parse_frames,
)
from tests.build import only_block
from tests.fuzz.bounds import calls
from tests.model.afanasy import block_of, vectors


def written(text: str) -> str:
    return ",".join(str(item) for item in parse_frames(text))


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("7", "7"),
        ("-7", "-7"),
        ("1-100", "1-100"),
        ("-5--2", "-5--2"),
        ("-5-5", "-5-5"),
        ("1-10x3", "1-10x3"),
        ("1-9x3", "1-7x3"),
        ("1-2x5", "1"),
        ("1,4,10-20x3", "1,4,10-19x3"),
        (" 1 - 3 x 2 , 7 ", "1-3x2,7"),
    ],
)
def test_a_frame_list_is_numbers_ranges_and_steps(text: str, meaning: str) -> None:
    assert written(text) == meaning


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("1,2,3", "1-3"),
        ("1-3,4", "1-4"),
        ("1-5x2,7", "1-7x2"),
        ("1-5x2,6", "1-5x2,6"),
        ("1,3,5", "1,3,5"),
        ("3,2,1", "3,2,1"),
        ("1-3,4-6", "1-3,4-6"),
    ],
)
def test_single_frames_that_continue_a_range_join_it(text: str, meaning: str) -> None:
    assert written(text) == meaning


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not a frame range"),
        ("1,", "not a frame range"),
        ("a-b", "write 7, 1-100 or 1-100x2"),
        ("1-2-3", "not a frame range"),
        ("1-5x", "not a frame range"),
        ("x2", "not a frame range"),
        ("\u0661", "not a frame range"),
        ("5-1", "write 1-5"),
        ("1-5x0", "a step is at least 1"),
        ("99999999999999999999999999", "beyond 2147483647"),
        ("-2147483648", "beyond"),
        ("1-5x4294967296", "beyond"),
        ("1,1", "frame 1 is named twice"),
        ("1-10,5", "frame 5 is named twice"),
        ("1-10x2,2-10x4,6", "frame 6 is named twice"),
    ],
)
def test_what_is_no_frame_list_is_refused_with_what_is_wrong(text: str, said: str) -> None:
    with pytest.raises(FramesError, match=said):
        parse_frames(text)


def test_ranges_may_interleave_where_no_frame_comes_twice() -> None:
    assert written("1-9x2,2-10x2") == "1-9x2,2-10x2"


def test_a_list_of_too_many_ranges_is_refused() -> None:
    with pytest.raises(FramesError, match="at most 10000"):
        parse_frames(",".join("1" for _ in range(RANGES_MAX + 1)))


def test_too_many_interleaved_ranges_are_refused() -> None:
    step = INTERLEAVED_MAX + 1
    with pytest.raises(FramesError, match="write disjoint ranges"):
        parse_frames(",".join(f"{first}-1000000x{step}" for first in range(step)))


def test_interleaved_ranges_cost_the_same_whatever_their_size() -> None:
    few = calls(lambda: parse_frames("1-100x2,2-100x2"))
    assert calls(lambda: parse_frames("1-2000000000x2,2-2000000000x2")) == few


RANGES = st.builds(
    lambda first, size, inc: FrameRange(first, first + (size - 1) * inc, inc if size > 1 else 1),
    st.integers(-40, 40),
    st.integers(1, 12),
    st.integers(1, 9),
)


@given(st.lists(RANGES, min_size=2, max_size=6))
def test_a_frame_is_named_twice_exactly_where_two_ranges_have_it(found: list[FrameRange]) -> None:
    frames = [at for item in found for at in range(item.first, item.last + 1, item.inc)]
    twice = {at for at in frames if frames.count(at) > 1}
    text = ",".join(map(str, found))
    if not twice:
        assert sum(item.size for item in parse_frames(text)) == len(frames)
        return
    with pytest.raises(FramesError) as refusal:
        parse_frames(text)
    assert int(str(refusal.value).split()[1]) in twice


@pytest.mark.parametrize("vector", vectors("frame_split"), ids=lambda v: str(v["input"]))
def test_frames_are_cut_into_tasks_as_afanasy_cuts_them(vector: dict[str, Any]) -> None:
    """Afanasy says of a named task with frames_per_task 1 that it has 1 frame; so do we."""
    block = only_block(block_of(vector["input"]))
    assert block.space.size == vector["output"]["tasks_num"]
    for task, (first, last, number, name) in enumerate(vector["output"]["tasks"]):
        item = block.space[task]
        assert (item.first, item.last, item.number) == (first, last, number)
        assert block.task_name(task) == name


def test_a_task_never_spans_two_ranges_of_a_list() -> None:
    space = TaskSpace(parse_frames("1-3,10,20-26x2"), per_task=2)
    cut = [list(space[task].frames()) for task in range(len(space))]
    assert cut == [[1, 2], [3], [10], [20, 22], [24, 26]]
    assert space.frame_first == 1


@pytest.mark.parametrize("task", [-1, 4])
def test_a_task_that_is_not_there_has_no_frames(task: int) -> None:
    with pytest.raises(IndexError):
        TaskSpace(parse_frames("1-4"))[task]


def test_named_tasks_are_numbered_from_0() -> None:
    space = TaskSpace((), per_task=1, named=3)
    assert [space[task].first for task in range(3)] == [0, 1, 2]
    assert (space.size, space.frame_first) == (3, 0)


def test_frames_per_task_of_0_counts_as_1() -> None:
    assert TaskSpace((), per_task=0, named=2)[1] == TaskFrames(1, 1, 1, 1)
    assert len(TaskSpace(parse_frames("1-4"), per_task=0)) == 4


def test_a_frame_range_knows_its_size() -> None:
    assert [FrameRange(*r).size for r in ((1, 10, 1), (1, 10, 3), (-2, 2, 2))] == [10, 4, 3]


RANGES = st.sampled_from(["1-10", "1-9x2", "0,5,10-30x4", "-6--1", "3-40x7,50-60"])


@given(RANGES, st.integers(1, 4), st.integers(-8, 62), st.integers(0, 20))
def test_overlapping_gives_the_spans_of_tasks_that_meet_some_frames(
    text: str, per_task: int, first: int, length: int
) -> None:
    space = TaskSpace(parse_frames(text), per_task)
    last = first + length
    slow = [t for t in range(len(space)) if space[t].last >= first and space[t].first <= last]
    spans = space.overlapping(first, last)
    assert [task for low, high in spans for task in range(low, high + 1)] == slow


@given(st.integers(-4, 4), st.integers(1, 9), st.integers(-3, 30), st.integers(0, 8))
def test_overlapping_counts_named_tasks_by_their_numbers(
    per_task: int, named: int, first: int, length: int
) -> None:
    space = TaskSpace((), per_task, named)
    last = first + length
    slow = [t for t in range(named) if space[t].last >= first and space[t].first <= last]
    spans = space.overlapping(first, last)
    assert [task for low, high in spans for task in range(low, high + 1)] == slow


@given(RANGES, st.integers(1, 4))
def test_each_frame_is_in_one_task(text: str, per_task: int) -> None:
    ranges = parse_frames(text)
    space = TaskSpace(ranges, per_task)
    frames = [frame for task in range(len(space)) for frame in space[task].frames()]
    assert len(frames) == len(set(frames)) == sum(item.size for item in ranges)
    assert all(space[task].number <= per_task for task in range(len(space)))


def test_ten_million_tasks_are_a_few_numbers() -> None:
    space = TaskSpace(parse_frames("1-10000000"))
    assert space[9_999_999].first == 10_000_000
    assert list(space.overlapping(5_000_000, 5_000_001)) == [(4_999_999, 5_000_000)]


@pytest.mark.parametrize(
    ("mine", "theirs", "pairs"),
    [
        (TaskSpace(parse_frames("1-9"), 2), TaskSpace(parse_frames("1-9"), 2), True),
        (TaskSpace(parse_frames("1-9"), 2), TaskSpace(parse_frames("1-9"), 3), False),
        (TaskSpace(parse_frames("1-9")), TaskSpace(parse_frames("2-10")), False),
        (*(TaskSpace(parse_frames("1-9x2,2-10x2"), 2),) * 2, False),
        (*(TaskSpace((), 1, 3),) * 2, True),
        (*(TaskSpace((), -2, 4),) * 2, False),
        (TaskSpace((), 1, 3), TaskSpace((), 1, 4), False),
        (TaskSpace((), 1, 3), TaskSpace(parse_frames("0-2")), False),
    ],
)
def test_tasks_of_equal_spaces_pair_with_each_other(
    mine: TaskSpace, theirs: TaskSpace, pairs: bool
) -> None:
    assert mine.pairs_with(theirs) is pairs
    frames = [mine[task] for task in range(len(mine))]
    met = [list(theirs.overlapping(item.first, item.last)) for item in frames]
    assert not pairs or met == [[(task, task)] for task in range(len(mine))]
