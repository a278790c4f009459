"""Pages that stay."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from grange.cli.live import Board
from grange.client import Client, JobDeleted
from grange.model.states import JobState, TaskState
from grange.model.views import Counts, WhyView
from grange.wire.watch import Patch
from tests.cli.terminals import run_in_terminal
from tests.client import build
from tests.client.recorded import RecordedServer

S = TaskState


@pytest.fixture
def client(server: RecordedServer) -> Iterator[Client]:
    server.answer("GET /jobs/12", build.detail())
    server.answer("GET /jobs/12/why", WhyView(summary="no worker is free"))
    server.answer("GET /jobs/12/blocks/0/states", bytes([1, 1, 1, 1]))
    server.answer("GET /jobs/12/blocks/0/tasks", {"tasks": [], "total": 0})
    with Client(server.url, "secret", patience_s=0) as found:
        yield found


@pytest.fixture
def board(client: Client, server: RecordedServer) -> Board:
    found = Board(client, 12)
    server.seen.clear()
    return found


def told(task: int, state: TaskState, **fields: int) -> Patch:
    return build.patch(tasks=(build.task_view(task, state, **fields),))


def test_a_board_follows_its_tasks_without_asking(board: Board, server: RecordedServer) -> None:
    board.hear(told(1, S.RUNNING))
    board.hear(told(3, S.FAILED, errors=1))
    assert list(board.page.states[0]) == [S.READY, S.RUNNING, S.READY, S.FAILED]
    assert [task.task for task in board.page.running] == [1]
    assert [task.task for task in board.page.failed] == [3]
    assert not server.seen


def test_a_task_that_goes_on_leaves_its_list(board: Board) -> None:
    board.hear(told(1, S.RUNNING))
    board.hear(told(1, S.DONE))
    assert board.page.running == []


def test_a_task_to_be_tried_again_is_listed(board: Board) -> None:
    board.hear(told(1, S.READY))
    board.hear(told(2, S.READY, errors=1))
    assert [task.task for task in board.page.tried] == [2]


def test_a_board_follows_its_job(board: Board) -> None:
    board.hear(build.patch(jobs=(build.job_view(percent=40.0), build.job_view(11))))
    assert board.page.detail.job.percent == 40.0


def test_a_job_that_comes_to_a_stand_is_asked_why(board: Board, server: RecordedServer) -> None:
    for _ in range(2):
        board.hear(build.patch(jobs=(build.job_view(state=JobState.READY),)))
    assert board.page.why == "no worker is free"
    assert [seen.path for seen in server.seen] == ["/api/v1/jobs/12/why"]


@pytest.mark.parametrize(
    "message",
    [
        build.snapshot(),
        build.patch(tasks_stale=((12, 0),)),
        build.patch(jobs=(build.job_view(tasks=Counts(ready=9)),)),
    ],
)
def test_a_board_that_may_have_missed_something_reads_anew(
    board: Board, server: RecordedServer, message: Patch
) -> None:
    server.answer("GET /jobs/12/blocks/0/states", bytes([3] * 9))
    board.hear(message)
    assert list(board.page.states[0]) == [S.DONE] * 9


def test_what_is_told_of_other_jobs_changes_nothing(board: Board) -> None:
    page = board.page
    board.hear(build.patch(tasks=(build.task_view(0, S.DONE, job_id=11),), tasks_stale=((11, 0),)))
    assert board.page == page


def test_a_job_that_is_gone_ends_its_board(board: Board, server: RecordedServer) -> None:
    with pytest.raises(JobDeleted):
        board.hear(build.patch(jobs_gone=(12,)))
    server.forget()
    with pytest.raises(JobDeleted):
        board.hear(build.snapshot())


def test_in_a_terminal_a_job_is_drawn_until_it_is_done(
    client: Client, server: RecordedServer, environment: dict[str, str]
) -> None:
    server.watch([build.patch(jobs=(build.done(),), tasks=(build.task_view(1, S.DONE),))])
    ended = run_in_terminal(["job", "12", "--watch"], environment)
    assert ended.status == 0
    assert "running" in ended.out
    assert "4/4" in ended.out.split("running")[-1]


def test_in_a_terminal_jobs_are_drawn_until_they_are_left(
    client: Client, server: RecordedServer, environment: dict[str, str]
) -> None:
    server.answer("GET /jobs", {"jobs": []})
    server.watch([build.snapshot(jobs=(build.job_view(),))])
    ended = run_in_terminal(["jobs", "--watch"], environment)
    assert ended.status == 4, "the second watch is refused"
    assert "sunset" in ended.out
