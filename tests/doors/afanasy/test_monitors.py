"""Monitors: what they watch, what they are told, when they are forgotten."""

from __future__ import annotations

import pytest

from grange.core import commands as c
from grange.doors.afanasy import events as door_events
from grange.doors.afanasy import monitors as registry
from grange.doors.afanasy.binary.types import Kind
from grange.model.states import Role
from tests.build import counted, job
from tests.doors.afanasy.proves import proves
from tests.doors.afanasy.recorded import recorded
from tests.doors.afanasy.stand import AUTHOR, Stand
from tests.doors.afanasy.watchers import ME, UNKNOWN, poll, register, watch


@proves("monitor", "get monitors", "get monitors log", "get monitors by ids")
def test_a_monitor_registers_as_with_the_original(stand: Stand) -> None:
    (theirs,) = (i for i in recorded("server_scen1_monitor_register"))
    shown = stand.ask(theirs["input"])["monitor"]
    known = theirs["output"]["monitor"]
    assert shown.keys() == known.keys()
    assert (shown["name"], shown["uid"], shown["events"]) == ("artist@ws1", -1, [])
    assert shown["address"] == known["address"]
    assert stand.get("monitors") == {"monitors": [shown]}
    said = stand.get("monitors", ids=[shown["id"]], mode="log")["message"]
    assert said["list"][0].endswith(": monitors: artist@ws1: Registered.")
    assert stand.get("monitors", ids=[99], mode="log") == UNKNOWN


def test_a_monitor_needs_a_user_and_a_host(stand: Stand) -> None:
    for missing in ("user_name", "host_name"):
        said = stand.ask({"monitor": {**ME, missing: ""}})
        assert said["info"]["kind"] == "error"
    said = stand.ask({"monitor": {**ME, "engine": 7}})
    assert said["info"]["text"] == "monitor.engine: expected `str`, got `int`"


CLASSES = ("jobs", "pools", "users", "branches", "monitors", "renders")


@proves(
    *(f"action monitors watch {name}" for name in (*CLASSES, "perm", "tasks", "listen")),
)
def test_watching_is_answered_in_the_original_words(stand: Stand) -> None:
    for _ in range(4):
        stand.submit(job())
    register(stand, uid=None)
    for found in recorded("server_scen"):
        sent = found["input"]
        if "action" in sent and sent["action"]["type"] == "monitors":
            operation = sent["action"]["operation"]
            if operation["type"] == "watch":
                sent["action"]["operation"] = {**operation}
                assert stand.ask(sent) == found["output"], found["name"]
    assert watch(stand, 1, "jobs", "unsubscribe") == ("log", "Unsubscribed from 'jobs'")
    shown = stand.get("monitors")["monitors"][0]
    assert "jobs_add" not in shown["events"]
    assert shown["events"][:3] == ["users_add", "users_change", "users_del"]
    assert shown["jobs_ids"] == [4]


@proves("get monitors events")
def test_a_monitor_is_told_what_changed_since_it_asked(stand: Stand) -> None:
    number = register(stand, *CLASSES)
    first = stand.submit(job(branch="/a/b"))
    told = poll(stand, number)
    assert told == {
        "jobs_add": [first],
        "jobs_change": [first],
        "users_add": [2],
        "branches_add": [2],
        "branches_change": [1],
    }
    assert poll(stand, number) is None
    worker_id = stand.join()
    told = poll(stand, number)
    assert (told["renders_add"], told["pools_change"]) == ([worker_id], [1])
    assert told["jobs_change"] == [first]  # its first task was given out
    stand.operate("jobs", first, "delete")
    told = poll(stand, number)
    assert told["jobs_del"] == [first]
    assert "jobs_change" not in told


def test_what_is_not_watched_is_not_told(stand: Stand) -> None:
    number = register(stand, "renders")
    stand.submit(job())
    assert poll(stand, number) is None
    watch(stand, number, "renders", "unsubscribe")
    stand.join()
    assert poll(stand, number) is None


