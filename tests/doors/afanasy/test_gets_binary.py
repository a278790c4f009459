"""The same things in binary messages, for afwatch: what is sent is what can be read again."""

from __future__ import annotations

from typing import Any

import pytest

from grange.doors.afanasy.binary import messages
from grange.doors.afanasy.binary.types import HEADER_BYTES, Kind, header
from tests.build import block, job, named
from tests.doors.afanasy.proves import proves
from tests.doors.afanasy.stand import Stand
from tests.jpegs import a_jpeg


def sent(stand: Stand, kind: Kind, **asked: Any) -> Any:
    """What a binary message says, once it is bytes."""
    reply = stand.reply({"get": {"binary": True, **asked}})
    assert reply.kind == kind
    data = messages.encode(kind, reply.items)
    assert header(data[:HEADER_BYTES]).kind is kind
    return messages.decode(kind, data[HEADER_BYTES:])


@pytest.fixture
def number(stand: Stand) -> int:
    """A job of two blocks, of which one task has run and one runs."""
    worker_id = stand.join("r1", stand.traits(netifs=(), macs=("02:fc:00:00:00:01",)))
    found = stand.submit(job(block("1-2", name="a"), named("x", name="b"), name="j"))
    (run,) = stand.started()
    stand.album.keep(run[1].job_id, run[1].run_id, "img.exr", a_jpeg())
    stand.end(run)
    stand.set("renders", worker_id, capacity_host=2000)
    return found


@proves(
    *(f"get {kind} binary" for kind in ("jobs", "renders", "users", "branches", "pools")),
    "get monitors binary",
)
def test_lists_are_sent(stand: Stand, number: int) -> None:
    stand.ask({"monitor": {"user_name": "artist", "host_name": "ws1"}})
    (shown,) = sent(stand, Kind.JOBS_LIST, type="jobs")
    assert (shown.id, shown.name, len(shown.blocks)) == (number, "j", 2)
    (shown,) = sent(stand, Kind.RENDERS_LIST, type="renders")
    assert (shown.name, shown.capacity_host, shown.st) == ("r1", 2000, 1 | 8 | 16)
    (shown,) = sent(stand, Kind.USERS_LIST, type="users")
    assert (shown.name, shown.jobs_num) == ("artist", 1)
    (shown,) = sent(stand, Kind.BRANCHES_LIST, type="branches")
    assert (shown.name, shown.jobs_total) == ("/", 1)
    (shown,) = sent(stand, Kind.POOLS_LIST, type="pools")
    assert (shown.name, shown.renders_total) == ("/", 1)
    (shown,) = sent(stand, Kind.MONITORS_LIST, type="monitors")
    assert shown.name == "artist@ws1"


def test_what_is_paused_or_hidden_is_so_in_bytes(stand: Stand, number: int) -> None:
    stand.set("users", "artist", paused=True)
    stand.set("branches", "/", paused=True, hidden=True)
    stand.set("renders", "r1", paused=True, hidden=True)
    for kind, asked in (
        (Kind.USERS_LIST, "users"),
        (Kind.BRANCHES_LIST, "branches"),
        (Kind.RENDERS_LIST, "renders"),
    ):
        (shown,) = sent(stand, kind, type=asked)
        (said,) = stand.get(asked)[asked]
        assert shown.hidden == said.get("hidden", False) == (asked != "users")
        paused = " PAU" in said["state"] if asked == "renders" else said["paused"]
        assert paused
        assert bool(shown.st & 1 << 8) if asked == "renders" else shown.paused


def test_a_job_is_sent_at_every_level(stand: Stand, number: int) -> None:
    one = {"type": "jobs", "ids": [number]}
    (whole,) = sent(stand, Kind.JOB, mode="full", **one)
    assert whole.blocks[1].tasks[0].name == "x"
    told = sent(stand, Kind.JOB_PROGRESS, mode="progress", **one)
    assert [len(tasks) for tasks in told.progress] == [2, 1]
    for levels, kind in (
        (["progress", "progress"], Kind.BLOCKS_PROGRESS),
        (["properties", "progress"], Kind.BLOCKS_PROPERTIES),
        (["progress", "full"], Kind.BLOCKS),
    ):
        found = sent(stand, kind, block_ids=[0, 1], mode=levels, **one)
        assert [item.block_num for item in found] == [0, 1]


def test_a_task_is_sent_with_what_was_asked_of_it(stand: Stand, number: int) -> None:
    one = {"type": "jobs", "ids": [number], "block_ids": [0], "task_ids": [0]}
    for mode, name in (("info", "TExec"), ("output", "TOutput"), ("log", "TLog")):
        assert sent(stand, Kind.TASK, mode=mode, **one).type == name
    found = sent(stand, Kind.TASK_FILES, mode="files", **one)
    assert [file.name for file in found.files] == ["img.exr.jpg"]
    assert found.files[0].data.endswith(b"\xff\xd9")
    newest = sent(stand, Kind.TASK_FILES, mode="thumbnail", type="jobs", ids=[number])
    assert newest.files == found.files


def test_the_order_of_jobs_and_the_load_of_machines_are_sent(stand: Stand, number: int) -> None:
    order = sent(stand, Kind.USER_JOBS_ORDER, type="users", ids=[2], mode="jobs_order")
    assert (order.id, order.jobs) == (2, (number,))
    (load,) = sent(stand, Kind.RENDERS_RESOURCES, type="renders", mode="resources")
    assert load.id == 1


def test_what_has_no_binary_form_is_sent_as_json(stand: Stand, number: int) -> None:
    for asked in ({"mode": "log"}, {"mode": "error_hosts"}):
        get = {"type": "jobs", "ids": [number], "binary": True, **asked}
        assert stand.reply({"get": get}).kind == 0
