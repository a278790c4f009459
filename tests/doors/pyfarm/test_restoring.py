"""A queue that was saved from one farm is restored into another, over HTTP."""

from __future__ import annotations

import itertools
import json
from collections import deque
from pathlib import Path
from typing import Any

import httpx
import pytest

from grange.doors.pyfarm import imports
from grange.doors.pyfarm.json_form import from_json, to_json
from grange.doors.pyfarm.xml_in import from_xml
from grange.doors.pyfarm.xml_out import to_xml
from grange.model.run import RunResult, RunSpec
from grange.model.states import Role, RunStatus
from grange.store.files import LogNotKept
from grange.wire import worker as wire
from tests.doors.native.asking import FakeWorker, fault, linked, submit
from tests.doors.native.served import Served, served
from tests.doors.pyfarm.vectors import VECTORS, seed

PLACE = "/pyfarm/jobs"
NUMBER = itertools.count(1)


def a_seed(**fields: Any) -> dict[str, Any]:
    """The seed's example under a name of its own."""
    return {f"Job{next(NUMBER)}": seed()["Job1"] | fields}


def take(api: httpx.Client, jobs: Any, **params: Any) -> Any:
    answer = api.post(PLACE, content=to_json(jobs), params=params)
    assert answer.status_code == 201, answer.text
    return answer.json()


def read(api: httpx.Client, name: str = "") -> Any:
    return from_json(api.get(PLACE, params={"job": name, "stdout": "full"}).content)


def taken(api: httpx.Client, jobs: dict[str, Any]) -> Any:
    """Take one job. As it is then."""
    (name,) = jobs
    take(api, jobs)
    return read(api, name)[name]


def plain(frame: dict[str, Any]) -> dict[str, Any]:
    return {name: frame[name] for name in ("status", "host", "pid", "command", "stdout")}


def test_the_seed_is_restored_and_what_rendered_is_to_be_rendered_again(
    farm: Served, api: httpx.Client
) -> None:
    jobs = a_seed()
    (name,) = jobs
    (made,) = take(api, jobs)["jobs"]
    assert made["key"] == name
    frames = read(api, name)[name]["subjobs"]["sub1"]["frames"]
    expected = seed()["Job1"]["subjobs"]["sub1"]["frames"]
    expected[2]["status"] = "Waiting"
    assert {key: plain(frame) for key, frame in frames.items()} == expected
    assert frames[2]["result"]["status"] == "lost"


def test_a_restored_run_is_seen_like_any_other(api: httpx.Client) -> None:
    (made,) = take(api, a_seed())["jobs"]
    place = f"/jobs/{made['job_id']}/blocks/0/tasks/2"
    assert api.get(f"{place}/log").text == "This is the first line in the log\nThis is the second"
    task = api.get(place).json()
    (run,) = task["runs"]
    assert (run["worker"], run["result"]["status"], run["result"]["pid"]) == (
        "render03",
        "done",
        10_124,
    )
    assert "given to render03" in str(api.get(f"{place}/story").json())


class Renderer:
    """A worker whose runs end one by one; what it is given meanwhile is not forgotten."""

    def __init__(self, worker: FakeWorker) -> None:
        self._worker = worker
        self._given: deque[RunSpec] = deque()

    def next(self) -> RunSpec:
        while not self._given:
            self._until(wire.Start)
        return self._given.popleft()

    def _until(self, kind: type[Any]) -> None:
        found = None
        while not isinstance(found, kind):
            found = self._worker.receive()
            if isinstance(found, wire.Start):
                self._given.append(found.run)

    def end(self, status: RunStatus, text: bytes) -> None:
        """Let the next run write something and end."""
        run_id = self.next().run_id
        if text:
            self._worker.send(wire.Log(run_id=run_id, offset=0, data=text))
            self._until(wire.LogAck)
        exit_code = int(status is not RunStatus.DONE)
        result = RunResult(status=status, exit_code=exit_code, duration_s=2.5, pid=77)
        self._worker.send(wire.Ended(run_id=run_id, result=result))
        self._until(wire.EndedAck)


