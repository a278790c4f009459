from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import pytest

from grange.core.errors import IllegalMove
from grange.core.tasks import CHUNK, ERRORS_MAX, PACKED, STARTS_MAX, TaskTable
from grange.model.ids import RunId
from grange.model.states import TASK_MOVES, TaskFlag, TaskState
from tests.build import DONE, FAILED, READY, RUNNING, SKIPPED, SUSPENDED, WAITING

WARNED = TaskFlag.WARNING


def table(*states: TaskState) -> TaskTable:
    made = TaskTable(len(states))
    for index, state in enumerate(states):
        made.state[index] = state
        made.counts[READY] -= 1
        made.counts[state] += 1
    return made


@pytest.mark.parametrize("present", TaskState)
@pytest.mark.parametrize("asked", TaskState)
def test_a_task_moves_where_the_table_of_moves_says(present: TaskState, asked: TaskState) -> None:
    tasks = table(present)
    if asked in TASK_MOVES[present]:
        tasks.move(0, asked)
        assert tasks.state[0] == asked
        assert (tasks.counts[present], tasks.counts[asked]) == (0, 1)
    else:
        with pytest.raises(IllegalMove, match=f"a {present.name} task cannot become"):
            tasks.move(0, asked)
        assert tasks.counts[present] == 1


def test_a_start_counts_and_names_its_run() -> None:
    tasks = TaskTable(2)
    tasks.set_flags(1, WARNED | TaskFlag.RETRY)
    assert tasks.start(1, RunId(77)) == 1
    assert (tasks.last_run[1], tasks.flags[1], tasks.warned) == (77, 0, 0)
    tasks.move(1, READY)
    assert tasks.start(1, RunId(78)) == 2


def test_counters_stop_at_their_bounds() -> None:
    tasks = TaskTable(1)
    tasks.starts[0], tasks.errors[0] = STARTS_MAX, ERRORS_MAX - 1
    assert tasks.start(0, RunId(1)) == STARTS_MAX
    assert [tasks.count_error(0), tasks.count_error(0)] == [ERRORS_MAX, ERRORS_MAX]


def test_warnings_are_counted() -> None:
    tasks = TaskTable(3)
    for flags in (WARNED, WARNED | TaskFlag.BAD_FILES, TaskFlag.BAD_FILES, WARNED):
        tasks.set_flags(1, flags)
    tasks.set_flags(2, WARNED)
    assert tasks.warned == 2


def test_errors_are_forgotten() -> None:
    tasks = TaskTable(1)
    tasks.forget_errors(0)
    assert tasks.take_dirty() == []
    tasks.count_error(0)
    tasks.forget_errors(0)
    assert tasks.errors[0] == 0


def test_all_tasks_of_some_states_move_at_once() -> None:
    tasks = table(DONE, FAILED, READY, SKIPPED, WAITING)
    assert tasks.move_all({DONE, FAILED, SUSPENDED}, READY) == 2
    assert list(tasks.state) == [READY, READY, READY, SKIPPED, WAITING]
    assert (tasks.counts[READY], tasks.counts[DONE], tasks.counts[FAILED]) == (3, 0, 0)


def test_tasks_that_do_not_move_keep_their_flags_and_errors() -> None:
    tasks = table(DONE, FAILED, FAILED)
    for index in range(3):
        tasks.set_flags(index, WARNED)
        tasks.count_error(index)
    assert tasks.move_all({FAILED}, READY) == 2
    assert list(tasks.flags) == [WARNED, 0, 0]
    assert list(tasks.errors) == [1, 0, 0]
    assert tasks.warned == 1


def test_moving_none_changes_nothing() -> None:
    tasks = table(DONE, READY)
    tasks.set_flags(0, WARNED)
    tasks.take_dirty()
    assert tasks.move_all({FAILED}, READY) == 0
    assert (tasks.flags[0], tasks.take_dirty()) == (WARNED, [])


def test_an_illegal_move_of_all_is_a_bug() -> None:
    with pytest.raises(IllegalMove):
        table(DONE).move_all({DONE}, SUSPENDED)


def test_tasks_are_added_at_the_end() -> None:
    tasks = TaskTable(CHUNK - 1, DONE)
    tasks.append(3, SUSPENDED)
    assert (tasks.size, len(tasks.last_run), len(tasks.starts)) == (258, 258, 258)
    assert (tasks.counts[DONE], tasks.counts[SUSPENDED]) == (255, 3)
    assert tasks.take_dirty() == [0, 1]


def test_done_and_skipped_are_finished() -> None:
    assert table(DONE, SKIPPED, FAILED, RUNNING, READY).finished() == 2


def test_tasks_of_a_state_are_found_in_order_while_they_move() -> None:
    tasks = table(READY, DONE, READY, READY)
    found = []
    for index in tasks.indexes(READY):
        tasks.move(index, DONE)
        found.append(index)
    assert found == [0, 2, 3]


def test_tasks_are_found_within_a_span() -> None:
    tasks = TaskTable(9)
    assert list(tasks.indexes(READY, 2, 4)) == [2, 3, 4]
    assert list(tasks.indexes(READY, 7, 99)) == [7, 8]


