"""What a swarm counts."""

from __future__ import annotations

import pytest

from bench.swarm.tally import TASKS_STEP, Books


@pytest.fixture
def books() -> Books:
    return Books(workers=2)


def test_a_task_that_is_given_out_again_after_it_has_run_is_counted(books: Books) -> None:
    books.started(1, 0, 5)
    books.finished(1, 0, 5)
    books.started(1, 0, 5)
    assert (books.tally.twice, books.tally.forgotten) == (1, 0)


def test_one_whose_end_was_acknowledged_was_forgotten(books: Books) -> None:
    books.started(1, 0, 5)
    books.finished(1, 0, 5)
    books.acknowledged(1, 0, 5)
    books.started(1, 0, 5)
    assert (books.tally.twice, books.tally.forgotten) == (1, 1)


def test_a_task_that_was_stopped_may_start_again(books: Books) -> None:
    books.started(1, 0, 5)
    books.started(1, 0, 5)
    assert books.tally.twice == 0


def test_tasks_may_have_any_number(books: Books) -> None:
    books.finished(1, 0, 3 * TASKS_STEP)
    books.started(1, 0, 3 * TASKS_STEP)
    assert books.tally.twice == 1


def test_after_a_cut_the_first_start_is_noted(books: Books) -> None:
    for _ in range(2):
        books.linked()
    books.started(1, 0, 1)
    assert not books.tally.started_again
    for _ in range(2):
        books.unlinked()
    books.linked()
    books.started(1, 0, 2)
    assert books.tally.started_again >= books.tally.cut_at > 0
    assert not books.tally.linked_again
    books.linked()
    assert books.tally.linked_again >= books.tally.cut_at
