"""What is shown of renders, users, branches, pools and of the installation."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from grange.core import commands as c
from grange.model.ids import WorkerId
from grange.model.run import Dial, NetworkInterface, Resources
from grange.model.states import Role
from tests.build import block, job, named
from tests.doors.afanasy.proves import proves
from tests.doors.afanasy.recorded import recorded
from tests.doors.afanasy.stand import Stand

LOAD = Resources(
    cpu_user=4,
    cpu_loadavg=(0.25, 0.6, 99.0),
    mem_total_mb=100,
    mem_free_mb=40,
    logged_in_users=("ada",),
    custom=(
        Dial(name="a", value=3, valuemax=10, label="L", tooltip="T"),
        Dial(name="b", valid=False),
    ),
)


def note_load(stand: Stand, worker_id: int) -> None:
    """A machine tells its load."""
    stand.gauges.note_resources(WorkerId(worker_id), LOAD, stand.now)


@proves("get renders", "get renders by ids", "get renders by mask")
def test_renders_are_chosen_by_ids_and_masks(stand: Stand) -> None:
    for name in ("r1", "r2", "x"):
        stand.join(name)
    shown = [item["name"] for item in stand.get("renders")["renders"]]
    assert shown == ["r1", "r2", "x"]
    assert [item["id"] for item in stand.get("renders", ids=[3, 1, 9])["renders"]] == [3, 1]
    assert [item["name"] for item in stand.get("renders", mask="r")["renders"]] == ["r1", "r2"]


def test_a_busy_render_tells_its_tasks_and_how_far_they_are(stand: Stand) -> None:
    interface = NetworkInterface(name="eth0", mac="02:fc:00:00:00:01", addresses=("::1", "no"))
    stand.join("r1", stand.traits(netifs=(interface,)), address="10.0.0.7", user="bob")
    number = stand.submit(job(block("1", name="b"), name="j"))
    (run,) = stand.started()
    stand.progress(run, percent=45)
    (shown,) = stand.get("renders")["renders"]
    begin = int(stand.now)
    assert shown["tasks"] == [
        {
            "name": "frame 1",
            "service": "generic",
            "capacity": 1000,
            "time_start": begin,
            "user_name": "artist",
            "block_name": "b",
            "job_name": "j",
            "job_id": number,
            "block_num": 0,
            "task_num": 0,
        }
    ]
    assert (shown["tasks_percents"], shown["capacity_used"]) == ([45], 1000)
    assert (shown["st"], shown["state"], shown["pool"]) == (9, " ONL RUN", "/")
    assert shown["address"] == {"family": 4, "ip": "10.0.0.7", "port": 0}
    ip = "0000:0000:0000:0000:0000:0000:0000:0001"
    assert shown["netifs"] == [
        {
            "name": "eth0",
            "mac": "02:fc:00:00:00:01",
            "addresses": [{"family": 6, "ip": ip, "port": 0}],
        }
    ]


def test_the_interfaces_of_an_older_worker_have_numbers(stand: Stand) -> None:
    stand.join("r1", stand.traits(macs=("aa", "bb")))
    (shown,) = stand.get("renders")["renders"]
    assert shown["netifs"] == [{"name": "net0", "mac": "aa"}, {"name": "net1", "mac": "bb"}]
    assert shown["address"] == {"family": 0, "ip": "", "port": 0}


@proves("get renders resources", "get renders full")
def test_the_load_of_machines_is_shown_as_the_original_does(stand: Stand) -> None:
    worker_id = stand.join("r1")
    (item,) = stand.get("renders", mode="resources")["renders"]
    assert "host_resources" not in item
    note_load(stand, worker_id)
    (item,) = stand.get("renders", ids=[worker_id], mode="resources")["renders"]
    load = item["host_resources"]
    (theirs,) = recorded("server_scen2_r_full")
    known = theirs["output"]["object"]["host_resources"].keys() | {"logged_in_users", "custom"}
    assert load.keys() == known
    assert (load["cpu_num"], load["cpu_loadavg"]) == (8, [2, 6, 255])
    assert [item["label"] for item in load["custom"]] == ["L"]
    whole = stand.get("renders", ids=[worker_id], mode="full")["object"]
    assert whole.keys() == theirs["output"]["object"].keys()
    assert whole["host_resources"] == load
    stand.do(c.LoseWorker(worker_id=worker_id))
    (item,) = stand.get("renders", mode="resources")["renders"]
    assert "host_resources" not in item


@proves("get renders log", "get renders tasks_log")
def test_a_render_tells_what_was_done_to_it_and_what_it_did(stand: Stand) -> None:
    worker_id = stand.join("r1")
    stand.set("renders", worker_id, priority=50, annotation='my "x"')
    stand.operate("renders", worker_id, "eject_tasks")
    said = stand.get("renders", ids=[worker_id], mode="log")["message"]
    assert [line.partition(": ")[2] for line in said["list"]] == [
        "afanasy: renders: r1: Registered.",
        'artist: renders: r1: EditWorker priority: 99 -> 50, annotation: "" -> "my \\"x\\""',
        'artist: renders: r1: EjectWorker {"worker_id":1,"keep_own":false}',
    ]
    number = stand.submit(job(named("t", name="b", parser="p"), name="j"))
    (run,) = stand.started()
    stand.end(run)
    told = stand.get("renders", ids=[worker_id], mode="tasks_log")["message"]
    what = "[generic(p):1000] artist: j[b][t]"
    assert [line.partition(" : ")[2] for line in told["list"]] == [
        f"Starting task: {what}",
        f"Finished task: {what}",
    ]
    stand.operate("jobs", number, "delete")
    told = stand.get("renders", ids=[worker_id], mode="tasks_log")["message"]
    assert told["list"][0].endswith("Starting task: [job 2 is deleted][0][0]")
    for mode in ("log", "tasks_log", "full"):
        said = stand.get("renders", ids=[9], mode=mode)
        assert said == {"info": {"kind": "error", "text": "Invalid ID"}}


def test_who_sees_only_his_own_is_told_of_no_other_tasks_and_no_audit(stand: Stand) -> None:
    worker_id = stand.join("r1")
    for user in ("artist", "bob"):
        stand.submit(job(block("1")), user=user)
        (run,) = stand.started()
        stand.end(run)
    stand.set("renders", worker_id, priority=50)
    seen = {"role": Role.SUBMIT}
    asked = {"type": "renders", "ids": [worker_id]}
    said = stand.ask({"get": {**asked, "mode": "tasks_log"}}, **seen)["message"]["list"]
    assert len(said) == 2
    assert all(" artist: " in line for line in said)
    said = stand.ask({"get": {**asked, "mode": "log"}}, **seen)["message"]["list"]
    assert len(said) == 1


@proves("get users by ids", "get users by mask", "get users log")
def test_users_are_shown_with_what_runs_for_them(stand: Stand) -> None:
    stand.join("r1", stand.traits())
    stand.submit(job(block("1", service="generic"), host="ws7"))
    stand.submit(job(), user="bob")
    shown = stand.get("users", ids=[2])["users"]
    assert [item["name"] for item in shown] == ["artist"]
    assert shown[0]["running_services"] == {"generic": 1}
    assert (shown[0]["running_jobs_num"], shown[0]["host_name"]) == (1, "ws7")
    assert shown[0]["running_capacity_total"] == 1000
    assert [item["id"] for item in stand.get("users", mask="b")["users"]] == [3]
    said = stand.get("users", ids=[2], mode="log")["message"]
    assert said["list"] == [said["list"][0]]
    assert said["list"][0].endswith(": afanasy: users: artist: Registered.")
    assert stand.get("users", ids=[99], mode="log")["info"]["text"] == "Invalid ID"


@proves("get branches", "get branches by ids", "get branches log")
def test_branches_count_what_is_below_them_and_come_after_their_parents(stand: Stand) -> None:
    for path in ("/b", "/b/c", "/a"):
        stand.do(c.EditBranch(path=path, changes={}))
    stand.join("r1")
    stand.submit(job(block("1-2"), branch="/b/c"))
    waiting = stand.submit(job(block("1"), branch="/b", wait_until=stand.now + 9))
    done = stand.submit(job(block("1"), branch="/b"))
    stand.operate("jobs", done, "skip", block_ids=[-1])
    shown = {item["name"]: item for item in stand.get("branches")["branches"]}
    assert list(shown) == ["/", "/a", "/b", "/b/c"]
    top, below = shown["/"], shown["/b"]
    assert (top["branches_total"], top["jobs_total"], top["jobs_running"]) == (3, 3, 1)
    assert (below["jobs_total"], below["jobs_done"], below["tasks_ready"]) == (3, 1, 2)
    assert below["jobs_ready"] == 1  # the one that waits for its time is not
    assert (below["parent"], shown["/b/c"]["parent"], top["parent"]) == ("/", "/b", "")
    assert [item["id"] for item in below["active_jobs"]] == [waiting]
    assert shown["/a"]["active_jobs"] == []
    assert shown["/b/c"]["active_users"] == [
        {"id": 2, "name": "artist", "running_tasks_num": 1, "running_capacity_total": 1000}
    ]
    assert shown["/b"]["running_tasks_num"] == 1
    (one,) = stand.get("branches", ids=[shown["/a"]["id"]])["branches"]
    assert one["name"] == "/a"
    said = stand.get("branches", ids=[shown["/a"]["id"]], mode="log")["message"]["list"]
    assert said[0].endswith(": afanasy: branches: /a: Created.")
    assert stand.get("branches", ids=[1], mode="log")["message"]["list"] == []  # always there
    assert stand.get("branches", ids=[99], mode="log")["info"]["kind"] == "error"


@proves("get pools", "get pools by ids", "get pools by mask", "get pools log")
def test_pools_count_the_renders_below_them(stand: Stand) -> None:
    stand.operate("pools", 1, "add_pool", name="p1")
    names = ("busy", "nobody", "paused", "gone", "free")
    ids = {name: stand.join(name) for name in names}
    for name in ("nobody", "paused"):
        stand.operate("renders", ids[name], "set_pool", name="/p1")
    stand.set("renders", ids["nobody"], NIMBY=True)
    stand.set("renders", ids["paused"], paused=True)
    stand.do(c.LoseWorker(worker_id=ids["gone"]))
    stand.submit(job(block("1")))
    top, below = stand.get("pools")["pools"]
    counted = {key: value for key, value in top.items() if key.startswith("renders_")}
    assert counted == {
        "renders_total": 5,
        "renders_busy": 1,
        "renders_ready": 3,
        "renders_online": 4,
        "renders_offline": 1,
        "renders_nimby": 1,
        "renders_paused": 1,
        "renders_sick": 0,
    }
    assert (top["pools_total"], top["run_tasks"], top["run_capacity"]) == (1, 1, 1000)
    assert (below["renders_total"], below["parent"], below["pools_total"]) == (2, "/", 0)
    assert [item["id"] for item in stand.get("pools", ids=[2])["pools"]] == [2]
    assert [item["id"] for item in stand.get("pools", mask="/p")["pools"]] == [2]
    said = stand.get("pools", ids=[2], mode="log")["message"]["list"]
    assert ": artist: pools: /p1: EditPool " in said[1]
    assert stand.get("pools", ids=[99], mode="log")["info"]["kind"] == "error"


@pytest.fixture
def cgru(tmp_path: Path) -> Path:
    """A small CGRU folder."""
    folder = tmp_path / "cgru"
    (folder / "afanasy").mkdir(parents=True)
    (folder / "icons").mkdir()
    for name in ("b.png", "a.png"):
        (folder / "icons" / name).touch()
    said = {"cgru_config": {"timeformat": "%a", "af_db_conninfo": "password=x"}}
    (folder / "config_default.json").write_text(json.dumps(said))
    (folder / "afanasy" / "config_default.json").write_text("{broken")
    (folder / "config.json").write_text('{"cgru_config":{"":"a comment","x":1}}')
    return folder


@proves("get config")
def test_the_settings_of_the_installation_are_told_without_its_passwords(
    stand: Stand, cgru: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert stand.get("config")["cgru_config"][0] == {"cgru_config": {}}
    stand.answering.parts = replace(stand.answering.parts, cgru=cgru)
    first, last, environment = stand.get("config")["cgru_config"]
    assert first == {"cgru_config": {"timeformat": "%a"}}
    assert last == {"cgru_config": {"": "a comment", "x": 1}}
    assert environment["cgru_environment"]["location"] == str(cgru)
    assert "cannot be read" in caplog.text


@proves("get files")
def test_files_of_the_installation_are_listed_and_none_beside_it(stand: Stand, cgru: Path) -> None:
    bad = {"info": {"kind": "error", "text": "Invalid path: 'icons'"}}
    assert stand.get("files", path="icons") == bad
    stand.answering.parts = replace(stand.answering.parts, cgru=cgru)
    said = stand.get("files", path="icons")
    assert said == {"path": "icons", "files": ["a.png", "b.png"]}
    assert stand.get("files", path="/icons")["files"] == ["a.png", "b.png"]
    assert stand.get("files", path="none")["files"] == []
    assert stand.get("files", path="icons/../..")["info"]["kind"] == "error"
    (cgru / "out").symlink_to(cgru.parent)
    assert stand.get("files", path="out")["files"] == []


@proves("announce", "reload_config", "save")
def test_the_rest_of_the_requests_say_what_they_do(
    stand: Stand, caplog: pytest.LogCaptureFixture
) -> None:
    assert stand.ask({"announce": "Hello\nall"}) == {
        "status": "success",
        "announce": "OK",
        "success": "OK",
    }
    assert r"artist announces: 'Hello\nall'" in caplog.text
    said = stand.ask({"reload_config": {}})
    assert said["success"] == "Nothing to reload: there is no CGRU folder."
    said = stand.ask({"save": {"path": "/etc/x", "object": {}}})
    assert (said["status"], said["error"]) == ("error", "Grange writes no files for its clients.")


@proves("user", "job")
def test_a_user_registers_and_a_job_is_submitted(stand: Stand) -> None:
    shown = stand.ask({"user": {"name": "newuser", "host_name": "h"}})["user"]
    assert (shown["id"], shown["name"]) == (2, "newuser")
    assert stand.ask({"user": {"name": "newuser"}})["user"]["id"] == 2
    assert stand.ask({"user": {"name": ""}})["info"]["kind"] == "error"
    said = stand.ask({"job": {"name": "j", "user_name": "newuser"}})
    assert said["id"] == 0
    assert "blocks" in said["error"]
