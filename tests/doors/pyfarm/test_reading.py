"""The live farm as the dictionary, over HTTP."""

from __future__ import annotations

import itertools
import json
from typing import Any

import httpx
import pytest

from grange.doors.pyfarm import export, live
from grange.doors.pyfarm.xml_in import from_xml
from grange.model.run import Progress
from grange.model.states import Role
from grange.wire import worker as wire
from tests.doors.native.asking import fault, linked, submit
from tests.doors.native.served import Served

NUMBER = itertools.count(1)


def a_name() -> str:
    return f"shot{next(NUMBER)}"


def read(api: httpx.Client, **params: Any) -> Any:
    answer = api.get("/pyfarm/jobs", params=params)
    assert answer.status_code == 200, answer.text
    return json.loads(answer.content)


def new(api: httpx.Client, *blocks: dict[str, Any], **fields: Any) -> str:
    """Submit a job. Its name."""
    name = a_name()
    submit(api, *blocks, name=name, **fields)
    return name


def frames_of(api: httpx.Client, job: str, subjob: str = "block", **params: Any) -> Any:
    found = read(api, job=job, subjob=subjob, **params)
    return found[job]["subjobs"][subjob]["frames"]


def test_a_new_job_waits_and_says_what_it_runs(api: httpx.Client) -> None:
    block = {"frames": "1-2", "command": ["render", "-f", "@#@", "my scene"], "name": "beauty"}
    name = new(api, block, priority=50)
    job = read(api, job=name)[name]
    assert job["status"] == "Waiting"
    assert job["frames"] == {"complete": 0, "total": 2, "failed": 0}
    assert (job["user"], job["priority"], job["id"] > 0) == ("owner", 50, True)
    subjob = job["subjobs"]["beauty"]
    assert subjob["range"] == "1-2"
    assert subjob["frames"] == {
        str(number): {
            "status": "Waiting",
            "host": None,
            "pid": None,
            "command": f"render -f {number} 'my scene'",
            "stdout": "",
        }
        for number in (1, 2)
    }


def test_a_frame_says_who_renders_it_and_what_it_wrote(farm: Served, api: httpx.Client) -> None:
    name = new(api, {"frames": "7", "command": ["render"], "tasks_name": ""}, priority=255)
    with linked(farm, "render01") as worker:
        run_id = worker.until(wire.Start).run.run_id
        frame = frames_of(api, name)["7"]
        assert (frame["status"], frame["host"], frame["pid"]) == ("Rendering", "render01", None)
        worker.send(wire.Beat(number=1, progress=(Progress(run_id=run_id, pid=9978),)))
        worker.until(wire.BeatAck)
        worker.log(run_id, b"first\nsecond \xff \xc3\xbc")
        frame = frames_of(api, name)["7"]
        assert (frame["pid"], frame["stdout"]) == (9978, "first\nsecond \udcff ü")
        assert read(api, job=name)[name]["status"] == "Rendering"
        worker.end(run_id)
    frame = frames_of(api, name)["7"]
    assert (frame["status"], frame["host"]) == ("Complete", "render01")
    assert frame["attempt"] == 1
    assert frame["start"] <= frame["end"]
    assert frame["result"]["status"] == "done"
    job = read(api, job=name)[name]
    assert (job["status"], job["frames"]["complete"]) == ("Complete", 1)


def test_skipped_is_complete_and_says_so_and_suspended_is_paused(api: httpx.Client) -> None:
    name = new(api, {"frames": "1-3", "command": ["x"]})
    number = read(api, job=name)[name]["id"]
    for op, tasks in (("skip", "0"), ("suspend", "1-2")):
        api.post(f"/jobs/{number}/tasks", json={"op": op, "block": 0, "tasks": tasks})
    frames = frames_of(api, name)
    assert [(item["status"], item.get("state")) for item in frames.values()] == [
        ("Complete", "skipped"),
        ("Paused", None),
        ("Paused", None),
    ]
    assert read(api, job=name)[name]["status"] == "Paused"


def test_a_job_that_is_held_is_paused(api: httpx.Client) -> None:
    name = new(api, paused=True)
    job = read(api, job=name)[name]
    assert (job["status"], job["subjobs"]["block"]["status"]) == ("Paused", "Waiting")


