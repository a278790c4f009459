"""Operations and parameters of renders and pools."""

from __future__ import annotations

import pytest

from grange.core import commands as c
from grange.core.effects import Launch, TellWorker, WakeMachine
from grange.model.ids import WorkerId
from grange.model.states import Nimby, Presence, RunStatus
from tests.build import block, job
from tests.doors.afanasy.proves import proves
from tests.doors.afanasy.stand import Stand

OK = ("log", "Action processed.")


@proves("action renders params")
def test_a_render_is_edited(stand: Stand) -> None:
    worker_id = stand.join()
    params = {
        "priority": 50,
        "annotation": "hi",
        "capacity_host": 2000,
        "max_tasks_host": 2,
        "power_host": 5,
        "properties_host": "gpu ssd",
        "user_name": "bob",
        "paused": True,
    }
    assert stand.set("renders", worker_id, **params) == OK
    (shown,) = stand.get("renders")["renders"]
    assert {key: shown[key] for key in params if key != "paused"} == {
        key: value for key, value in params.items() if key != "paused"
    }
    assert shown["state"] == " ONL DRT PAU"
    assert stand.set("renders", worker_id, **params) == ("log", "render 'r1' is so already")


NIMBY = [
    ({"nimby": True}, Nimby.OWNER, " ONL NbY"),
    ({"NIMBY": True}, Nimby.NOBODY, " ONL NBY"),
    ({"nimby": False}, Nimby.FREE, " ONL"),
    ({"NIMBY": False}, Nimby.FREE, " ONL"),
]


@pytest.mark.parametrize(("params", "nimby", "state"), NIMBY, ids=range(len(NIMBY)))
def test_nimby_is_set_and_taken_away(
    stand: Stand, params: dict[str, bool], nimby: Nimby, state: str
) -> None:
    other = "NIMBY" if nimby is Nimby.OWNER else "nimby"
    worker_id = stand.join()
    stand.set("renders", worker_id, **{other: True})
    assert stand.set("renders", worker_id, **params) == OK
    assert stand.worker(worker_id).spec.nimby is nimby
    assert stand.get("renders")["renders"][0]["state"] == state


def test_a_parameter_that_means_nothing_is_named_and_the_others_are_set(stand: Stand) -> None:
    worker_id = stand.join()
    said = stand.set("renders", worker_id, colour="red", max_capacity_per_host=7)
    assert said == ("log", "Changed; not known here: 'colour'")
    assert stand.worker(worker_id).spec.capacity_host == 7
    said = stand.set("renders", worker_id, colour="red")
    text = "render 'r1': nothing to change; not known here: 'colour'"
    assert said == ("error", text)


def test_parameters_and_operation_of_a_render_are_both_done(stand: Stand) -> None:
    worker_id = stand.join()
    number = stand.submit(job())
    asked = {"operation": {"type": "eject_tasks"}, "params": {"NIMBY": True}}
    assert stand.act("renders", "r1", **asked) == OK
    assert stand.worker(worker_id).spec.nimby is Nimby.NOBODY
    assert stand.job(number).share.running == 0


@proves("action renders eject_tasks", "action renders eject_tasks_keep_my")
def test_tasks_are_ejected_all_or_all_but_the_users_own(stand: Stand) -> None:
    worker_id = stand.join(user="artist")
    stand.set("renders", worker_id, capacity_host=4000)
    mine = stand.submit(job(block("1")))
    foreign = stand.submit(job(block("1"), paused=True), user="bob")
    stand.operate("jobs", foreign, "start")
    assert stand.worker(worker_id).tasks == 2
    stand.do(c.PauseJob(job_id=stand.job(foreign).job_id, paused=True))
    assert stand.operate("renders", worker_id, "eject_tasks_keep_my") == OK
    assert [stand.job(number).share.running for number in (mine, foreign)] == [1, 0]
    stand.do(c.PauseJob(job_id=stand.job(mine).job_id, paused=True))
    assert stand.operate("renders", worker_id, "eject_tasks") == OK
    said = stand.operate("renders", worker_id, "eject_tasks")
    assert said == ("log", "render 'r1' has no task to eject")