@pytest.mark.parametrize("number", [0, 1])
def test_a_chunk_that_was_stored_comes_back(number: int) -> None:
    tasks = TaskTable(CHUNK + 44)
    index = number * CHUNK + 3
    tasks.start(index, RunId(2**60))
    tasks.move(index, FAILED)
    tasks.count_error(index)
    tasks.set_flags(index, WARNED)
    again = TaskTable(CHUNK + 44)
    again.unpack(number, tasks.pack(number))
    assert again.pack(number) == tasks.pack(number)
    assert (again.counts, again.warned) == (tasks.counts, 1)


def test_only_chunks_with_tasks_that_moved_are_stored() -> None:
    tasks = TaskTable(4 * CHUNK)
    tasks.move(2 * CHUNK + 7, DONE)
    tasks.take_dirty()
    tasks.move_all({DONE}, READY)
    assert tasks.take_dirty() == [2]


def test_a_packed_task_takes_13_bytes() -> None:
    tasks = TaskTable(CHUNK + 44)
    assert [len(tasks.pack(0)), len(tasks.pack(1))] == [PACKED * CHUNK, PACKED * 44]
    assert PACKED == 13


def test_only_chunks_that_changed_are_stored() -> None:
    tasks = TaskTable(4 * CHUNK)
    for index in (3 * CHUNK, 0, 1):
        tasks.move(index, DONE)
    assert tasks.take_dirty() == [0, 3]
    assert tasks.take_dirty() == []


def test_a_million_tasks_take_less_than_16_bytes_each() -> None:
    tracemalloc.start()
    tasks = TaskTable(1_000_000)
    used, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert tasks.size == 1_000_000
    assert used / 1_000_000 < 16
    assert peak / 1_000_000 < 32


def test_free_tasks_are_ready_and_others_wait_at_once() -> None:
    tasks = table(*TaskState, WAITING, READY)
    assert tasks.refit(b"\1\0\1\0\1\0\1\1\1") == 3
    assert list(tasks.state) == [READY, WAITING, *list(TaskState)[2:], READY, READY]
    assert (tasks.counts[WAITING], tasks.counts[READY]) == (1, 3)
    assert tasks.take_dirty() == [0]
    assert tasks.refit(b"\1\0\1\0\1\0\1\1\1") == 0


def test_finished_tasks_are_marked() -> None:
    assert table(*TaskState).finished_mask() == b"\0\0\0\1\0\1\0"


@pytest.mark.parametrize("state", TaskState)
def test_a_span_is_finished_when_all_its_tasks_are(state: TaskState) -> None:
    tasks = table(READY, DONE, state, SKIPPED, FAILED)
    finished = state in (DONE, SKIPPED)
    assert tasks.all_finished(1, 3) is finished
    assert tasks.all_finished(2, 2) is finished
    assert not tasks.all_finished(0, 1)


@pytest.mark.parametrize(
    "change",
    [
        lambda tasks: tasks.set_flags(CHUNK + 5, WARNED),
        lambda tasks: tasks.count_error(CHUNK + 5),
        lambda tasks: tasks.forget_errors(CHUNK + 5),
    ],
)
def test_a_changed_task_is_noted(change: Callable[[TaskTable], object]) -> None:
    tasks = TaskTable(3 * CHUNK)
    tasks.errors[CHUNK + 5] = 5
    change(tasks)
    assert tasks.take_dirty() == [1]


def test_a_state_that_no_task_is_in_is_no_illegal_move() -> None:
    tasks = table(FAILED)
    assert tasks.move_all([FAILED, DONE], SKIPPED) == 1


@pytest.mark.parametrize(
    ("size", "count", "chunks"),
    [
        (CHUNK - 1, 1, [0]),
        (CHUNK - 2, 1, [0]),
        (CHUNK, 1, [1]),
        (CHUNK - 1, 2, [0, 1]),
        (1, 2 * CHUNK, [0, 1, 2]),
        (2 * CHUNK, CHUNK, [2]),
    ],
)
def test_the_chunks_of_appended_tasks_are_noted(size: int, count: int, chunks: list[int]) -> None:
    tasks = TaskTable(size)
    tasks.append(count, READY)
    assert tasks.take_dirty() == chunks
    assert len(tasks.errors) == len(tasks.flags) == len(tasks.starts) == size + count


@pytest.mark.parametrize("changed", [[0, 1], [0, 2], [1, 2], [0, 1, 2], [2]])
def test_every_chunk_in_which_a_task_moved_is_noted(changed: list[int]) -> None:
    moved, refit = TaskTable(3 * CHUNK), TaskTable(3 * CHUNK)
    free = bytearray(b"\1" * 3 * CHUNK)
    for number in changed:
        moved.move(number * CHUNK + 7, SUSPENDED)
        free[number * CHUNK + 7] = 0
    moved.take_dirty()
    moved.move_all([SUSPENDED], READY)
    refit.refit(bytes(free))
    assert moved.take_dirty() == refit.take_dirty() == changed
