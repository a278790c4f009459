"""What is shown of jobs, by filter and mode."""

from __future__ import annotations

import pytest

from grange.doors.afanasy.gets import jobs as gets_jobs
from grange.doors.afanasy.gets import tasks as gets_tasks
from grange.model.states import Role, RunStatus
from tests.build import block, counted, job, named
from tests.doors.afanasy.proves import proves
from tests.doors.afanasy.stand import Stand
from tests.jpegs import a_jpeg

RENDER = dict.fromkeys(("info", "log", "output", "error_hosts", "files"))


def names(found: dict[str, list[dict[str, str]]]) -> list[str]:
    """Names of the jobs that are shown."""
    return [item["name"] for item in found["jobs"]]


@proves(
    "get jobs",
    "get jobs by ids",
    "get jobs by mask",
    "get jobs by uids",
    "get jobs by users",
    "get jobs by serials",
)
def test_jobs_are_chosen_by_ids_masks_users_and_serials(stand: Stand) -> None:
    first, second = stand.submit(job(name="ab")), stand.submit(job(name="abc"), user="bob")
    third = stand.submit(job(name="x"))
    assert names(stand.get("jobs")) == ["ab", "abc", "x"]
    assert names(stand.get("jobs", ids=[third, first, 99])) == ["x", "ab"]
    assert stand.get("jobs", ids=[99]) == {"info": {"kind": "error", "text": "Invalid ID"}}
    assert stand.get("jobs", ids=[1, 0]) == {"jobs": []}
    assert names(stand.get("jobs", mask="ab")) == ["ab", "abc"]
    assert names(stand.get("jobs", mask="abc|x;y")) == ["abc", "x"]
    assert names(stand.get("jobs", mask=".*")) == []
    assert names(stand.get("jobs", uids=[2])) == ["ab", "x"]
    assert names(stand.get("jobs", uids=[-1])) == []
    assert names(stand.get("jobs", users=["bob", "nobody"])) == ["abc"]
    serial = stand.get("jobs", ids=[second])["jobs"][0]["serial"]
    assert names(stand.get("jobs", serials=[serial, 77])) == ["abc"]


def test_who_sees_only_his_own_is_shown_no_other_jobs(stand: Stand) -> None:
    mine, foreign = stand.submit(job(name="mine")), stand.submit(job(name="foreign"), user="bob")
    seen = {"role": Role.SUBMIT}
    assert names(stand.ask({"get": {"type": "jobs"}}, **seen)) == ["mine"]
    for number in (mine, foreign):
        for mode in ("progress", "log", "full"):
            said = stand.ask({"get": {"type": "jobs", "ids": [number], "mode": mode}}, **seen)
            assert ("info" in said) is (number == foreign), mode
    asked = {"type": "jobs", "ids": [foreign], "block_ids": [0], "task_ids": [0]}
    for mode in RENDER:
        said = stand.ask({"get": {**asked, "mode": mode}}, **seen)
        assert said["info"]["kind"] == "error", mode


@proves("get jobs full", "get jobs blocks")
def test_blocks_are_shown_at_the_level_that_is_asked_for(stand: Stand) -> None:
    number = stand.submit(job(block("1,4,7-9"), named("a", "b"), command_post="post"))
    (whole,) = stand.get("jobs", ids=[number], mode="full")["jobs"]
    frames, by_name = whole["blocks"]
    assert frames["flags"] == 0  # clients could not count these frames
    assert [task["name"] for task in frames["tasks"]] == [f"frame {n}" for n in (1, 4, 7, 8, 9)]
    assert by_name["tasks"] == [{"name": n, "command": f"do {n}"} for n in "ab"]
    assert whole["command_post"] == "post"
    for levels in (["progress", "full"], [48, 50]):
        asked = {"ids": [number], "block_ids": [1, 0], "mode": levels}
        low, high = stand.get("jobs", **asked)["blocks"]
        assert (low["block_num"], high["block_num"]) == (1, 0)
        assert "command" not in low
        assert "tasks" in high


def test_levels_that_do_not_fit_the_blocks_give_the_list(stand: Stand) -> None:
    number = stand.submit(job())
    for blocks, levels in (([0], ["progress", "full"]), ([9], ["full"]), ([0], ["x"]), ([], [])):
        said = stand.get("jobs", ids=[number], block_ids=blocks, mode=levels)
        assert names(said) == ["job"]


