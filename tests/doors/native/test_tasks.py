"""Tasks, runs and logs over HTTP."""

from __future__ import annotations

import httpx
import pytest

from grange.doors.native import logs
from grange.doors.native.logs import Part, read_range
from grange.model.states import Role
from grange.wire import worker as wire
from tests.doors.native.asking import BLOCK, fault, linked, submit
from tests.doors.native.served import Served

TEXT = b"0123456789" * 100


@pytest.fixture(scope="module")
def ran(farm: Served) -> tuple[str, int]:
    """A job's path, and the run of its only task, which is over and has a log."""
    with farm.client() as api:
        path = submit(api, BLOCK | {"frames": "1"}, priority=255)
    with linked(farm, "logger") as worker:
        run_id = worker.until(wire.Start).run.run_id
        worker.log(run_id, TEXT)
        worker.end(run_id)
    return path, run_id


def task(path: str, number: int = 0) -> str:
    return f"{path}/blocks/0/tasks/{number}"


@pytest.mark.parametrize(("tasks", "changed"), [("0-3,5", 5), ("0-9x3", 4), ("7", 1), (None, 10)])
def test_an_operation_touches_the_tasks_that_are_named(
    api: httpx.Client, tasks: str | None, changed: int
) -> None:
    body = {"op": "skip", "block": 0} | ({"tasks": tasks} if tasks else {})
    assert api.post(f"{submit(api)}/tasks", json=body).json() == {"changed": changed}


def test_an_operation_touches_only_tasks_of_the_state_that_is_named(api: httpx.Client) -> None:
    path = submit(api)
    api.post(f"{path}/tasks", json={"op": "skip", "block": 0, "tasks": "0-3"})
    answer = api.post(f"{path}/tasks", json={"op": "restart", "only": "skipped"})
    assert answer.json() == {"changed": 4}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"op": "skop"}, (400, "invalid-field", "op")),
        ({"op": "skip", "tasks": "0-3"}, (400, "invalid-field", "block")),
        ({"op": "skip", "block": 0, "tasks": "x"}, (400, "invalid-field", "tasks")),
        ({"op": "skip", "block": 0, "tasks": "3-1"}, (400, "invalid-field", "tasks")),
        ({"op": "skip", "block": 0, "tasks": ""}, (400, "invalid-field", "tasks")),
        ({"op": "skip", "block": 0, "tasks": "0-999999999x2"}, (400, "invalid-field", "tasks")),
        ({"op": "skip", "block": 0, "tasks": "99"}, (404, "no-such-task", "tasks")),
        ({"op": "skip", "block": 9}, (404, "no-such-block", "")),
        ({"op": "skip", "blok": 9}, (400, "unknown-field", "blok")),
    ],
)
def test_an_operation_that_cannot_be_is_named(
    api: httpx.Client, body: dict[str, object], expected: tuple[int, str, str]
) -> None:
    assert fault(api.post(f"{submit(api)}/tasks", json=body)) == expected


def test_tasks_come_in_pages(api: httpx.Client) -> None:
    page = api.get(f"{submit(api)}/blocks/0/tasks?offset=4&limit=3").json()
    assert ([item["task"] for item in page["tasks"]], page["total"]) == ([4, 5, 6], 10)


def test_tasks_are_chosen_by_state(api: httpx.Client) -> None:
    path = submit(api)
    api.post(f"{path}/tasks", json={"op": "skip", "block": 0, "tasks": "2,4"})
    page = api.get(f"{path}/blocks/0/tasks?state=skipped").json()
    assert ([item["task"] for item in page["tasks"]], page["total"]) == ([2, 4], 2)


def test_a_task_is_shown_with_its_command_and_runs(
    api: httpx.Client, ran: tuple[str, int]
) -> None:
    found = api.get(task(ran[0])).json()
    assert found["command"] == ["render", "1"]
    assert [(run["run_id"], run["worker"]) for run in found["runs"]] == [(ran[1], "logger")]


def test_the_story_of_a_task_has_its_runs(api: httpx.Client, ran: tuple[str, int]) -> None:
    lines = api.get(f"{task(ran[0])}/story").json()["lines"]
    assert any("logger" in line["text"] for line in lines)