BEAUTY: dict[str, Any] = {
    "name": "beauty",
    "frames": "1-4",
    "command": ["render", "-f", "@#@"],
    "errors_retries": 0,
    "max_running_tasks": 1,
    "files": ["/out/a.@#@.exr"],
    "tickets": {"mr": 1},
}
COMP: dict[str, Any] = {
    "name": "comp",
    "depend_mask": "beauty",
    "command": "nuke -x",
    "tasks": [{"name": "left", "command": "l"}, {"name": "left", "command": "r\nr"}],
}


@pytest.mark.parametrize("form", ["xml", "json"])
def test_a_queue_goes_from_farm_to_farm(tmp_path: Path, form: str) -> None:
    with served(tmp_path / "one") as one, one.client() as api:
        before = submit(api, BEAUTY, COMP, name="shot ü", priority=120, command_pre=["mkdir"])
        after = submit(api, name="after", depend_jobs=[int(before.rpartition("/")[2])])
        assert after
        with linked(one, "render01") as worker:
            renderer = Renderer(worker)
            renderer.end(RunStatus.DONE, b"made the folder")
            renderer.end(RunStatus.DONE, b"\x1b[31mred\x1b[0m \xff \r\n")
            renderer.end(RunStatus.FAILED, b"no licence")
            renderer.end(RunStatus.DONE, b"")
        api.post(f"{before}/tasks", json={"op": "skip", "block": 0, "tasks": "3"})
        saved = api.get(PLACE, params={"format": form, "stdout": "full"}).content
        queue = from_json(api.get(PLACE, params={"stdout": "full"}).content)
    with served(tmp_path / "two") as two, two.client() as api:
        submit(api, name="here before")
        answer = api.post(PLACE, content=saved)
        assert answer.status_code == 201, answer.text
        assert answer.json()["notes"] == []
        found = read(api)
        assert found["after"]["depend_jobs"] == [found["shot ü"]["id"]]
        number = found["shot ü"]["id"]
        story = api.get(f"/jobs/{number}/blocks/0/tasks/1/story").json()["lines"]
        assert "failed after 0.0 s" in str(story) or "failed" in str(story)
        with linked(two, "render01") as worker:
            said = worker.until(wire.Start).run
            assert (said.job_name, said.block_name) in [
                ("shot ü", "comp"),
                ("here before", "block"),
            ]
        for jobs in (found, queue):
            for job in jobs.values():
                job.pop("id")
                job.pop("depend_jobs", None)
        assert found["shot ü"] == queue["shot ü"]


def test_only_what_is_left_runs(tmp_path: Path) -> None:
    with served(tmp_path) as farm, farm.client() as api:
        take(api, seed())
        with linked(farm, "node") as worker:
            run = worker.until(wire.Start).run
            assert (run.task, run.command) == (1, "render -r mr -v 5 -s 2 -e 2 scene.mb")
            worker.end(run.run_id)
        job = read(api)["Job1"]
        assert (job["status"], job["frames"]["complete"]) == ("Failed", 2)


def test_the_form_of_2009_is_restored(api: httpx.Client) -> None:
    name = f"Job{next(NUMBER)}"
    text = VECTORS["pyfarm_2009_xml_of_seed"].replace('name="Job1"', f'name="{name}"')
    answer = api.post(PLACE, content=text, headers={"Content-Type": "application/xml"}).json()
    frames = read(api, name)[name]["subjobs"]["sub1"]["frames"]
    assert {key: frame["status"] for key, frame in frames.items()} == {
        1: "Failed",
        2: "Waiting",
        3: "Complete",
    }
    assert f"jobs['{name}']: there is no place for 'software' of 3 frames" in answer["notes"]


def test_the_same_again_under_the_same_key_makes_no_job_twice(
    farm: Served, api: httpx.Client
) -> None:
    jobs = a_seed() | a_seed()
    shown = {"Idempotency-Key": f"k{next(NUMBER)}"}
    first = api.post(PLACE, content=to_json(jobs), headers=shown).json()
    number = first["jobs"][0]["job_id"]
    farm.shelf.drop_job(number)  # as if the server had died before it had kept the logs
    again = api.post(PLACE, content=to_json(jobs), headers=shown).json()
    assert [job["again"] for job in again["jobs"]] == [True, True]
    assert [job["job_id"] for job in again["jobs"]] == [job["job_id"] for job in first["jobs"]]
    assert api.get(f"/jobs/{number}/blocks/0/tasks/0/log").text.startswith("This is the first")


