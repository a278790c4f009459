"""The progress bar of a block: 128 letters whatever the number of tasks (specification 4.3)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grange.core.tasks import TaskTable
from grange.doors.afanasy.show.bars import LENGTH, LETTERS, bar
from grange.model.states import TaskFlag, TaskState
from tests.build import counted
from tests.doors.afanasy.recorded import recorded

WAITING, READY, RUNNING, DONE, FAILED, SKIPPED, SUSPENDED = TaskState
_PLAIN = {
    WAITING: "W",
    READY: "r",
    RUNNING: "R",
    DONE: "D",
    FAILED: "E",
    SKIPPED: "S",
    SUSPENDED: "U",
}


def table(states: list[tuple[TaskState, TaskFlag]]) -> TaskTable:
    """Tasks in some states."""
    found = TaskTable(len(states))
    for at, (state, flags) in enumerate(states):
        found.state[at] = state
        found.set_flags(at, flags)
    found.counts = [found.state.count(state) for state in TaskState]
    return found


def letter(state: TaskState, flags: TaskFlag) -> str:
    """The letter of one task."""
    if state is DONE and flags & TaskFlag.WARNING:
        return "G"
    return "Y" if state is READY and flags & TaskFlag.RETRY else _PLAIN[state]


def plainly(states: list[tuple[TaskState, TaskFlag]]) -> str:
    """The bar as the specification says it: task by task."""
    shown = [" "] * LENGTH
    rank = LETTERS.decode().index
    for task, (state, flags) in enumerate(states):
        first = LENGTH * task // len(states)
        last = max(first, LENGTH * (task + 1) // len(states) - 1)
        for at in range(first, last + 1):
            if rank(letter(state, flags)) > rank(shown[at]):
                shown[at] = letter(state, flags)
    return "".join(shown)


TASKS = st.tuples(
    st.sampled_from(list(TaskState)),
    st.sampled_from([TaskFlag(0), TaskFlag.WARNING, TaskFlag.RETRY, TaskFlag.FATAL]),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(TASKS, min_size=1, max_size=400))
def test_a_bar_is_that_of_the_specification(states: list[tuple[TaskState, TaskFlag]]) -> None:
    assert bar(table(states)) == plainly(states)


def test_the_recorded_bars_are_drawn_again() -> None:
    (first,) = (i for i in recorded("server_scen1_jobs_list_run"))
    shown = first["output"]["jobs"][0]["blocks"][0]["p_progressbar"]
    none = TaskFlag(0)
    assert bar(table([(RUNNING, none), (RUNNING, none), (READY, none)])) == shown


@pytest.mark.parametrize("size", [1, 3, 128, 129, 1_000])
def test_what_runs_and_what_is_wanted_is_drawn_over_the_rest(size: int) -> None:
    found = table([(RUNNING, TaskFlag(0))] + [(READY, TaskFlag(0))] * (size - 1))
    last = size - 1
    shown = bar(found, wanted=[last] if last else [], warned=[0])
    assert len(shown) == LENGTH
    assert shown[0] == "N"
    assert shown[-1] == ("T" if last else "N")
    assert bar(found, lost=[0])[0] == "C"


def test_a_suspended_task_is_not_drawn_as_wanted() -> None:
    assert bar(table([(SUSPENDED, TaskFlag(0))]), wanted=[0]) == "U" * LENGTH


def test_a_block_without_tasks_has_an_empty_bar() -> None:
    assert bar(TaskTable(0)) == " " * LENGTH


def test_a_million_tasks_are_drawn_without_a_walk() -> None:
    found = TaskTable(1_000_000)
    found.start(999_999, run_id=1)  # type: ignore[arg-type]  # any number
    found.move(0, SKIPPED)
    found.set_flags(5, TaskFlag.RETRY)
    with counted() as calls:
        shown = bar(found)
    assert shown == "Y" + "r" * 126 + "R"
    assert calls.total() < 20