TOLD = [
    ("exit", "exit"),
    ("reboot", "reboot"),
    ("shutdown", "shutdown"),
    ("wol_sleep", "sleep"),
]


@proves(*(f"action renders {name}" for name, _ in TOLD), "action renders wol_wake")
def test_a_machine_is_told_what_to_do(stand: Stand) -> None:
    macs = ("02:fc:00:00:00:01",)
    worker_id = stand.join("m", stand.traits(macs=macs))
    for name, what in TOLD:
        stand.effects.clear()
        assert stand.operate("renders", worker_id, name) == OK
        assert stand.effects == [TellWorker(worker_id, what)]
    stand.do(c.LoseWorker(worker_id=worker_id))
    assert stand.get("renders", ids=[worker_id])["renders"][0]["state"] == " OFF WSL"
    assert stand.operate("renders", worker_id, "wol_wake") == OK
    assert WakeMachine(worker_id, macs) in stand.effects
    kind, text = stand.operate("renders", worker_id, "exit")
    assert kind == "error"
    assert "offline: it cannot be told" in text


@proves("action renders launch_cmd")
def test_a_render_launches_a_command_where_its_machine_allows_it(stand: Stand) -> None:
    worker_id = stand.join(traits=stand.traits(launches=True))
    said = stand.operate("renders", worker_id, "launch_cmd", cmd="echo hi > x", exit=True)
    assert said == OK
    assert stand.effects == [Launch(worker_id, "echo hi > x", True)]
    other = stand.join("r2")
    kind, text = stand.operate("renders", other, "launch_cmd", cmd="echo hi")
    assert kind == "error"
    assert "launches nothing" in text


@proves("action renders heal_sick", "action pools heal_sick")
def test_a_sick_render_is_healed_alone_or_with_its_pool(stand: Stand) -> None:
    stand.do(c.EditPool(path="/", changes={"sick_errors_count": 1}))
    worker_id = stand.join()
    for kind, target in (("renders", worker_id), ("pools", 1)):
        assert stand.operate(kind, target, "heal_sick")[0] == "log"
        stand.submit(job(block("1", errors_retries=0)))
        (run,) = stand.started()
        stand.end(run, RunStatus.FAILED)
        assert stand.get("renders")["renders"][0]["state"] == " ONL SIC"
        assert stand.operate(kind, target, "heal_sick") == OK
        assert not stand.worker(worker_id).sick


@proves("action renders delete")
def test_only_an_offline_render_is_deleted(stand: Stand) -> None:
    worker_id = stand.join()
    said = stand.operate("renders", worker_id, "delete")
    assert said == ("error", "Can`t delete online render.")
    stand.do(c.LoseWorker(worker_id=worker_id))
    assert stand.operate("renders", worker_id, "delete") == OK
    assert stand.get("renders") == {"renders": []}


@proves("action renders set_pool", "action renders reassign_pool", "action pools add_pool")
def test_a_render_is_put_into_a_pool_and_back_where_its_name_belongs(stand: Stand) -> None:
    worker_id = stand.join()
    said = stand.operate("pools", "/", "add_pool", name="p1")
    assert said == ("info", "Pool '/p1' added to pool '/'")
    said = stand.operate("pools", "/", "add_pool", name="p1")
    assert said == ("error", "Pool '/' already has a pool '/p1'")
    said = stand.operate("pools", "/", "add_pool", name="")
    assert said == ("error", "New pool name should not have a zero length.")
    assert stand.operate("renders", worker_id, "set_pool", name="/p1") == OK
    assert stand.worker(worker_id).pool == "/p1"
    kind, text = stand.operate("renders", worker_id, "set_pool", name="/p1")
    assert (kind, text) == ("log", "render 'r1' is in pool '/p1' already")
    said = stand.operate("renders", worker_id, "set_pool", name="/no")
    assert said == ("error", "pool: no pool '/no'")
    assert stand.operate("renders", worker_id, "reassign_pool") == OK
    assert stand.worker(worker_id).pool == "/"
    kind, text = stand.operate("renders", worker_id, "reassign_pool")
    assert (kind, text) == ("log", "render 'r1' stays in pool '/'")


