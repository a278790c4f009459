from __future__ import annotations

import socket

import pytest

from grange import Job
from grange.client import (
    ApiError,
    Client,
    GrangeError,
    JobDeleted,
    JobFailed,
    NotAllowed,
    NotFound,
    NotSignedIn,
    Unreachable,
    WaitTimedOut,
)
from grange.client.errors import BadReply
from grange.client.requests import farm as farm_requests
from grange.model.states import JobState, TaskFilter, TaskState
from grange.model.views import Reason, WhyView
from tests.client import build
from tests.client.recorded import Answer, RecordedServer

BUSY = Answer(503, b'{"error":{"code":"server-busy","message":"too much waits"}}')


def submitted(server: RecordedServer) -> None:
    server.answer("POST /jobs", {"job_id": 12, "again": False})
    server.answer("GET /jobs/12", build.detail())


def test_every_request_shows_the_token(server: RecordedServer, farm: Client) -> None:
    server.answer("GET /farm", build.FARM)
    assert farm.summary() == build.FARM
    assert server.last.headers["authorization"] == "Bearer secret"


def test_submitting_gives_the_job(server: RecordedServer, farm: Client) -> None:
    submitted(server)
    job = farm.submit(build.JOB)
    assert (job.id, job.name, job.state) == (12, "sunset", JobState.RUNNING)
    assert server.seen[0].json["blocks"] == [{"frames": "1-4", "command": ["render", "@#@"]}]


def test_a_busy_server_is_asked_again_under_the_same_token(
    server: RecordedServer, farm: Client
) -> None:
    submitted(server)
    server.answer("POST /jobs", BUSY, {"job_id": 12, "again": True})
    farm.submit(build.JOB)
    first, second = [seen.headers["idempotency-key"] for seen in server.seen[:2]]
    assert first == second != ""


def test_two_submissions_have_two_tokens(server: RecordedServer, farm: Client) -> None:
    submitted(server)
    farm.submit(build.JOB)
    farm.submit(build.JOB)
    tokens = {seen.headers["idempotency-key"] for seen in server.seen if seen.method == "POST"}
    assert len(tokens) == 2


def test_the_caller_may_choose_the_token(server: RecordedServer, farm: Client) -> None:
    submitted(server)
    farm.submit(build.JOB, token="shot-40-v3")
    assert server.seen[0].headers["idempotency-key"] == "shot-40-v3"


def test_a_server_that_is_not_there_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with Client(url, "secret", patience_s=0) as farm, pytest.raises(Unreachable, match=url):
        farm.summary()


@pytest.mark.parametrize(
    ("status", "kind"), [(401, NotSignedIn), (403, NotAllowed), (404, NotFound), (409, ApiError)]
)
def test_a_refusal_has_the_class_of_its_status(
    server: RecordedServer, farm: Client, status: int, kind: type[ApiError]
) -> None:
    server.refuse("GET /farm", status, "some-code", "no", hint="do this", field="blocks[0]")
    with pytest.raises(kind) as caught:
        farm.summary()
    assert (caught.value.code, caught.value.hint) == ("some-code", "do this")
    assert str(caught.value) == "blocks[0]: no; do this"


def test_what_is_no_grange_server_is_told_apart(server: RecordedServer, farm: Client) -> None:
    server.answer("GET /farm", b"<html>hello</html>")
    with pytest.raises(BadReply, match="another version of Grange"):
        farm.summary()


def test_any_request_can_be_sent(server: RecordedServer, farm: Client) -> None:
    server.answer("GET /doctor", {"faults": [], "checks": [{"name": "a", "ok": True, "text": ""}]})
    assert farm.send(farm_requests.health()).ok


def test_jobs_are_listed_by_what_is_asked_for(server: RecordedServer, farm: Client) -> None:
    server.answer("GET /jobs", {"jobs": [build.job_view(12), build.done(11)]})
    assert [job.id for job in farm.jobs(user="ada", state="done")] == [12, 11]
    assert server.last.query == "user=ada&state=done"


def test_watching_a_job_gives_each_change_until_it_is_done(
    server: RecordedServer, farm: Client
) -> None:
    server.answer("GET /jobs/12", build.detail())
    server.watch([build.snapshot(jobs=(build.job_view(),)), build.patch(jobs=(build.done(),))])
    job = farm.job(12)
    assert [view.state for view in job.watch()] == [JobState.RUNNING, JobState.DONE]
    assert job.finished


def test_a_watch_that_was_cut_goes_on_where_it_was(server: RecordedServer, farm: Client) -> None:
    server.watch([build.snapshot(7)], [build.patch(8)])
    watch = farm.watch()
    assert [next(watch).number, next(watch).number] == [7, 8]
    watch.close()
    assert [want.after for want in server.watched] == [0, 7]


def test_waiting_for_a_job_that_fails_raises(server: RecordedServer, farm: Client) -> None:
    server.answer("GET /jobs/12", build.detail())
    server.watch(
        [build.snapshot(jobs=(build.failed(),))], [build.snapshot(jobs=(build.failed(),))]
    )
    with pytest.raises(JobFailed, match="1 task of 4"):
        farm.job(12).wait()
    assert farm.job(12).wait(raise_on_failure=False).state is JobState.FAILED