def test_the_log_that_is_told_ends_with_its_end(farm: Served, api: httpx.Client) -> None:
    name = new(api, {"frames": "1", "command": ["x"]}, priority=255)
    log = b"begin" + "ü".encode() * live.TAIL_MAX + b"."
    with linked(farm, "render02") as worker:
        run_id = worker.until(wire.Start).run.run_id
        farm.shelf.append(read(api, job=name)[name]["id"], run_id, 0, log)
        worker.end(run_id)
    frame = frames_of(api, name)["1"]
    assert frame["stdout_bytes"] == len(log)
    assert log.decode().endswith(frame["stdout"])
    assert live.TAIL_MAX - 4 < len(frame["stdout"].encode()) <= live.TAIL_MAX
    assert frames_of(api, name, stdout="full")["1"]["stdout"] == log.decode()
    assert frames_of(api, name, stdout="none")["1"]["stdout"] is None


def test_xml_says_the_same_as_json(api: httpx.Client) -> None:
    name = new(
        api,
        {"frames": "1-3", "command": ["a"]},
        {"name": "c", "tasks": [{"name": "t"}], "command": ["x"]},
    )
    asked = {"job": name, "format": "xml"}
    answer = api.get("/pyfarm/jobs", params=asked)
    assert answer.headers["content-type"].startswith("application/xml")
    as_json = read(api, job=name)
    as_xml = from_xml(answer.content)
    for subjob in as_xml[name]["subjobs"].values():
        subjob["frames"] = {str(key): frame for key, frame in subjob["frames"].items()}
    assert as_xml == as_json


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("application/xml", "application/xml"),
        ("text/xml", "application/xml"),
        ("application/xml;q=0.5, application/json", "application/json"),
        ("*/*", "application/json"),
        ("text/html", "application/json"),
    ],
)
def test_the_form_is_as_one_accepts(api: httpx.Client, accept: str, kind: str) -> None:
    name = new(api)
    answer = api.get("/pyfarm/jobs", params={"job": name}, headers={"Accept": accept})
    assert answer.headers["content-type"].startswith(kind)


def test_tasks_of_several_frames_have_texts_for_keys(api: httpx.Client) -> None:
    name = new(api, {"frames": "20-26x2,1-10", "frames_per_task": 4, "command": ["x"]})
    keys = ["1-4", "5-8", "9-10", "20-26x2"]
    assert list(frames_of(api, name)) == keys
    for key in keys:
        assert list(frames_of(api, name, frame=key)) == [key]
    for key in ("1", "1-5", "x", "9-", "²"):
        answer = api.get("/pyfarm/jobs", params={"job": name, "subjob": "block", "frame": key})
        assert fault(answer) == (404, "no-such-task", "frame")


def test_frames_are_in_order_though_they_are_asked_for_in_another(api: httpx.Client) -> None:
    name = new(api, {"frames": "9,1-3,-2,10-14x4,11", "command": ["x"]})
    assert list(map(int, frames_of(api, name))) == [-2, 1, 2, 3, 9, 10, 11, 14]
    assert list(frames_of(api, name, frame="-2")) == ["-2"]


def test_named_tasks_have_their_names_and_namesakes_a_number(api: httpx.Client) -> None:
    tasks = [{"name": text} for text in ("a", "7", "a", "0010", "a#2", "", "b\x1b")]
    name = new(api, {"command": ["x"], "tasks": tasks})
    keys = ["a", "7", "a#2", "0010", "a#2#4", "task 5", "b�"]
    found = frames_of(api, name)
    assert list(found) == keys
    assert found["a#2"]["task"]["name"] == "a"
    for key in keys:
        assert list(frames_of(api, name, frame=key)) == [key]


