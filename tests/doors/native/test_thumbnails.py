"""Thumbnails over HTTP."""

from __future__ import annotations

import httpx
import pytest

from grange.model.states import Role
from grange.wire import worker as wire
from tests.doors.native.asking import BLOCK, fault, linked, submit
from tests.doors.native.served import Served
from tests.jpegs import a_jpeg


@pytest.fixture(scope="module")
def ran(farm: Served) -> tuple[str, int]:
    """A job's path, and the run of its first task, of which there are two thumbnails."""
    with farm.client() as api:
        path = submit(api, BLOCK | {"frames": "1-2", "max_running_tasks": 1}, priority=255)
    with linked(farm, "painter") as worker:
        run_id = worker.until(wire.Start).run.run_id
        worker.end(run_id)
    job = int(path.rpartition("/")[2])
    farm.album.keep(job, run_id, "beauty.0001.exr", a_jpeg())
    farm.album.keep(job, run_id, "<img src=x onerror=x>.exr", a_jpeg(filler=9))
    return path, run_id


def first(path: str) -> str:
    return f"{path}/blocks/0/tasks/0/thumbnails"


def test_a_task_tells_its_thumbnails_the_newest_first(
    api: httpx.Client, ran: tuple[str, int]
) -> None:
    path, run_id = ran
    newest, oldest = api.get(first(path)).json()["thumbnails"]
    assert oldest.pop("made") <= newest.pop("made")
    assert newest == {
        "run_id": run_id,
        "block": 0,
        "task": 0,
        "number": 2,
        "name": "<img src=x onerror=x>.exr",
        "size_bytes": len(api.get(f"{first(path)}/2").content),
    }
    assert oldest["name"] == "beauty.0001.exr"
    assert api.get(first(path), params={"run": run_id}).json()["thumbnails"][0]["number"] == 2


@pytest.mark.proves("render.thumbnails.by_http")
def test_a_thumbnail_is_a_jpeg_and_nothing_else(api: httpx.Client, ran: tuple[str, int]) -> None:
    path, run_id = ran
    for place in (f"{first(path)}/1", f"{path}/thumbnail"):
        answer = api.get(place)
        assert answer.status_code == 200
        assert answer.content.startswith(b"\xff\xd8")
        assert answer.headers["content-type"] == "image/jpeg"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-length"] == str(len(answer.content))
        assert answer.headers["grange-run"] == str(run_id)


def test_a_job_tells_its_newest_and_of_which_task_each_is(
    api: httpx.Client, ran: tuple[str, int]
) -> None:
    path, run_id = ran
    found = api.get(f"{path}/thumbnails").json()["thumbnails"]
    assert [(item["task"], item["number"], item["run_id"]) for item in found] == [
        (0, 2, run_id),
        (0, 1, run_id),
    ]
    assert api.get(f"{path}/thumbnail").content == api.get(f"{first(path)}/2").content


def test_where_there_is_none_the_list_is_empty_and_asking_for_one_is_refused(
    api: httpx.Client, ran: tuple[str, int]
) -> None:
    path = submit(api)
    assert api.get(f"{path}/thumbnails").json() == {"thumbnails": []}
    assert api.get(f"{path}/blocks/0/tasks/3/thumbnails").json() == {"thumbnails": []}
    none = (404, "no-such-thumbnail", "")
    assert fault(api.get(f"{path}/thumbnail")) == none
    assert fault(api.get(f"{path}/blocks/0/tasks/3/thumbnails/1")) == none
    assert fault(api.get(f"{first(ran[0])}/3")) == none
    assert fault(api.get(f"{first(ran[0])}/{2**53 - 1}")) == none
    said = api.get(f"{path}/thumbnail").json()["error"]["message"]
    assert said == f"job {path.rpartition('/')[2]} has no thumbnail (yet)"


@pytest.mark.parametrize(
    ("place", "code"),
    [
        ("/jobs/99999/thumbnail", "no-such-job"),
        ("/jobs/99999/thumbnails", "no-such-job"),
        ("{job}/blocks/9/tasks/0/thumbnails", "no-such-block"),
        ("{job}/blocks/0/tasks/99/thumbnails/1", "no-such-task"),
        ("{job}/blocks/0/tasks/1/thumbnails?run={run}", "no-such-run"),
        ("{job}/blocks/0/tasks/0/thumbnails?run=99999", "no-such-run"),
    ],
)
def test_what_is_not_there_is_named(
    place: str, code: str, api: httpx.Client, ran: tuple[str, int]
) -> None:
    path, run_id = ran
    assert fault(api.get(place.format(job=path, run=run_id)))[:2] == (404, code)


def test_who_may_not_see_a_job_does_not_see_its_thumbnails(
    farm: Served, ran: tuple[str, int]
) -> None:
    path, _ = ran
    places = (f"{path}/thumbnail", f"{path}/thumbnails", first(path), f"{first(path)}/1")
    with farm.client(farm.token("sender", Role.SUBMIT)) as sender, farm.client("") as nobody:
        for place in places:
            assert fault(sender.get(place))[:2] == (403, "forbidden")
            assert fault(nobody.get(place))[:2] == (401, "unauthenticated")


def test_a_thumbnail_whose_run_is_not_in_the_history_is_left_out(
    farm: Served, api: httpx.Client
) -> None:
    path = submit(api)
    farm.album.keep(int(path.rpartition("/")[2]), 999_999, "of a later life", a_jpeg())
    assert api.get(f"{path}/thumbnails").json() == {"thumbnails": []}
