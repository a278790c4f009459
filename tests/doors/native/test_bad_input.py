"""Bad input of every kind: each is answered at once, names the field, and harms nobody."""

from __future__ import annotations

import http.client
from collections.abc import Iterator

import httpx
import pytest

from grange.server.engine import Engine
from grange.server.views import Views
from tests.doors.native.asking import BLOCK, fault, job, submit
from tests.doors.native.served import BODY_MAX, Served


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "bad-json"),
        (b"{", "bad-json"),
        (b'{"name": "x",}', "bad-json"),
        (b"\xff\xfe{}", "bad-json"),
        (b"null", "invalid-field"),
        (b'"text"', "invalid-field"),
        (b"[" * 50_000, "invalid-field"),
        (b'{"name":' + b"[" * 50_000, "invalid-field"),
        (b'{"x":' * 10_000, "unknown-field"),
        (b'{"name": 1' + b"0" * 5_000 + b"}", "invalid-field"),
        (b'{"name": -Infinity}', "bad-json"),
        (b"<job/>", "bad-json"),
    ],
)
def test_what_is_not_a_job_is_refused(api: httpx.Client, body: bytes, code: str) -> None:
    assert fault(api.post("/jobs", content=body))[:2] == (400, code)


@pytest.mark.parametrize(
    ("frames", "text"),
    [
        ("9-1", "last frame 1 before first frame 9"),
        ("1-1000000000000", "beyond 2147483647"),
        ("1-2147483647", "2147483647 tasks"),
        ("1-10x0", "step"),
        ("1,1", "named twice"),
        ("a", "not a frame range"),
        ("1-" + "9" * 5_000, "not a frame range"),
    ],
)
def test_frames_that_cannot_be_are_refused(api: httpx.Client, frames: str, text: str) -> None:
    answer = api.post("/jobs", json=job(BLOCK | {"frames": frames}))
    assert fault(answer) == (400, "invalid-field", "blocks[0].frames")
    assert text in answer.text or len(frames) > 1_000


def test_blocks_that_wait_for_each_other_are_refused(api: httpx.Client) -> None:
    first = BLOCK | {"name": "a", "depend_mask": "b"}
    second = BLOCK | {"name": "b", "depend_mask": "a"}
    assert fault(api.post("/jobs", json=job(first, second)))[:2] == (409, "dependency-cycle")


def test_a_block_that_waits_for_itself_is_refused(api: httpx.Client) -> None:
    block = BLOCK | {"name": "a", "depend_mask": "a"}
    assert api.post("/jobs", json=job(block)).status_code in (201, 409)


def test_a_mask_that_is_no_regular_expression_is_refused(api: httpx.Client) -> None:
    answer = api.post("/jobs", json=job(BLOCK | {"depend_mask": "(["}))
    assert fault(answer) == (400, "invalid-field", "blocks[0].depend_mask")


def test_a_job_that_is_not_there_cannot_be_waited_for(api: httpx.Client) -> None:
    answer = api.post("/jobs", json=job(depend_jobs=[999_999]))
    assert fault(answer) == (400, "invalid-field", "depend_jobs[0]")


def test_a_body_that_is_too_large_is_refused(api: httpx.Client) -> None:
    answer = api.post("/jobs", content=b" " * (BODY_MAX + 1))
    assert fault(answer)[:2] == (413, "body-too-large")


def test_a_body_that_grows_too_large_is_refused(api: httpx.Client) -> None:
    def drips() -> Iterator[bytes]:
        for _ in range(BODY_MAX // 1_000 + 1):
            yield b" " * 1_000

    assert fault(api.post("/jobs", content=drips()))[:2] == (413, "body-too-large")


@pytest.mark.parametrize("host", ["evil.org", "127.0.0.1.evil.org", "169.254.169.254"])
def test_a_name_that_was_made_to_mean_this_machine_is_refused(
    api: httpx.Client, host: str
) -> None:
    assert fault(api.get("/farm", headers={"Host": host}))[:2] == (421, "bad-host")


def test_a_preflight_of_another_site_gets_no_leave(api: httpx.Client) -> None:
    headers = {"Origin": "https://evil.org", "Access-Control-Request-Method": "POST"}
    answer = api.options("/jobs", headers=headers)
    assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    "changes",
    [
        {"priority": 10**400},
        {"pools": {"/a": 2**63}},
        {"priority": None},
        {"priority": [1]},
        {"life_time_s": 2**31},
        {"blocks": []},
        {"": 1},
    ],
)
def test_changes_that_cannot_be_leave_the_job_as_it_was(
    api: httpx.Client, changes: dict[str, object]
) -> None:
    path = submit(api)
    before = api.get(path).json()["spec"]
    assert api.patch(path, json=changes).status_code == 400
    assert api.get(path).json()["spec"] == before


@pytest.mark.parametrize(
    "path",
    ["/jobs/%00", "/jobs/1%2f..", "/jobs/..%2f..%2fetc", "/users/%ff", "//jobs", "/jobs//"],
)
def test_a_path_that_means_nothing_is_not_found(farm: Served, path: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", farm.listener.port, timeout=5)
    headers = {"Authorization": f"Bearer {farm.admin}"}
    connection.request("GET", f"/api/v1{path}", headers=headers)
    assert connection.getresponse().status in (200, 400, 404)
    connection.close()


def test_a_full_inbox_turns_people_away_until_there_is_room(
    api: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(Engine, "crowded", True)
        answer = api.post("/jobs", json=job())
    assert fault(answer)[:2] == (503, "server-busy")
    assert answer.headers["retry-after"] == "1"
    assert api.post("/jobs", json=job()).status_code == 201


def test_a_fault_of_ours_is_told_without_its_insides(
    api: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(Views, "farm")
    answer = api.get("/farm")
    assert fault(answer)[:2] == (500, "internal-error")
    assert "Views" not in answer.text
