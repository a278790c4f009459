"""Values of the dictionary are set by the farm's own commands, or it is said why not."""

from __future__ import annotations

import itertools
import json
from typing import Any

import httpx
import pytest

from grange.model.states import Role
from tests.doors.native.asking import fault, submit
from tests.doors.native.served import Served

PLACE = "/pyfarm/jobs"
NUMBER = itertools.count(1)
NAMED = {"name": "sub1", "tasks": [{"name": str(n), "command": f"render {n}"} for n in (1, 2, 3)]}
FRAMES = {"name": "lo", "frames": "1-2", "command": ["x", "@#@"]}


@pytest.fixture
def job(api: httpx.Client) -> str:
    """A job of two subjobs. Its name."""
    name = f"Job{next(NUMBER)}"
    submit(api, NAMED, FRAMES, name=name)
    return name


def put(api: httpx.Client, *path: str | int, value: Any) -> httpx.Response:
    return api.patch(PLACE, json={"path": path, "value": value})


def done(api: httpx.Client, *path: str | int, value: Any) -> int:
    answer = put(api, *path, value=value)
    assert answer.status_code == 200, answer.text
    changed: int = answer.json()["changed"]
    return changed


def said(api: httpx.Client, *path: str | int, value: Any) -> tuple[int, str, str]:
    """How a value is refused: status, field, sentence."""
    answer = put(api, *path, value=value)
    status, _, field = fault(answer)
    return status, field, answer.json()["error"]["message"]


def look(api: httpx.Client, *path: str | int) -> Any:
    value = json.loads(api.get(PLACE).content)
    for key in path:
        value = value[str(key)]
    return value


def test_a_job_is_paused_and_goes_on(api: httpx.Client, job: str) -> None:
    assert done(api, job, "status", value="Paused") == 1
    assert look(api, job, "status") == "Paused"
    assert done(api, job, "status", value="Waiting") == 1
    assert look(api, job, "status") == "Waiting"
    status, field, why = said(api, job, "status", value="Waiting")
    assert (status, field) == (409, "value")
    assert why.startswith(f"job {job!r} is not paused")


def test_a_job_is_called_complete_and_then_not_paused(api: httpx.Client, job: str) -> None:
    assert done(api, job, "status", value="Complete") == 5
    assert look(api, job, "frames") == {"complete": 5, "total": 5, "failed": 0}
    assert said(api, job, "status", value="Paused")[0] == 409


def test_a_subjob_is_paused_goes_on_and_is_called_complete(api: httpx.Client, job: str) -> None:
    place = (job, "subjobs", "sub1", "status")
    for word, count in (("Paused", 3), ("Waiting", 3), ("Waiting", 0), ("Complete", 3)):
        assert done(api, *place, value=word) == count
        assert look(api, *place) == word
    assert said(api, *place, value="Paused") == (
        409,
        "value",
        "no frame of subjob 'sub1' can become Paused",
    )


def test_a_frame_is_paused_called_complete_and_begun_again(api: httpx.Client, job: str) -> None:
    place = (job, "subjobs", "sub1", "frames", 2, "status")
    for word, count in (("Paused", 1), ("Paused", 0), ("Complete", 1), ("Waiting", 1)):
        assert done(api, *place, value=word) == count
        assert look(api, *place) == word
    assert done(api, *place, value="Complete") == 1
    assert said(api, *place, value="Paused") == (
        409,
        "value",
        "frame 2 is Complete: it cannot become Paused",
    )


@pytest.mark.parametrize(
    ("word", "why"),
    [
        ("Rendering", "the farm itself says what renders"),
        ("Failed", "a frame fails by itself"),
        ("Cancelled", "is skipped, which counts as Complete"),
        ("Odd", "it can be set to Waiting, Paused, Complete"),
        (None, "it can be set to Waiting, Paused, Complete"),
        (["Paused"], "it can be set to Waiting, Paused, Complete"),
    ],
)
@pytest.mark.parametrize(
    "path",
    [("status",), ("subjobs", "sub1", "status"), ("subjobs", "sub1", "frames", 1, "status")],
)
def test_other_states_are_not_for_people_to_set(
    api: httpx.Client, job: str, path: tuple[str | int, ...], word: Any, why: str
) -> None:
    status, field, sentence = said(api, job, *path, value=word)
    assert (status, field) == (400, "value")
    assert why in sentence


def test_fields_of_jobs_and_blocks_are_edited(api: httpx.Client, job: str) -> None:
    assert done(api, job, "priority", value=50) == 1
    assert look(api, job, "priority") == 50
    assert done(api, job, "subjobs", "lo", "capacity", value=5) == 1
    assert look(api, job, "subjobs", "lo", "capacity") == 5
    assert said(api, job, "priority", value="x")[:2] == (400, "priority")
    assert said(api, job, "priorit", value=5)[2].endswith("did you mean 'priority'?")
    assert said(api, job, "name", value="x")[1:] == ("name", "'name' cannot be edited")