def test_waiting_for_a_job_that_is_deleted_raises(server: RecordedServer, farm: Client) -> None:
    server.answer("GET /jobs/12", build.detail())
    server.watch([build.snapshot(jobs=(build.job_view(),)), build.patch(jobs_gone=(12,))])
    with pytest.raises(JobDeleted):
        farm.job(12).wait()


def test_a_job_too_old_for_the_snapshot_is_asked_for(server: RecordedServer, farm: Client) -> None:
    server.answer("GET /jobs/12", build.detail(), build.detail(build.done()))
    server.watch([build.snapshot()])
    assert farm.job(12).wait().state is JobState.DONE


def test_waiting_ends_with_its_time(server: RecordedServer, farm: Client) -> None:
    server.answer("GET /jobs/12", build.detail())
    server.watch([build.snapshot(jobs=(build.job_view(),))])
    with pytest.raises(WaitTimedOut) as caught:
        farm.job(12).wait(timeout_s=0.05)
    assert isinstance(caught.value, TimeoutError)
    assert isinstance(caught.value, GrangeError)


def test_a_refused_watch_says_why(server: RecordedServer, farm: Client) -> None:
    with pytest.raises(NotAllowed):
        next(farm.watch())


def test_tasks_are_restarted_by_numbers_and_state(server: RecordedServer, farm: Client) -> None:
    server.answer("GET /jobs/12", build.detail())
    server.answer("POST /jobs/12/tasks", {"changed": 3})
    assert farm.job(12).restart(0, "0-5,9", only=TaskFilter.FAILED) == 3
    assert server.last.json == {"op": "restart", "block": 0, "tasks": "0-5,9", "only": "failed"}


def test_a_job_is_steered(server: RecordedServer, farm: Client) -> None:
    server.answer("GET /jobs/12", build.detail())
    server.answer("POST /jobs/12/pause", build.job_view(state=JobState.PAUSED))
    server.answer("PATCH /jobs/12", build.detail(build.job_view(priority=150)))
    job = farm.job(12)
    job.pause()
    assert job.state is JobState.PAUSED
    assert job.edit(priority=150).job.priority == 150
    assert server.last.json == {"priority": 150}


def test_a_job_is_asked_why(server: RecordedServer, farm: Client) -> None:
    answer = WhyView(summary="no worker", reasons=(Reason(code="offline", text="offline"),))
    server.answer("GET /jobs/12", build.detail())
    server.answer("GET /jobs/12/why", answer)
    assert farm.job(12).why() == answer


def test_states_of_tasks_come_as_bytes(server: RecordedServer, farm: Client) -> None:
    server.answer("GET /jobs/12", build.detail())
    server.answer("GET /jobs/12/blocks/0/states", bytes([3, 2, 1]))
    expected = (TaskState.DONE, TaskState.RUNNING, TaskState.READY)
    assert farm.job(12).states() == expected


def test_a_log_is_text_whatever_its_bytes(server: RecordedServer, farm: Client) -> None:
    server.answer("GET /jobs/12", build.detail())
    server.answer("GET /jobs/12/blocks/0/tasks/7/log", b"frame 8 \xff\n")
    assert farm.job(12).task(0, 7).log() == "frame 8 �\n"


def test_a_log_is_followed_to_its_end(server: RecordedServer, farm: Client) -> None:
    running = build.task_view(0, TaskState.RUNNING, run_id=40)
    ended = build.task_view(0, TaskState.DONE, run_id=40)
    server.answer("GET /jobs/12", build.detail())
    server.answer("GET /runs/40", build.run_view(), build.run_view(ended=970.0))
    server.answer("GET /runs/40/log", b"one\n", Answer(206, b"two\n"))
    server.watch([build.snapshot(tasks=(running,)), build.patch(tasks=(ended,))])
    assert list(farm.job(12).task(0, 0).follow(40)) == ["one\n", "two\n"]
    assert server.last.headers["range"] == "bytes=4-"


def test_following_a_task_that_never_ran_waits_for_its_run(
    server: RecordedServer, farm: Client
) -> None:
    place = "GET /jobs/12/blocks/0/tasks/0"
    first, then = ({"task": build.task_view(run_id=run)} for run in (0, 40))
    empty = {"command": [], "working_directory": "", "files": [], "runs": []}
    server.answer("GET /jobs/12", build.detail())
    server.answer(place, first | empty, then | empty)
    server.answer("GET /runs/40", build.run_view(ended=970.0))
    server.answer("GET /runs/40/log", b"all\n")
    server.watch(
        [build.snapshot(), build.patch(tasks=(build.task_view(run_id=40),))], [build.snapshot()]
    )
    assert list(farm.job(12).task(0, 0).follow()) == ["all\n"]


def test_the_names_for_scripts_come_from_grange() -> None:
    assert Job(name="a", blocks=()).name == "a"
    assert repr(Client).startswith("<class 'grange.client.client.Client'")
