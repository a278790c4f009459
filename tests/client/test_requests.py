from __future__ import annotations

from typing import Any

import msgspec
import pytest

from grange.client.errors import ApiError, BadReply
from grange.client.requests import (
    access,
    branches,
    farm,
    jobs,
    pools,
    tasks,
    thumbnails,
    users,
    workers,
)
from grange.client.requests.message import Reply, Request
from grange.model.spec import BlockSpec, TaskSpec
from grange.model.states import Role, TaskFilter, TaskOp, TaskState
from tests.client import build

LINES = [
    (farm.summary(), "GET /farm"),
    (farm.health(), "GET /doctor"),
    (farm.audit(limit=9), "GET /audit?limit=9"),
    (jobs.listed(), "GET /jobs"),
    (jobs.listed(hidden=True, limit=5, after=12), "GET /jobs?hidden=true&limit=5&after=12"),
    (jobs.detail(12), "GET /jobs/12"),
    (jobs.check(build.JOB), "POST /jobs/check"),
    (jobs.edit(12, priority=1), "PATCH /jobs/12"),
    (jobs.remove(12), "DELETE /jobs/12"),
    (jobs.pause(12), "POST /jobs/12/pause"),
    (jobs.resume(12), "POST /jobs/12/resume"),
    (jobs.why(12), "GET /jobs/12/why"),
    (jobs.why(12, 0), "GET /jobs/12/blocks/0/why"),
    (jobs.story(12), "GET /jobs/12/story"),
    (jobs.append_blocks(12, [BlockSpec()]), "POST /jobs/12/blocks"),
    (jobs.edit_block(12, 1, capacity=5), "PATCH /jobs/12/blocks/1"),
    (jobs.try_next(12, 0, [3]), "POST /jobs/12/try-next"),
    (jobs.forget_errors(12), "POST /jobs/12/forget-errors"),
    (
        tasks.listed(12, 0, offset=5, state="failed"),
        "GET /jobs/12/blocks/0/tasks?offset=5&state=failed",
    ),
    (tasks.states(12, 0), "GET /jobs/12/blocks/0/states"),
    (tasks.detail(12, 0, 7), "GET /jobs/12/blocks/0/tasks/7"),
    (tasks.why(12, 0, 7), "GET /jobs/12/blocks/0/tasks/7/why"),
    (tasks.story(12, 0, 7), "GET /jobs/12/blocks/0/tasks/7/story"),
    (tasks.log(12, 0, 7, run=40), "GET /jobs/12/blocks/0/tasks/7/log?run=40"),
    (tasks.append(12, 0, [TaskSpec()]), "POST /jobs/12/blocks/0/tasks"),
    (tasks.run(40), "GET /runs/40"),
    (tasks.run_log(40), "GET /runs/40/log"),
    (thumbnails.of_job(12), "GET /jobs/12/thumbnails"),
    (thumbnails.newest(12), "GET /jobs/12/thumbnail"),
    (thumbnails.of_task(12, 0, 7), "GET /jobs/12/blocks/0/tasks/7/thumbnails"),
    (
        thumbnails.one(12, 0, 7, 3, run=40),
        "GET /jobs/12/blocks/0/tasks/7/thumbnails/3?run=40",
    ),
    (workers.listed(), "GET /workers"),
    (workers.detail(3), "GET /workers/3"),
    (workers.edit(3, nimby="nobody"), "PATCH /workers/3"),
    (workers.remove(3), "DELETE /workers/3"),
    (workers.eject(3), "POST /workers/3/eject"),
    (workers.heal(3), "POST /workers/3/heal"),
    (workers.instruct(3, "reboot"), "POST /workers/3/instruct"),
    (workers.launch(3, ("update",), leave=True), "POST /workers/3/launch"),
    (workers.why(3), "GET /workers/3/why"),
    (users.listed(), "GET /users"),
    (users.detail("a/b c"), "GET /users/a%2Fb%20c"),
    (users.edit("ada", priority=1), "PATCH /users/ada"),
    (users.remove("ada"), "DELETE /users/ada"),
    (users.move_jobs("ada", [12], "top"), "POST /users/ada/move-jobs"),
    (branches.listed(), "GET /branches"),
    (branches.edit("/show", priority=1), "PATCH /branches?path=/show"),
    (branches.remove("/show"), "DELETE /branches?path=/show"),
    (pools.listed(), "GET /pools"),
    (pools.edit("/gpu", paused=True), "PATCH /pools?path=/gpu"),
    (pools.remove("/gpu"), "DELETE /pools?path=/gpu"),
    (access.whoami(), "GET /whoami"),
    (access.credentials(), "GET /credentials"),
    (access.create("ada", Role.ARTIST), "POST /credentials"),
    (access.accept("ab12"), "POST /credentials/ab12/accept"),
    (access.revoke("ab12"), "DELETE /credentials/ab12"),
    (access.join_code(60), "POST /join-codes"),
    (access.join("grange1-x", "node"), "POST /join"),
    (access.login_link(), "POST /login-links"),
]