@pytest.mark.parametrize(
    ("path", "why"),
    [
        (("frames", "complete"), "counts are made from the frames"),
        (("frames",), "counts are made from the frames"),
        (("subjobs", "sub1", "total"), "counts are made from the frames"),
        (("subjobs", "sub1", "frames", 1, "host"), "host is what the farm found"),
        (("subjobs", "sub1", "frames", 1, "command"), "command is what the farm found"),
        (("subjobs", "sub1", "frames"), "cannot be set as one value"),
        (("subjobs",), "cannot be set as one value"),
        (("id",), "cannot be set as one value"),
        (("pools", "/linux"), "cannot be set as one value"),
        (("subjobs", "sub1", "frames", 1, "result", "status"), "a path has from two keys"),
        ((), "a path has from two keys"),
    ],
)
def test_what_cannot_be_set_is_said(
    api: httpx.Client, job: str, path: tuple[str | int, ...], why: str
) -> None:
    status, field, sentence = said(api, job, *path, value=1)
    assert (status, field) == (400, "path")
    assert why in sentence


@pytest.mark.parametrize(
    ("path", "code"),
    [
        (("status",), "no-such-job"),
        (("subjobs", "s", "status"), "no-such-job"),
    ],
)
def test_a_job_that_is_not_there_is_said(
    api: httpx.Client, path: tuple[str, ...], code: str
) -> None:
    assert fault(put(api, "nobody's", *path, value="Paused"))[:2] == (404, code)


def test_a_subjob_or_frame_that_is_not_there_is_said(api: httpx.Client, job: str) -> None:
    answer = put(api, job, "subjobs", "none", "status", value="Paused")
    assert fault(answer) == (404, "no-such-block", "subjob")
    assert said(api, job, "subjobs", "sub1", "frames", 9, "status", value="Paused") == (
        400,
        "path",
        "subjob 'sub1' has no frame '9'",
    )


def test_a_subjob_is_added(api: httpx.Client, job: str) -> None:
    frames = {"5": {"command": "render 5"}, "6": {"command": "render 6", "status": "Waiting"}}
    assert done(api, job, "subjobs", "new", value={"frames": frames, "capacity": 7}) == 1
    subjob = look(api, job, "subjobs", "new")
    assert (subjob["total"], subjob["capacity"], list(subjob["frames"])) == (2, 7, ["5", "6"])
    again = said(api, job, "subjobs", "new", value={"frames": frames})
    assert (again[0], again[2]) == (
        400,
        f"jobs[{job!r}]['subjobs']['new'] cannot be set as one value",
    )


@pytest.mark.parametrize(
    "value",
    [{"frames": {"1": {"command": "x", "status": "Complete"}}}, {"frames": {}}, {}],
)
def test_a_subjob_that_is_added_waits(api: httpx.Client, job: str, value: Any) -> None:
    status, field, why = said(api, job, "subjobs", "new", value=value)
    assert (status, field) == (400, "value")
    assert why.endswith("a new subjob has frames that all wait")
    assert fault(put(api, job, "subjobs", "new", value=5))[1] == "bad-dictionary"


def test_a_frame_is_added_to_frames_with_commands_of_their_own(
    api: httpx.Client, job: str
) -> None:
    place = (job, "subjobs", "sub1", "frames")
    assert done(api, *place, 4, value={"command": "render 4"}) == 1
    assert look(api, *place, 4)["command"] == "render 4"
    assert look(api, job, "frames", "total") == 6
    assert said(api, *place, 4, value={"command": "x"})[:2] == (409, "path")
    assert said(api, *place, 5, value={"command": "x", "status": "Complete"})[:2] == (
        400,
        "value",
    )
    assert fault(put(api, *place, 5, value=1))[1] == "bad-dictionary"
    assert fault(put(api, *place, 5, value={}))[1] == "bad-dictionary"
    assert said(api, job, "subjobs", "lo", "frames", 9, value={"command": "x"})[0] == 400


def test_a_job_is_deleted(api: httpx.Client, job: str) -> None:
    assert api.delete(PLACE, params={"job": job}).status_code == 204
    assert fault(api.delete(PLACE, params={"job": job})) == (404, "no-such-job", "job")


def test_who_may_not_change_a_job_is_refused(farm: Served, job: str) -> None:
    with farm.client(farm.token("dan", Role.ARTIST)) as dan:
        assert fault(put(dan, job, "status", value="Paused"))[:2] == (403, "forbidden")
        assert fault(dan.delete(PLACE, params={"job": job}))[:2] == (403, "forbidden")


@pytest.mark.parametrize("body", [{}, {"path": ["a", "b"]}, {"path": "a", "value": 1}])
def test_a_body_of_another_shape_is_refused(api: httpx.Client, body: Any) -> None:
    assert fault(api.patch(PLACE, json=body))[:2] == (400, "invalid-field")