def test_jobs_of_one_name_and_subjobs_of_one_name_are_told_apart(api: httpx.Client) -> None:
    name = new(api, {"frames": "1", "command": ["x"]}, {"frames": "2", "command": ["y"]})
    submit(api, name=name)
    number = max(job["id"] for job in read(api).values())
    submit(api, name=f"{name}#{number + 2}")
    submit(api, name=name)
    found = read(api)
    keys = [name, f"{name}#{number}", f"{name}#{number + 2}", f"{name}#{number + 2}#{number + 2}"]
    assert [key for key in found if key.startswith(name)] == keys
    for key in keys:
        assert read(api, job=key)[key]["id"] == found[key]["id"]
    assert found[keys[1]]["name"] == found[keys[3]]["name"] == name
    assert list(found[name]["subjobs"]) == ["block", "block#1"]
    assert list(frames_of(api, name, "block#1")) == ["2"]


def test_a_name_that_xml_cannot_carry_is_told_besides(api: httpx.Client) -> None:
    submit(api, {"name": "b\0", "frames": "1", "command": ["x"]}, name="a\x1b")
    (key,) = (key for key, job in read(api).items() if job.get("name") == "a\x1b")
    answer = api.get("/pyfarm/jobs", params={"job": key, "format": "xml"})
    job = from_xml(answer.content)[key]
    assert job["name"] == "a\x1b"
    assert [item["name"] for item in job["subjobs"].values()] == ["b\0"]


def test_a_task_that_comes_while_its_job_is_written_is_not_of_that_moment(
    farm: Served, api: httpx.Client
) -> None:
    name = new(api, {"command": ["x"], "tasks": [{"name": "a"}]})
    job = farm.farm.state.jobs[read(api, job=name)[name]["id"]]
    (seen,) = live.see(farm.farm.state, farm.views, job).subjobs
    api.post(f"/jobs/{job.job_id}/blocks/0/tasks", json=[{"name": "b"}])
    frames = live.Frames(seen, farm.shelf, 0)
    assert [key for key, _ in frames.some(frames.tasks(), {})] == ["a"]
    assert list(frames_of(api, name)) == ["a", "b"]


def test_one_may_ask_for_numbers_alone_or_none(api: httpx.Client) -> None:
    name = new(api, {"frames": "1-3", "command": ["x"]})
    assert frames_of(api, name, frames="numbers") == {"1": {}, "2": {}, "3": {}}
    assert frames_of(api, name, frames="none") == {}
    assert read(api, job=name, frames="none")[name]["frames"]["total"] == 3


def test_many_frames_come_in_pieces(api: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "PIECE_MAX", 1_000)
    name = new(api, {"frames": "1-1200", "command": ["x"]})
    assert len(frames_of(api, name)) == 1_200


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"job": "none"}, (404, "no-such-job", "job")),
        ({"job": "none#1"}, (404, "no-such-job", "job")),
        ({"job": "none#99999999999999999999999"}, (404, "no-such-job", "job")),
        ({"subjob": "s"}, (400, "invalid-field", "job")),
        ({"job": "j", "frame": "s"}, (400, "invalid-field", "subjob")),
        ({"frames": "some"}, (400, "invalid-field", "frames")),
        ({"stdout": "some"}, (400, "invalid-field", "stdout")),
        ({"format": "yaml"}, (400, "invalid-field", "format")),
        ({"format": "xml", "frames": "none"}, (400, "invalid-field", "frames")),
        ({"jb": "j"}, (400, "unknown-field", "jb")),
    ],
)
def test_what_is_not_there_or_cannot_be_is_said(
    api: httpx.Client, params: Any, said: tuple[int, str, str]
) -> None:
    assert fault(api.get("/pyfarm/jobs", params=params)) == said


def test_no_subjob_of_that_name_is_said(api: httpx.Client) -> None:
    answer = api.get("/pyfarm/jobs", params={"job": new(api), "subjob": "x"})
    assert fault(answer) == (404, "no-such-block", "subjob")


def test_who_sees_only_his_own_sees_only_those(farm: Served, api: httpx.Client) -> None:
    name = new(api)
    with farm.client(farm.token("ann", Role.SUBMIT)) as ann:
        own = new(ann)
        assert list(read(ann)) == [own]
        assert fault(ann.get("/pyfarm/jobs", params={"job": name}))[:2] == (403, "forbidden")
    with farm.client("") as nobody:
        assert fault(nobody.get("/pyfarm/jobs"))[0] == 401