def test_a_job_of_that_name_is_refused_left_out_or_added(api: httpx.Client) -> None:
    jobs = a_seed()
    (name,) = jobs
    take(api, jobs)
    answer = api.post(PLACE, content=to_json(jobs))
    assert fault(answer) == (409, "conflict", "existing")
    skipped = take(api, jobs, existing="skip")
    assert skipped == {"jobs": [], "notes": [f"there is a job {name!r} already: left out"]}
    (made,) = take(api, jobs, existing="add")["jobs"]
    assert read(api)[f"{name}#{made['job_id']}"]["name"] == name


def test_jobs_become_whose_they_were_or_somebody_elses(farm: Served, api: httpx.Client) -> None:
    first, second = a_seed(user="ada"), a_seed(user="ada")
    assert taken(api, first)["user"] == "ada"
    take(api, second, user="eve")
    assert read(api, next(iter(second)))[next(iter(second))]["user"] == "eve"
    with farm.client(farm.token("ann", Role.ARTIST)) as ann:
        assert fault(ann.post(PLACE, content=to_json(a_seed(user="ada"))))[:2] == (
            403,
            "forbidden",
        )
        (made,) = take(ann, a_seed(user="ada"), user="ann")["jobs"]
        assert ann.get(f"/jobs/{made['job_id']}").json()["job"]["user"] == "ann"


def test_who_may_only_submit_may_make_a_job_that_waits(farm: Served) -> None:
    frames = {"1": {"command": "true"}}
    waits = {f"New{next(NUMBER)}": {"subjobs": {"s": {"frames": frames}}}}
    with farm.client(farm.token("bob", Role.SUBMIT)) as bob:
        assert len(take(bob, waits)["jobs"]) == 1
        assert fault(bob.post(PLACE, content=to_json(a_seed())))[:2] == (403, "forbidden")


def test_what_is_not_as_it_says_is_told(api: httpx.Client) -> None:
    jobs = a_seed(owner="x", depend_jobs=[77_777])
    (name,) = jobs
    jobs[name]["frames"]["complete"] = 9
    jobs[name]["subjobs"]["empty"] = {"frames": {}}
    jobs[name]["subjobs"]["sub1"]["frames"][1]["stdout_bytes"] = 10**9
    jobs[name]["subjobs"]["lost"] = {"pre_for": 0, "frames": {"pre": {"command": "x"}}}
    jobs[f"{name}b"] = {"subjobs": {}}
    at = f"jobs[{name!r}]"
    assert take(api, jobs)["notes"] == [
        f"'{name}b' has no frames: left out",
        f"{name!r} waited for jobs that are not here: 77777",
        f"{at}['subjobs']['empty'] has no frames: left out",
        f"{at} says complete 9, its frames say 1",
        f"{at} says total 3, its frames say 4",
        f"{at}['subjobs']['lost'] is of a pre command that the job has not: left out",
        f"{at}: there is no place for 'owner' of 1 job",
        f"{at}: of the logs of 1 frames only the end was there",
    ]


def test_very_many_notes_are_cut(api: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "NOTES_MAX", 2)
    notes = take(api, {f"x{n}": {"subjobs": {}} for n in range(5)})["notes"]
    assert notes == ["'x0' has no frames: left out", "'x1' has no frames: left out", "and 3 more"]


