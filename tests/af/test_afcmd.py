"""Objects in the place of requests; and calls that no vector has."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from grange import af
from grange.af import afcmd
from tests.af.server import RecordedAfanasy

WHO = {"user_name": "artist", "host_name": "vm"}
JOB = {
    "id": 5,
    "name": "film",
    "state": " RUN",
    "blocks": [
        {"block_num": 0, "job_id": 5, "name": "a", "p_percentage": 50, "tasks_num": 4},
        {"block_num": 1, "job_id": 5, "name": "b"},
    ],
}


def acted(server: RecordedAfanasy) -> Any:
    body = dict(server.last["action"])
    assert {name: body.pop(name) for name in WHO} == WHO
    return body


def test_jobs_are_objects(at_server: RecordedAfanasy) -> None:
    at_server.usual = {"jobs": [JOB]}
    (job,) = afcmd.getJobList()
    assert at_server.last == {"get": {**WHO, "type": "jobs"}}
    assert (job.id, job.name, job.state, job.p_percentage) == (5, "film", " RUN", 25.0)
    assert (job.max_running_tasks, job.depend_mask, job.time_done) == (-1, "", None)
    assert [(block.name, block.p_percentage) for block in job.blocks] == [("a", 50), ("b", 0)]


def test_what_python_asks_for_is_not_looked_up() -> None:
    job = afcmd.Job(5)
    assert copy.copy(job).id == 5
    assert not hasattr(job, "_private")


def test_one_job_can_be_asked_for_in_full(at_server: RecordedAfanasy) -> None:
    at_server.answers = [{"jobs": [JOB]}, {"info": {"kind": "error", "text": "Invalid ID"}}]
    job = afcmd.getJob(5, full=True)
    assert job is not None
    assert at_server.last == {"get": {**WHO, "type": "jobs", "ids": [5], "mode": "full"}}
    assert afcmd.getJob(6) is None


@pytest.mark.parametrize("what", ["start", "pause", "stop", "delete"])
def test_a_job_is_told_what_to_do(at_server: RecordedAfanasy, what: str) -> None:
    getattr(afcmd.Job(5), what)()
    assert acted(at_server) == {"type": "jobs", "ids": [5], "operation": {"type": what}}


def test_a_job_tells_its_progress(at_server: RecordedAfanasy) -> None:
    at_server.usual = {"job_progress": {"id": 5, "progress": []}}
    assert afcmd.Job(5).getProgress() == {"id": 5, "progress": []}


def test_blocks_and_tasks_are_added(at_server: RecordedAfanasy) -> None:
    block = af.Block("more")
    block.tasks.append(af.Task("t"))
    for add in (afcmd.Job(5).appendBlocks, lambda new: af.Cmd().appendBlocks(5, new)):
        add([block])
        operation = {"type": "append_blocks", "blocks": [block.data]}
        assert acted(at_server) == {"type": "jobs", "ids": [5], "operation": operation}
    assert block.data["tasks"] == [{"name": "t"}]
    afcmd.Block(JOB["blocks"][1]).appendTasks([af.Task("u")])  # type: ignore[index]  # a table
    assert acted(at_server) == {
        "type": "jobs",
        "ids": [5],
        "block_ids": [1],
        "operation": {"type": "append_tasks", "tasks": [{"name": "u"}]},
    }


@pytest.mark.parametrize("what", ["restart", "skip"])
def test_a_block_is_told_what_to_do(at_server: RecordedAfanasy, what: str) -> None:
    getattr(afcmd.Block({"job_id": 5, "block_num": 1}), what)([2])
    operation = {"type": what, "task_ids": [2]}
    expected = {"type": "jobs", "ids": [5], "block_ids": [1], "operation": operation}
    assert acted(at_server) == expected


def test_renders_are_objects(at_server: RecordedAfanasy) -> None:
    at_server.usual = {"renders": [{"id": 3, "name": "r1"}]}
    (render,) = afcmd.getRenderList("r", [3])
    assert at_server.last["get"] == {**WHO, "type": "renders", "mask": "r", "ids": [3]}
    assert (render.id, render.name) == (3, "r1")
    assert afcmd.getRenderResources() == [{"id": 3, "name": "r1"}]


@pytest.mark.parametrize(
    ("call", "body"),
    [
        ("setUserName('u')", {"params": {"user_name": "u"}}),
        ("setNimby()", {"params": {"nimby": True}}),
        ("setNIMBY()", {"params": {"NIMBY": True}}),
        ("setFree()", {"params": {"nimby": False}}),
        ("setFreeUnpause()", {"params": {"nimby": False, "paused": False}}),
        ("ejectTasks()", {"operation": {"type": "eject_tasks"}}),
        ("ejectNotMyTasks()", {"operation": {"type": "eject_tasks_keep_my"}}),
        ("exit()", {"operation": {"type": "exit"}}),
    ],
)
def test_a_render_is_told_by_its_name(
    at_server: RecordedAfanasy, call: str, body: dict[str, Any]
) -> None:
    eval(f"render.{call}", {"render": afcmd.Render(3, {"name": "r1"})})  # the words above
    assert acted(at_server) == {"type": "renders", "mask": "r1", **body}


@pytest.mark.parametrize(
    ("call", "body"),
    [
        ("setPool('/p')", {"operation": {"type": "set_pool", "name": "/p"}}),
        ("reassignPool()", {"operation": {"type": "reassign_pool"}}),
    ],
)
def test_a_render_is_moved_by_its_number(
    at_server: RecordedAfanasy, call: str, body: dict[str, Any]
) -> None:
    eval(f"render.{call}", {"render": afcmd.Render(3)})  # the words above
    assert acted(at_server) == {"type": "renders", "ids": [3], **body}


@pytest.mark.parametrize("kind", ["renders", "pools"])
@pytest.mark.parametrize("word", ["add", "remove", "enable", "disable"])
def test_services_are_named_and_masked(at_server: RecordedAfanasy, kind: str, word: str) -> None:
    node = afcmd.Render(3) if kind == "renders" else afcmd.Pool(3)
    getattr(node, f"{word}Service")("nuke")
    operation = {"type": "farm", "mode": f"service_{word}", "name": "nuke", "mask": "nuke"}
    assert acted(at_server) == {"type": kind, "ids": [3], "operation": operation}


def test_pools_are_objects_and_have_a_capacity(at_server: RecordedAfanasy) -> None:
    at_server.usual = {"pools": [{"id": 1, "name": "/"}]}
    (pool,) = afcmd.getPoolList([1])
    assert pool.name == "/"
    pool.setMaxCapacity(2000)
    assert acted(at_server)["params"] == {"capacity_host": 2000}
    pool.clearServices()
    assert acted(at_server)["operation"] == {"type": "farm", "mode": "clear_services"}


def test_a_monitor_lives_as_long_as_it_is_open(at_server: RecordedAfanasy) -> None:
    at_server.answers = [{"monitor": {"id": 4}}]
    with afcmd.Monitor() as monitor:
        assert monitor.id == 4
        monitor.subscribe(monitor.WatchType.jobs)
        watch = {"type": "watch", "class": "jobs", "status": "subscribe"}
        assert acted(at_server) == {"type": "monitors", "ids": [4], "operation": watch}
        monitor.changeUid(2)
        assert acted(at_server)["operation"] == {"type": "watch", "class": "perm", "uid": 2}
        at_server.usual = {"events": None}
        assert monitor.events() == {"events": None}
    assert monitor.id == 0
    af.Cmd().getJobList()  # by now the server has read what came before
    assert {"type": "deregister"} in [
        item["action"]["operation"] for item in at_server.seen if "action" in item
    ]


def test_a_monitor_without_a_server_has_no_number() -> None:
    with afcmd.Monitor() as monitor:
        assert monitor.id == 0


@pytest.mark.parametrize(
    ("call", "body"),
    [
        ("renderSetNIMBY()", {"params": {"NIMBY": True}}),
        ("renderSetFreeUnpause()", {"params": {"nimby": False, "paused": False}}),
        ("renderEjectTasks()", {"operation": {"type": "eject_tasks"}}),
        ("renderExit('(keeper)')", {"operation": {"type": "exit"}}),
    ],
)
def test_the_render_on_this_host_is_told(
    at_server: RecordedAfanasy, call: str, body: dict[str, Any]
) -> None:
    eval(f"cmd.{call}", {"cmd": af.Cmd()})  # the words above
    assert acted(at_server) == {"type": "renders", "mask": "vm", **body}


def test_a_job_is_stopped_as_houdinis_scheduler_stops_it(at_server: RecordedAfanasy) -> None:
    assert af.Cmd().stopJobById(5) == at_server.usual
    assert acted(at_server) == {"type": "jobs", "ids": [5], "operation": {"type": "stop"}}


def test_what_was_asked_for_is_taken_out_of_the_reply(at_server: RecordedAfanasy) -> None:
    at_server.usual = {"jobs": [JOB]}
    assert af.Cmd(*at_server.address).getJobList(ids=[5]) == [JOB]
    assert at_server.last["get"]["ids"] == [5]
    assert af.Cmd().getJobProgress(5) is None


def test_without_a_server_calls_give_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert af.Cmd().getJobList() is None
    assert af.Cmd().deleteJobById(5) is None
    assert af.Cmd().monitorRegister() is None
    assert afcmd.getJobList() == []
    assert capsys.readouterr().err.count("no Afanasy server") == 4