def body(request: Request[Any]) -> Any:
    return msgspec.json.decode(request.body)


@pytest.mark.parametrize(("request_", "line"), LINES, ids=[line for _, line in LINES])
def test_a_request_has_its_line(request_: Request[Any], line: str) -> None:
    query = "&".join(f"{name}={value}" for name, value in request_.params.items())
    path = request_.path.removeprefix("/api/v1") + (f"?{query}" if query else "")
    assert f"{request_.method} {path}" == line


@pytest.mark.parametrize("request_", [item for item, _ in LINES], ids=[line for _, line in LINES])
def test_reading_is_repeatable_and_deleting_is_not(request_: Request[Any]) -> None:
    always = {"GET": True, "PATCH": True, "DELETE": False}
    assert request_.repeatable is always.get(request_.method, request_.repeatable)


def test_a_submission_is_repeatable_only_under_a_token() -> None:
    assert jobs.submit(build.JOB, "t").repeatable
    assert not jobs.submit(build.JOB).repeatable
    assert "Idempotency-Key" not in jobs.submit(build.JOB).headers


def test_what_is_not_said_is_not_sent() -> None:
    assert body(tasks.change(12, TaskOp.STOP)) == {"op": "stop"}
    assert body(access.create("ci", Role.SUBMIT)) == {"name": "ci", "role": "submit"}


def test_what_is_said_is_sent() -> None:
    only = TaskFilter.FAILED
    request = tasks.change(12, TaskOp.RESTART, block=0, tasks="1-3", only=only, with_depends=True)
    expected = {
        "op": "restart",
        "block": 0,
        "tasks": "1-3",
        "only": "failed",
        "with_depends": True,
    }
    assert body(request) == expected


def test_a_list_is_read_out_of_its_member() -> None:
    reply = Reply(status=200, body=msgspec.json.encode({"jobs": [build.job_view()], "more": 1}))
    assert jobs.listed().result(reply) == (build.job_view(),)


def test_a_reply_without_its_member_is_a_bad_one() -> None:
    with pytest.raises(BadReply, match="GET /api/v1/jobs"):
        jobs.listed().result(Reply(status=200, body=b"{}"))


def test_states_beyond_those_we_know_are_a_bad_reply() -> None:
    with pytest.raises(BadReply):
        tasks.states(12, 0).result(Reply(status=200, body=b"\x63"))
    assert tasks.states(12, 0).result(Reply(status=200, body=b"\x03")) == (TaskState.DONE,)


def test_a_part_of_a_log_knows_its_place() -> None:
    headers = {"grange-log-size": "9", "grange-run": "40"}
    part = tasks.run_log(40, start=4).result(Reply(status=206, headers=headers, body=b"abcde"))
    assert (part.start, part.end, part.size, part.run_id, part.text) == (4, 9, 9, 40, "abcde")


def test_nothing_new_in_a_log_is_no_error() -> None:
    part = tasks.run_log(40, start=4).result(Reply(status=416, headers={"grange-log-size": "4"}))
    assert (part.data, part.end) == (b"", 4)


def test_a_server_that_ignores_the_range_does_no_harm() -> None:
    part = tasks.run_log(40, start=2).result(Reply(status=200, body=b"abcd"))
    assert (part.start, part.data) == (2, b"cd")


def test_a_refusal_in_foreign_words_is_shown_short() -> None:
    reply = Reply(status=502, body=b"<h1>Bad\x07 gateway</h1>" + b"x" * 1_000)
    with pytest.raises(ApiError) as caught:
        farm.summary().result(reply)
    assert caught.value.code == "foreign-answer"
    assert "<h1>Bad gateway</h1>" in caught.value.message
    assert len(caught.value.message) < 300