def changed(jobs: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """Change the first frame."""
    frames = jobs[next(iter(jobs))]["subjobs"]["sub1"]["frames"]
    frames[1] = {name: value for name, value in (frames[1] | fields).items() if value is not ...}
    return jobs


@pytest.mark.parametrize(
    ("jobs", "why"),
    [
        (changed(a_seed(), status="Odd"), "['status'] is 'Odd'; it is one of Waiting"),
        (changed(a_seed(), status=3), "['status'] is 3"),
        (changed(a_seed(), state="done"), "['state'] is 'done'"),
        (changed(a_seed(), command=None), "a frame needs a command"),
        (changed(a_seed(), command=""), "a frame needs a command"),
        (changed(a_seed(), command=["a"]), "a frame needs a command"),
        (changed(a_seed(), host="h" * 256), "at most 255 characters"),
        (changed(a_seed(), host=5), "['host'] is to be a name"),
        (changed(a_seed(), pid=-1), "['pid'] is -1"),
        (changed(a_seed(), pid="x"), "['pid'] is 'x'"),
        (changed(a_seed(), pid=True), "['pid'] is True"),
        (changed(a_seed(), stdout=5), "['stdout'] is to be text"),
        (changed(a_seed(), start="x"), "['start'] is 'x'"),
        (changed(a_seed(), end=-1), "['end'] is -1"),
        (changed(a_seed(), end=1e300), "['end'] is 1e+300"),
        (changed(a_seed(), attempt="x"), "['attempt'] is 'x'"),
        (changed(a_seed(), result=5), "['result']"),
        (changed(a_seed(), result={"status": "odd"}), "['result']"),
        (changed(a_seed(), task=5), "['task']"),
        (changed(a_seed(), task={"name": "a", "command": "b"}), "is not what its subjob and"),
        (a_seed(priority=256), "Expected `int` <= 255 - at `$.priority`"),
        (a_seed(name=""), "Expected `str` of length >= 1"),
        (a_seed(subjobs={"s": {"service": 5, "frames": {1: {}}}}), "['command']"),
        (
            a_seed(subjobs={"s": {"service": 5, "frames": {1: {"command": "x"}}}}),
            "['s']: Expected `str`",
        ),
        (
            a_seed(subjobs={"s": {"range": "1-2", "command": "x", "frames": {1: {}}}}),
            "its frames are not those of its range '1-2'",
        ),
        (
            a_seed(subjobs={"s": {"range": "1", "command": "x", "frames": {2: {}}}}),
            "its frames are not those of its range '1'",
        ),
        (
            a_seed(subjobs={"s": {"range": "2-1", "command": "x", "frames": {2: {}}}}),
            "['range']: last frame 1 before first frame 2",
        ),
        (
            a_seed(
                subjobs={
                    "s": {"range": "1", "command": "x @#@", "frames": {1: {"command": "x 2"}}}
                }
            ),
            "['command'] is not what its subjob and",
        ),
        (a_seed(subjobs={"s": {"pre_for": "x", "frames": {1: {}}}}), "['pre_for'] is 'x'"),
        ([], "jobs is to be a dictionary"),
    ],
)
def test_what_cannot_be_is_refused_where_it_is(api: httpx.Client, jobs: Any, why: str) -> None:
    before = api.get("/jobs").json()
    answer = api.post(PLACE, content=json.dumps(jobs))
    assert fault(answer) == (400, "bad-dictionary", "")
    assert why in answer.json()["error"]["message"]
    assert api.get("/jobs").json() == before


def test_a_job_that_the_farm_refuses_leaves_none_of_them(api: httpx.Client) -> None:
    before = api.get("/jobs").json()
    jobs = a_seed() | a_seed(hosts_mask="(", hosts_mask_type="regex")
    answer = api.post(PLACE, content=to_json(jobs))
    assert fault(answer) == (400, "invalid-field", "hosts_mask")
    assert api.get("/jobs").json() == before


@pytest.mark.parametrize("body", [b"", b"<jobs", b"{", b"<!DOCTYPE jobs []><jobs/>", b"\xff\xfe"])
def test_a_body_that_is_no_dictionary_is_refused(api: httpx.Client, body: bytes) -> None:
    assert fault(api.post(PLACE, content=body)) == (400, "bad-dictionary", "")


def test_a_body_that_is_too_long_is_refused(api: httpx.Client) -> None:
    answer = api.post(PLACE, content=b"<jobs>" + b" " * 200_000)
    assert fault(answer) == (413, "body-too-large", "")


def test_jobs_are_made_after_those_that_they_wait_for(api: httpx.Client) -> None:
    first, second = a_seed(id=5), a_seed(id=4, depend_jobs=[5])
    take(api, second | first)
    found = read(api)
    (one,), (two,) = first, second
    assert found[two]["depend_jobs"] == [found[one]["id"]]


def test_jobs_that_wait_in_a_circle_are_still_taken(api: httpx.Client) -> None:
    jobs = a_seed(id=1, depend_jobs=[2]) | a_seed(id=2, depend_jobs=[1])
    assert len(take(api, jobs)["jobs"]) == 2


def logs(jobs: dict[str, Any], text: str, sub: str = "sub1", key: int = 1) -> dict[str, Any]:
    (name,) = jobs
    return {name: {"subjobs": {sub: {"frames": {str(key): {"stdout": text}}}}}}


def test_logs_may_come_by_themselves_once(farm: Served, api: httpx.Client) -> None:
    jobs = changed(a_seed(), stdout=None, attempt=1, stdout_bytes=6)
    (made,) = take(api, jobs)["jobs"]
    number = made["job_id"]
    log = f"/jobs/{number}/blocks/0/tasks/0/log"
    assert api.get(log).text == ""

    def add(**what: Any) -> Any:
        more = logs(jobs, what.pop("text", "abcdef"), **what)
        return api.post("/pyfarm/logs", params={"job": number}, json=more).json()

    assert add() == {"kept": 1, "left_out": 0}
    assert add() == {"kept": 1, "left_out": 0}
    assert api.get(log).text == "abcdef"
    for what in ({"text": "other!!"}, {"text": "abc"}, {"sub": "x"}, {"key": 9}):
        assert add(**what) == {"kept": 0, "left_out": 1}
    assert api.get(log).text == "abcdef"
    (run,) = api.get(log.removesuffix("/log")).json()["runs"]
    assert run["result"]["log_bytes"] == 6
    with farm.client(farm.token("cid", Role.ARTIST)) as cid:
        answer = cid.post("/pyfarm/logs", params={"job": number}, json={})
        assert fault(answer)[:2] == (403, "forbidden")


def test_nobody_writes_into_the_log_of_a_run_of_this_farm(tmp_path: Path) -> None:
    with served(tmp_path) as farm, farm.client() as api:
        path = submit(api, {"frames": "1", "command": ["x"]}, name="J")
        with linked(farm) as worker:
            worker.end(worker.until(wire.Start).run.run_id)
        number = int(path.rpartition("/")[2])
        more = logs({"J": 0}, "lie", sub="block")
        answer = api.post("/pyfarm/logs", params={"job": number}, json=more)
        assert answer.json() == {"kept": 0, "left_out": 1}


def test_a_disk_without_room_for_logs_is_told(
    farm: Served, api: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise LogNotKept("log of run 1: No space left on device")

    monkeypatch.setattr(farm.shelf, "append", full)
    jobs = a_seed()
    answer = take(api, jobs)
    number = answer["jobs"][0]["job_id"]
    assert answer["notes"] == [
        f"not all logs of job {number} are kept: log of run 1: No space left on device"
    ]
    more = logs(jobs, "abcdef")
    refused = api.post("/pyfarm/logs", params={"job": number}, json=more)
    assert fault(refused) == (409, "conflict", "")


def test_what_stands_for_bytes_becomes_those_and_other_halves_are_kept(
    farm: Served, api: httpx.Client
) -> None:
    for text, data in (("a\udcff", b"a\xff"), ("a\ud800", b"a\xed\xa0\x80")):
        (made,) = take(api, changed(a_seed(), stdout=text))["jobs"]
        assert api.get(f"/jobs/{made['job_id']}/blocks/0/tasks/0/log").content == data


def test_subjobs_of_one_name_have_keys_of_their_own(api: httpx.Client) -> None:
    name = f"Job{next(NUMBER)}"
    one = {"frames": "1", "command": ["x"]}
    submit(api, one | {"name": "a#2"}, one | {"name": "a"}, one | {"name": "a"}, name=name)
    assert list(read(api, name)[name]["subjobs"]) == ["a#2", "a", "a#2#2"]


def test_xml_and_json_give_the_same_farm(tmp_path: Path) -> None:
    found = []
    for form in (to_json, to_xml):
        with served(tmp_path / form.__name__) as farm, farm.client() as api:
            assert api.post(PLACE, content=form(seed()).encode()).status_code == 201
            job = from_xml(api.get(PLACE, params={"format": "xml"}).content)["Job1"]
            frames = job["subjobs"]["sub1"]["frames"]
            found.append({key: plain(frame) for key, frame in frames.items()})
    assert found[0] == found[1]