def test_progress_tells_of_ended_and_running_tasks(stand: Stand) -> None:
    stand.join()
    number = stand.submit(job(block("1-3", errors_retries=0)))
    (run,) = stand.started()
    stand.progress(run, percent=50, frame=2, frame_percent=7, activity="act")
    (told,) = stand.get("jobs", ids=[number], mode="progress")["job_progress"]["progress"]
    begin = int(stand.now)
    assert told[0] == {
        "state": " RUN",
        "st": 2,
        "per": 50,
        "frm": 2,
        "pfr": 7,
        "str": 1,
        "tst": begin,
        "tdn": begin,
        "hst": "r1",
        "act": "act",
    }
    stand.end(run, RunStatus.FAILED, after=5, resources="mem_peak_mb:7")
    (told,) = stand.get("jobs", ids=[number], mode="progress")["job_progress"]["progress"]
    assert told[0] == {
        "state": " ERR",
        "st": 32,
        "str": 1,
        "err": 1,
        "tst": begin,
        "tdn": begin + 5,
        "hst": "r1",
        "res": "mem_peak_mb:7",
    }
    assert told[2] == {"state": " RDY", "st": 1}


def test_progress_of_many_tasks_is_told_in_turns_or_refused(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = stand.submit(job(block("1-2500")))
    (told,) = stand.get("jobs", ids=[number], mode="progress")["job_progress"]["progress"]
    assert len(told) == 2_500
    monkeypatch.setattr(gets_tasks, "PROGRESS_MAX", 2_499)
    said = stand.get("jobs", ids=[number], mode="progress")
    assert said["info"]["kind"] == "error"


@proves("get jobs error_hosts", "get jobs log")
def test_a_job_tells_its_error_hosts_and_its_story(stand: Stand) -> None:
    stand.join()
    number = stand.submit(job(block("1", name="b", errors_retries=0), name="j"))
    (run,) = stand.started()
    stand.end(run, RunStatus.FAILED)
    said = stand.get("jobs", ids=[number], mode="error_hosts")["message"]
    assert (said["name"], said["type"]) == ("j", "error_hosts")
    assert [line.partition(" at ")[0] for line in said["list"]] == [
        "Block['b'] error hosts:",
        "r1: 1",
        "Task[0] error hosts: ",
        "r1: 1",
    ]
    said = stand.get("jobs", ids=[number], mode="log")["message"]
    assert said["type"] == "log"
    assert said["list"][0].endswith(": afanasy: jobs: j: submitted by artist")


@proves("get jobs task info", "get jobs task log", "get jobs task error_hosts")
def test_a_task_tells_what_it_runs_and_what_happened_to_it(stand: Stand) -> None:
    stand.join()
    tasks = named("a", "b", parser="p", working_directory="/w", environment={"A": "1"})
    number = stand.submit(job(tasks, name="j"))
    (run,) = stand.started()
    asked = {"ids": [number], "block_ids": [0], "task_ids": [0]}
    info = stand.get("jobs", mode="info", **asked)["task"]
    assert (info["type"], info["pos"]) == (
        "TExec",
        {"job": number, "block": 0, "task": 0, "number": 0},
    )
    assert info["exec"]["command_task"] == "do a"
    assert info["exec"]["environment"] == {"A": "1"}
    assert info["exec"]["user_name"] == "artist"
    stand.end(run, RunStatus.FAILED)
    story = stand.get("jobs", mode="log", **asked)["task"]["data"].splitlines()
    assert any("given to r1" in line for line in story)
    hosts = stand.get("jobs", mode="error_hosts", **asked)["task"]
    assert hosts["data"].startswith("r1: 1 at ")
    assert hosts["type"] == "TErrorHosts"


@proves("get jobs task info")
def test_a_task_that_is_over_tells_the_files_that_it_wrote(stand: Stand) -> None:
    stand.join()
    number = stand.submit(job(block("1")))
    (run,) = stand.started()
    asked = {"ids": [number], "block_ids": [0], "task_ids": [0], "mode": "info"}
    assert "parsed_files" not in stand.get("jobs", **asked)["task"]["exec"]
    stand.end(run, files=("/w/a.0001.exr",))
    assert stand.get("jobs", **asked)["task"]["exec"]["parsed_files"] == ["/w/a.0001.exr"]


@proves("get jobs task output")
def test_the_output_of_a_task_is_there_at_once_and_by_its_starts(stand: Stand) -> None:
    stand.join()
    number = stand.submit(job(block("1")))
    (first,) = stand.started()
    asked = {"ids": [number], "block_ids": [0], "task_ids": [0], "mode": "output"}
    stand.write(first, "so far\n")
    said = stand.get("jobs", **asked, number=0, mon_id=1)["task"]
    assert (said["data"], said["render_id"]) == ("so far\n", 1)
    stand.end(first, RunStatus.FAILED)
    (second,) = stand.started()
    stand.write(second, "again\n")
    for start, text in ((0, "again\n"), (1, "so far\n"), (2, "again\n")):
        said = stand.get("jobs", **asked, number=start)["task"]
        assert (said["data"], said["pos"]["number"]) == (text, start)
    said = stand.get("jobs", **asked, number=3)["task"]
    assert said["data"] == "ERROR: start 3 is not known: there were 2"


def test_a_long_output_is_without_its_middle(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gets_tasks, "OUTPUT_MAX", 10)
    stand.join()
    number = stand.submit(job(block("1")))
    (run,) = stand.started()
    stand.write(run, "0123456789abc")
    asked = {"ids": [number], "block_ids": [0], "task_ids": [0], "mode": "output"}
    text = "01234\n[grange: 3 bytes are left out here]\n89abc"
    assert stand.get("jobs", **asked)["task"]["data"] == text


def test_a_task_that_never_ran_or_is_not_there_says_so(stand: Stand) -> None:
    number = stand.submit(job(block("1")))
    asked = {"ids": [number], "block_ids": [0], "mode": "output"}
    assert stand.get("jobs", **asked, task_ids=[0])["task"]["data"] == gets_tasks.NEVER_RAN
    bad = stand.get("jobs", **asked, task_ids=[7])["task"]
    assert bad["data"] == "ERROR: Invalid block and task numbers"
    for mode in ("info", "log", "files"):
        said = stand.get("jobs", ids=[number], block_ids=[3], task_ids=[0], mode=mode)
        assert said == {"info": {"kind": "error", "text": "Invalid block/task number."}}
    said = stand.get("jobs", ids=[77], block_ids=[0], task_ids=[0], mode="info")
    assert said == {"info": {"kind": "error", "text": "Invalid ID"}}


@proves("get jobs task files", "get jobs thumbnail")
def test_thumbnails_are_named_with_their_task_and_with_their_job(stand: Stand) -> None:
    stand.join()
    number = stand.submit(job(block("1")))
    (run,) = stand.started()
    for name in ("/mnt/img.0001.exr", "/mnt/img.0002.exr"):
        stand.album.keep(run[1].job_id, run[1].run_id, name, a_jpeg())
    found = stand.get("jobs", ids=[number], block_ids=[0], task_ids=[0], mode="files")
    files = [item["name"] for item in found["task_files"]["files"]]
    assert [name.rpartition("/")[2] for name in files] == ["img.0001.exr.jpg", "img.0002.exr.jpg"]
    (shown,) = stand.get("jobs", ids=[number])["jobs"]
    assert shown["thumb_path"] == files[-1]
    assert stand.get("jobs", ids=[number], mode="thumbnail") == {"jobs": [shown]}


def test_a_list_costs_nothing_for_each_task(stand: Stand) -> None:
    def cost(frames: str) -> int:
        number = stand.submit(job(block(frames)))
        stand.get("jobs", ids=[number])
        with counted() as calls:
            stand.get("jobs", ids=[number])
        return sum(n for name, n in calls.items() if name not in ("select", "run_once"))

    assert cost("1-100000") <= cost("1-10") + 30


def test_a_get_that_means_nothing_is_refused(stand: Stand) -> None:
    error = {"kind": "error", "text": "Invalid get type = 'x'"}
    assert stand.get("x") == {"info": error}
    assert stand.ask({"nothing": 1}) == {"info": {"kind": "error", "text": "Invalid action."}}
    said = stand.ask({"get": {"type": "jobs", "ids": ["a"]}})["info"]["text"]
    assert said == "get.ids[0]: expected `int`, got `str`"
    assert stand.ask({"get": 7})["info"]["text"] == "get: expected `object`, got `int`"


def test_a_long_list_is_whole_and_without_thumbnails(stand: Stand) -> None:
    stand.join()
    first = stand.submit(job(block("1")))
    (run,) = stand.started()
    stand.album.keep(run[1].job_id, run[1].run_id, "a.png", a_jpeg())
    for place in range(210):
        stand.submit(job(block("1"), paused=True, name=str(place)))
    shown = stand.get("jobs")["jobs"]
    assert len(shown) == 211
    assert "thumb_path" not in shown[0]
    assert "thumb_path" in stand.get("jobs", ids=[first])["jobs"][0]


def test_more_named_tasks_than_a_client_takes_are_not_shown_at_once(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gets_jobs, "TASKS_MAX", 2)
    stand.submit(job(block("1-100"), named("a", "b")))
    assert names(stand.get("jobs", mode="full")) == ["job"]
    stand.submit(job(named("c")))
    said = stand.get("jobs", mode="full")
    text = "3 named tasks: more than 2 are not shown at once"
    assert said == {"info": {"kind": "error", "text": text}}