def test_jobs_reach_the_monitor_of_their_user_and_of_who_watches_all(stand: Stand) -> None:
    everyone, mine = register(stand, "jobs"), register(stand, "jobs", uid=None)
    bobs = register(stand, "jobs", uid=3)
    first = stand.submit(job())
    second = stand.submit(job(), user="bob")
    assert poll(stand, everyone)["jobs_add"] == [first, second]
    assert poll(stand, mine)["jobs_add"] == [first]  # the user was not known when it registered
    assert poll(stand, bobs)["jobs_add"] == [second]
    assert stand.get("monitors")["monitors"][1]["uid"] == 2
    watch(stand, mine, "jobs", uids=[3])
    stand.operate("jobs", second, "pause")
    assert poll(stand, mine)["jobs_change"] == [second]


def test_who_sees_only_his_own_is_told_of_no_other_jobs(stand: Stand) -> None:
    number = register(stand, "jobs")
    seen = {"role": Role.ARTIST}
    assert stand.ask({"get": {"type": "monitors", "ids": [number], "mode": "events"}}, **seen) == {
        "events": None
    }
    stand.answering.parts.monitors.get(number, stand.now).only = "artist"  # type: ignore[union-attr]
    bobs = stand.submit(job(), user="bob")
    stand.submit(job(), user="bob")
    mine = stand.submit(job())
    assert poll(stand, number)["jobs_add"] == [mine]
    watch(stand, number, "perm", uid=2)
    assert stand.get("users", ids=[2])["users"][0]["name"] == "bob"
    stand.operate("users", 2, "move_jobs_bottom", jids=[bobs])
    assert poll(stand, number) is None


def test_a_role_that_may_not_watch_is_told_so(stand: Stand) -> None:
    said = stand.ask({"monitor": ME}, role=Role.SUBMIT)
    assert said["info"]["kind"] == "error"
    number = register(stand)
    for asked in (
        {"get": {"type": "monitors", "ids": [number], "mode": "events"}},
        {"get": {"type": "monitors"}},
        {"action": {**AUTHOR, "type": "monitors", "ids": [number], "operation": {"type": "exit"}}},
    ):
        assert stand.ask(asked, role=Role.SUBMIT)["info"]["kind"] == "error"


@proves("action monitors message", "action monitors exit")
def test_messages_and_the_word_to_leave_are_told_once(stand: Stand) -> None:
    number = register(stand)
    said = stand.operate("monitors", number, "message", text="hello")
    assert said == ("log", "Message sent.")
    stand.operate("monitors", "artist@ws1", "message", text="again")
    said = stand.operate("monitors", number, "exit")
    assert said == ("log", "Instruction 'exit' set.")
    (theirs,) = recorded("server_scen5_mev")
    first, second = poll(stand, number)["message"].split("\nagain")
    assert first == theirs["output"]["events"]["message"]
    assert second == "\n - artist@ws1 127.0.0.1"
    assert poll(stand, number) is None
    stand.operate("monitors", number, "exit")
    assert poll(stand, number) == {"instruction": "exit"}
    assert stand.operate("monitors", number, "zzz") == ("error", "Unknown operation: zzz")
    kind, _ = stand.act("monitors", number, params={"a": 1})
    assert kind == "error"


def test_messages_that_wait_are_bounded(stand: Stand) -> None:
    number = register(stand)
    monitor = stand.answering.parts.monitors.get(number, stand.now)
    assert monitor is not None
    for place in range(registry.MESSAGES_MAX + 5):
        stand.answering.parts.monitors.say(monitor, str(place) + "x" * registry.MESSAGE_MAX)
    assert len(monitor.messages) == registry.MESSAGES_MAX
    assert monitor.messages[0].startswith("5x")
    assert max(map(len, monitor.messages)) == registry.MESSAGE_MAX


@proves("action monitors deregister")
def test_a_monitor_that_says_good_bye_is_forgotten(stand: Stand) -> None:
    watcher, number = register(stand, "monitors"), register(stand)
    poll(stand, watcher)
    assert stand.operate("monitors", number, "deregister") is None
    assert poll(stand, number) == UNKNOWN
    assert poll(stand, watcher)["monitors_del"] == [number]


def test_a_monitor_that_does_not_ask_is_forgotten_after_sixteen_seconds(stand: Stand) -> None:
    number = register(stand)
    stand.now += registry.ZOMBIE_S
    assert poll(stand, number) is None
    stand.now += registry.ZOMBIE_S + 1
    assert stand.get("monitors") == {"monitors": []}
    assert poll(stand, number) == UNKNOWN