def test_a_run_is_shown(api: httpx.Client, ran: tuple[str, int]) -> None:
    found = api.get(f"/runs/{ran[1]}").json()
    assert (found["result"]["status"], found["worker"]) == ("done", "logger")


def test_a_run_that_never_was_is_not_found(api: httpx.Client) -> None:
    assert api.get("/runs/999999").status_code == 404


@pytest.mark.parametrize("where", ["{task}/log", "{task}/log?run={run}", "/runs/{run}/log"])
def test_a_log_is_plain_text_that_says_whose_it_is(
    api: httpx.Client, ran: tuple[str, int], where: str
) -> None:
    answer = api.get(where.format(task=task(ran[0]), run=ran[1]))
    assert (answer.status_code, answer.content) == (200, TEXT)
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["grange-run"] == str(ran[1])
    assert answer.headers["grange-log-size"] == str(len(TEXT))


@pytest.mark.parametrize(
    ("asked", "content", "said"),
    [
        ("bytes=990-", TEXT[990:], "bytes 990-999/1000"),
        ("bytes=3-5", TEXT[3:6], "bytes 3-5/1000"),
        ("bytes=-4", TEXT[-4:], "bytes 996-999/1000"),
        ("bytes=0-99999", TEXT, "bytes 0-999/1000"),
    ],
)
def test_a_part_of_a_log_is_read_by_range(
    api: httpx.Client, ran: tuple[str, int], asked: str, content: bytes, said: str
) -> None:
    answer = api.get(f"/runs/{ran[1]}/log", headers={"Range": asked})
    assert (answer.status_code, answer.content) == (206, content)
    assert answer.headers["content-range"] == said


@pytest.mark.parametrize("asked", ["bytes=1000-", "bytes=5-3", "bytes=-0", "bytes=-"])
def test_a_range_without_a_byte_cannot_be_satisfied(
    api: httpx.Client, ran: tuple[str, int], asked: str
) -> None:
    answer = api.get(f"/runs/{ran[1]}/log", headers={"Range": asked})
    assert (answer.status_code, answer.content) == (416, b"")
    assert answer.headers["content-range"] == "bytes */1000"


@pytest.mark.parametrize("asked", ["bytes=0-1,5-6", "lines=1-2", "x", "bytes=1-" + "9" * 99])
def test_a_range_that_is_not_understood_gives_all(
    api: httpx.Client, ran: tuple[str, int], asked: str
) -> None:
    answer = api.get(f"/runs/{ran[1]}/log", headers={"Range": asked})
    assert (answer.status_code, len(answer.content)) == (200, 1_000)


def test_a_long_log_is_read_in_pieces(
    api: httpx.Client, ran: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "PIECE_BYTES", 7)
    assert api.get(f"/runs/{ran[1]}/log").content == TEXT


def test_a_task_that_never_ran_has_no_log(api: httpx.Client) -> None:
    assert fault(api.get(f"{task(submit(api))}/log"))[:2] == (404, "no-such-run")


def test_a_run_of_another_task_is_not_its_log(api: httpx.Client, ran: tuple[str, int]) -> None:
    answer = api.get(f"{task(submit(api))}/log?run={ran[1]}")
    assert fault(answer)[:2] == (404, "no-such-run")


def test_the_logs_of_others_are_closed_to_who_sees_his_own(
    farm: Served, ran: tuple[str, int]
) -> None:
    with farm.client(farm.token("kiosk", Role.SUBMIT)) as kiosk:
        for path in (f"/runs/{ran[1]}", f"/runs/{ran[1]}/log", f"{task(ran[0])}/log"):
            assert fault(kiosk.get(path))[:2] == (403, "forbidden")


@pytest.mark.parametrize(
    ("text", "size", "part"),
    [
        ("bytes=0-0", 1, Part(0, 0)),
        ("bytes=-9", 3, Part(0, 2)),
        ("bytes=-9", 0, None),
        ("bytes=0-", 0, None),
    ],
)
def test_a_range_is_read_as_far_as_there_is_text(text: str, size: int, part: Part | None) -> None:
    assert read_range(text, size) == part