SERVICES = [
    ({"mode": "service_add", "name": "nuke"}, ("log", 'Service "nuke" added.')),
    ({"mode": "service_add", "name": "nuke"}, ("error", "Service 'nuke' already exists.")),
    ({"mode": "service_disable", "mask": "nu.*"}, ("log", 'Service "nu.*" disabled')),
    ({"mode": "service_enable", "mask": "nu.*"}, ("log", 'Service "nu.*" enabled.')),
    ({"mode": "service_disable", "mask": "nu"}, ("log", 'Service "nuke" disabled')),
    (
        {"mode": "service_disable", "mask": "nu"},
        ("error", "No services found matching pattern nu"),
    ),
    ({"mode": "service_enable", "mask": "nu"}, ("log", 'Service "nu" enabled.')),
    (
        {"mode": "service_enable", "mask": "nu"},
        ("error", "No services found matching pattern nu"),
    ),
    ({"mode": "service_remove", "mask": "nuke"}, ("log", 'Service "nuke" removed.')),
    (
        {"mode": "service_remove", "mask": "nuke"},
        ("error", "No services found matching pattern nuke"),
    ),
    ({"mode": "clear_services"}, ("error", "No services to clear")),
    ({"mode": "xx"}, ("error", "Unknown farm operation mode: xx")),
    ({"mode": "service_add", "name": ""}, ("error", "Service name is empty.")),
    ({"mode": "service_disable", "mask": ""}, ("error", "Invalid service mask.")),
    ({"mode": "service_add", "name": "a"}, ("log", 'Service "a" added.')),
    ({"mode": "clear_services"}, ("log", "Services cleared")),
]
MODES = sorted({asked["mode"] for asked, _ in SERVICES} - {"xx"})


@proves(*(f"action {kind} farm {mode}" for kind in ("renders", "pools") for mode in MODES))
def test_services_are_set_as_the_original_sets_them(stand: Stand) -> None:
    worker_id = stand.join()
    for kind, target in (("renders", worker_id), ("pools", 1)):
        for asked, said in SERVICES:
            assert stand.operate(kind, target, "farm", **asked) == said


@proves("action renders tickets", "action pools tickets")
def test_tickets_are_set_on_a_render_and_on_a_pool(stand: Stand) -> None:
    worker_id = stand.join()
    mine = {"name": "LIC", "count": 1, "max_hosts": -1, "host": True}
    tickets = stand.operate("renders", worker_id, "tickets", **mine)
    assert tickets == ("log", "Ticket LIC added")
    assert stand.get("renders")["renders"][0]["tickets_host"] == {"LIC": [1, 0, 0]}
    gone = {**mine, "count": -1}
    assert stand.operate("renders", worker_id, "tickets", **gone) == ("log", "Ticket LIC erased")
    said = stand.operate("renders", worker_id, "tickets", **gone)
    assert said == ("error", "Node['r1'] has no 'LIC' ticket.")
    said = stand.operate("renders", worker_id, "tickets", name="LIC", count=1)
    assert said == ("error", "Node['r1'] is not a pool.")
    shared = {"name": "LIC", "count": 5, "max_hosts": 2}
    assert stand.operate("pools", 1, "tickets", **shared) == ("log", "Ticket LIC added")
    said = stand.operate("pools", 1, "tickets", name="LIC", count=6)
    assert said == ("log", "Ticket LIC modified")
    assert stand.get("pools")["pools"][0]["tickets_pool"] == {"LIC": [6, 0, 0, 2]}