def test_the_longest_silent_monitor_makes_room(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "MONITORS_MAX", 2)
    first, second = register(stand), register(stand)
    poll(stand, first)
    third = register(stand)
    assert [item["id"] for item in stand.get("monitors")["monitors"]] == [first, third]
    assert poll(stand, second) == UNKNOWN


def test_a_monitor_that_is_too_far_behind_begins_anew(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = register(stand, "jobs")
    monkeypatch.setattr(door_events, "REMEMBERED_MAX", 3)
    for place in range(4):
        stand.submit(job(name=str(place)))
    assert poll(stand, number) == UNKNOWN


def test_how_many_jobs_and_tasks_a_monitor_watches_is_bounded(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grange.doors.afanasy.actions.monitors.WATCHED_MAX", 1)
    first, second = stand.submit(job()), stand.submit(job())
    number = register(stand)
    assert watch(stand, number, "tasks", ids=[first, first])[0] == "log"
    assert watch(stand, number, "tasks", ids=[second])[0] == "error"
    assert watch(stand, number, "listen", job=first)[0] == "log"
    assert watch(stand, number, "listen", job=second)[0] == "error"
    assert watch(stand, number, "tasks", ids=[99])[0] == "error"


def test_moved_jobs_are_told_in_their_order_to_a_monitor_of_their_user(stand: Stand) -> None:
    first, second, third = (stand.submit(job()) for _ in range(3))
    mine, all_jobs = register(stand, "jobs", uid=None), register(stand, "jobs")
    stand.operate("users", 2, "move_jobs_bottom", jids=[first])
    assert poll(stand, mine)["jobs_order_ids"] == [second, third, first]
    assert "jobs_order_ids" not in poll(stand, all_jobs)


def test_a_poll_without_news_costs_the_same_whatever_the_farm_has(stand: Stand) -> None:
    def cost() -> int:
        poll(stand, number)
        with counted() as calls:
            poll(stand, number)
        noise = ("select", "_run_once", "time", "__enter__", "__exit__")
        return sum(count for name, count in calls.items() if name not in noise)

    number = register(stand, *CLASSES)
    before = cost()
    for place in range(50):
        stand.submit(job(name=str(place)))
        stand.join(f"r{place}")
    poll(stand, number)
    assert cost() <= before + 20


def test_a_binary_monitor_is_answered_by_numbers_and_events(stand: Stand) -> None:
    shown = stand.reply({"monitor": {**ME, "binary": True}})
    assert (shown.kind, shown.items.id) == (Kind.MONITOR, 1)
    caller, answering = stand.caller(), stand.answering
    watch(stand, 1, "users")
    nothing = stand.wait(answering.poll(1, caller))
    assert (nothing.kind, nothing.items) == (Kind.MONITOR_ID, 1)
    stand.do(c.EditUser(user="ada", changes={}))
    told = stand.wait(answering.poll(1, caller))
    assert (told.kind, told.items.users_add) == (Kind.MONITOR_EVENTS, (2,))
    answering.leave(1, caller)
    gone = stand.wait(answering.poll(1, caller))
    assert (gone.kind, gone.items) == (Kind.MONITOR_ID, 0)


def test_nothing_is_noted_while_nobody_watches(stand: Stand) -> None:
    changes = stand.answering.parts.monitors._changes
    stand.submit(job())
    stand.join()
    assert changes.number == 0
    number = register(stand, "users", "renders")
    stand.submit(job(), user="artist")
    told = poll(stand, number)
    assert told["users_change"] == [2]  # he came while nobody watched, and is known
    assert "users_add" not in told
    stand.now += registry.ZOMBIE_S + 1
    at = changes.number
    stand.submit(job())
    assert changes.number == at + 1  # the last monitor has gone, and nothing else


def test_a_job_that_is_anothers_now_is_gone_for_who_watched_it(stand: Stand) -> None:
    stand.do(c.EditUser(user="bob", changes={}))
    number = stand.submit(job(paused=True))
    stand.get("users")
    everyone, bobs = register(stand, "jobs"), register(stand, "jobs", uid=2)
    mine = register(stand, "jobs", uid=3)
    assert stand.set("jobs", number, user_name="bob") == ("log", "Action processed.")
    assert poll(stand, mine) == {"jobs_del": [number]}
    for watcher in (everyone, bobs):
        assert poll(stand, watcher) == {"jobs_change": [number]}
