from __future__ import annotations

from grange.cli.bar import MARKS, bar, legend, percent_bar, shares
from grange.model.states import TaskState

S = TaskState


def test_a_task_has_a_character_and_one_of_few_has_several() -> None:
    states = [S.DONE, S.DONE, S.RUNNING, S.READY, S.FAILED]
    assert bar(states, 5).plain == "██▓░✗"
    assert bar(states, 76).plain == "██████▓▓▓░░░✗✗✗"


def test_a_character_shows_what_needs_a_person_first() -> None:
    assert shares([S.DONE, S.FAILED, S.DONE, S.RUNNING], 2) == [S.FAILED, S.RUNNING]
    assert shares([S.DONE] * 1_000 + [S.READY] * 1_000, 2) == [S.DONE, S.READY]


def test_a_million_tasks_fit_into_a_line() -> None:
    assert len(bar([S.DONE] * 1_000_000, 76)) == 76


def test_no_tasks_are_an_empty_bar() -> None:
    assert bar([], 76).plain == ""


def test_states_are_told_apart_without_colour_and_without_blocks() -> None:
    assert len({mark.letter for mark in MARKS.values()}) == len(TaskState)
    assert len({mark.plain for mark in MARKS.values()}) == len(TaskState)
    assert bar([S.DONE, S.FAILED], 2, unicode=False).plain == "#X"


def test_the_legend_names_what_is_there() -> None:
    assert legend([S.DONE, S.FAILED]).plain == "█ done  ✗ failed"


def test_progress_is_drawn_to_the_eighth_of_a_character() -> None:
    assert percent_bar(50, 4, "").plain == "██──"
    assert percent_bar(56.25, 4, "").plain == "██▎─"
    assert percent_bar(100, 4, "").plain == "████"
    assert percent_bar(150, 4, "").plain == "████"
    assert percent_bar(50, 4, "", unicode=False).plain == "##.."