@proves("action renders restore_defaults")
def test_a_render_follows_its_pool_again(stand: Stand) -> None:
    worker_id = stand.join()
    stand.set("renders", worker_id, capacity_host=7, annotation="stays")
    assert stand.operate("renders", worker_id, "restore_defaults") == OK
    assert stand.get("renders")["renders"][0]["state"] == " ONL"
    assert stand.worker(worker_id).spec.annotation == "stays"
    said = stand.operate("renders", worker_id, "restore_defaults")
    assert said == ("log", "render 'r1' has no values of its own")


@proves("action pools params")
def test_a_pool_is_edited(stand: Stand) -> None:
    stand.operate("pools", "/", "add_pool", name="p1")
    params = {
        "pattern": "r.*",
        "max_tasks_host": 3,
        "capacity_host": 5000,
        "new_nimby": True,
        "idle_free_time": 60,
        "sick_errors_count": 3,
        "no_task_event_time": 10,
        "zombie_time": 30,
        "busy_mem": 80,
        "idle_hddgb": 5,
        "annotation": "x",
    }
    said = stand.set("pools", "/p1", **params)
    assert said == OK
    (shown,) = stand.get("pools", mask="/p1")["pools"]
    assert {key: shown[key] for key in params} == params
    said = stand.set("pools", "/p1", paused=True, max_tasks=10)
    assert said == ("info", "Changed; not known here: 'max_tasks'")
    assert stand.get("pools", mask="/p1")["pools"][0]["state"] == " PAU"
    assert stand.set("pools", "/p1", paused=True) == ("log", "pool '/p1' is so already")


@proves("action pools delete", "action pools delete_renders")
def test_a_pool_is_deleted_when_it_is_empty(stand: Stand) -> None:
    assert stand.operate("pools", 1, "delete") == ("error", "Can`t delete ROOT pool.")
    stand.operate("pools", "/", "add_pool", name="p1")
    worker_id = stand.join()
    stand.operate("renders", worker_id, "set_pool", name="/p1")
    said = stand.operate("pools", "/p1", "delete")
    assert said == ("error", "Pool '/p1' has child pools/renders.")
    said = stand.operate("pools", 1, "delete_renders")
    assert said == ("log", "pool '/' has no renders that are offline")
    stand.do(c.LoseWorker(worker_id=worker_id))
    said = stand.operate("pools", 1, "delete_renders")
    assert said == ("log", "Deleted 1 offline renders.")
    assert stand.operate("pools", "/p1", "delete") == OK


@proves(
    "action pools launch_cmd",
    "action pools eject_tasks",
    "action pools eject_tasks_keep_my",
    "action pools exit",
)
def test_an_operation_on_a_pool_reaches_the_renders_below_it(stand: Stand) -> None:
    stand.operate("pools", "/", "add_pool", name="p1")
    said = stand.operate("pools", "/p1", "exit")
    assert said == ("log", "pool '/p1' has no renders")
    inside = stand.join("in", stand.traits(launches=True))
    stand.join("out")
    stand.operate("renders", inside, "set_pool", name="/p1")
    stand.submit(job(block("1-2")))
    assert stand.operate("pools", "/p1", "eject_tasks_keep_my") == OK
    assert stand.operate("pools", 1, "eject_tasks") == OK
    stand.effects.clear()
    assert stand.operate("pools", "/p1", "exit") == OK
    assert TellWorker(inside, "exit") in stand.effects
    assert stand.operate("pools", "/p1", "launch_cmd", cmd="ls") == OK
    assert Launch(inside, "ls", False) in stand.effects
    stand.do(c.UnlinkWorker(worker_id=WorkerId(inside)))
    assert stand.worker(inside).presence is Presence.MISSING


def test_an_operation_that_is_not_there_is_named(stand: Stand) -> None:
    stand.join()
    for kind in ("renders", "pools"):
        assert stand.operate(kind, 1, "zzz") == ("error", "Unknown operation: zzz")
