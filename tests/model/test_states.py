from __future__ import annotations

import pytest

from grange.model.states import (
    FINISHED,
    PRESENCE_MOVES,
    RUN_OK,
    RUN_UNCOUNTED,
    STATUS_FLAG,
    TASK_MOVES,
    Presence,
    RunStatus,
    TaskState,
)


def test_every_state_says_where_it_may_go() -> None:
    assert set(TASK_MOVES) == set(TaskState)
    assert set(PRESENCE_MOVES) == set(Presence)


@pytest.mark.parametrize("state", TaskState)
def test_no_task_moves_to_where_it_is(state: TaskState) -> None:
    assert state not in TASK_MOVES[state]


def test_only_a_ready_task_starts() -> None:
    assert [s for s in TaskState if TaskState.RUNNING in TASK_MOVES[s]] == [TaskState.READY]


def test_only_a_running_task_fails() -> None:
    assert [s for s in TaskState if TaskState.FAILED in TASK_MOVES[s]] == [TaskState.RUNNING]


@pytest.mark.parametrize("state", TaskState)
def test_no_state_is_a_dead_end(state: TaskState) -> None:
    reached, line = {state}, [state]
    while line:
        new = TASK_MOVES[line.pop()] - reached
        reached |= new
        line.extend(new)
    assert reached == set(TaskState)


def test_done_and_skipped_free_what_waits() -> None:
    assert {TaskState.DONE, TaskState.SKIPPED} == FINISHED


def test_a_run_ends_well_or_uncounted_or_as_a_failure() -> None:
    assert not RUN_OK & RUN_UNCOUNTED
    failures = set(RunStatus) - RUN_OK - RUN_UNCOUNTED
    assert {"failed", "fatal", "timed-out", "killed", "too-fast"} < {str(s) for s in failures}


def test_a_flag_tells_of_a_status_that_leaves_a_mark() -> None:
    assert RunStatus.DONE not in STATUS_FLAG
    assert set(STATUS_FLAG) <= set(RunStatus)
