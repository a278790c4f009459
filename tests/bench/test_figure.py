"""Rows of the figures: medians, spreads, goals."""

from __future__ import annotations

import pytest

from bench.figure import Goal, Size, note, percentile, row, shown


def test_a_row_shows_the_median_and_how_far_the_rounds_were_apart() -> None:
    assert row("tasks", [900.0, 1_200.0, 1_000.0], "/s")[:3] == ("tasks", "1,000 /s", "900, 1,200")


def test_a_goal_is_held_against_the_median() -> None:
    assert row("tasks", [900.0, 1_200.0, 1_300.0], "/s", Goal(least=1_100))[-1] == "yes"
    assert row("tasks", [900.0, 1_000.0, 1_300.0], "/s", Goal(least=1_100))[-1] == "no"
    assert row("wait", [6.0], "ms", Goal(most=5))[-2:] == ("≤ 5 ms", "no")


def test_what_was_not_measured_does_not_reach_its_goal() -> None:
    assert row("tasks", [], "/s", Goal(least=1)) == ("tasks", "not measured", "", "≥ 1 /s", "no")


def test_a_row_without_a_goal_says_nothing_of_one() -> None:
    assert row("tasks", [1.0])[-2:] == ("", "")
    assert note("twice", "0", "0", met=True)[-1] == "yes"


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, "0"), (1_234.6, "1,235"), (12.34, "12.3"), (1.234, "1.23"), (8, "8")]
)
def test_numbers_have_three_digits_that_count(value: float, text: str) -> None:
    assert shown(value) == text


def test_a_percentile_is_a_sample() -> None:
    assert percentile(list(range(101)), 0.99) == 99
    assert percentile([5.0], 0.99) == 5.0


def test_small_sizes_take_fewer_rounds() -> None:
    assert Size(quick=True).rounds < Size().rounds
    assert Size(quick=True).of(10, 1) == 1
