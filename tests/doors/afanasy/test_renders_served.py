"""A render node at the open door: the bytes of its protocol through a real socket."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from grange.doors.afanasy.binary import messages, types
from grange.doors.afanasy.binary.types import HEADER_BYTES, Kind, header, mismatch
from grange.doors.afanasy.shapes.traffic import RenderEvents, RenderUpdate
from tests.doors.afanasy.afrender import DONE, REGISTER, far
from tests.doors.afanasy.opened import Opened, opened
from tests.doors.afanasy.recorded import recorded

JOB = {
    "name": "shot",
    "user_name": "artist",
    "blocks": [
        {
            "name": "render",
            "service": "generic",
            "flags": 1,
            "frame_first": 1,
            "frame_last": 1,
            "command": "echo @#@",
        }
    ],
}


def told(door: Opened, data: bytes) -> Any:
    """What a node is told."""
    said = door.say(data)
    head = header(said[:HEADER_BYTES])
    if head.kind.holds_number:
        return head
    return messages.decode(head.kind, said[HEADER_BYTES:])


def updated(door: Opened, **fields: Any) -> Any:
    """What a node is told after an update."""
    said = RenderUpdate(id=1, **fields)
    return told(door, messages.encode(Kind.RENDER_UPDATE, said))


def test_a_job_of_a_script_is_rendered_by_a_render_node(tmp_path: Path) -> None:
    with opened(tmp_path) as door:
        door.stand.engine._perform = door.door.perform
        assert told(door, REGISTER).id == 1
        number = door.text({"job": JOB})["id"]
        events = updated(door)
        assert isinstance(events, RenderEvents)
        (order,) = events.tasks
        assert (order.job_id, order.command_block, order.user_name) == (
            number,
            "echo @#@",
            "artist",
        )
        assert updated(door, tasks=(far(order, percent=40),)).kind is Kind.RENDER_ID
        over = far(order, DONE, data=b"1\n")
        assert updated(door, tasks=(over,)).closes == (over.pos,)
        asked = {"get": {"type": "jobs", "ids": [number], "mode": "progress"}}
        assert door.text(asked)["job_progress"]["progress"][0][0]["state"] == " DON"
        asked["get"] |= {"mode": "output", "block_ids": [0], "task_ids": [0]}
        assert door.text(asked)["task"]["data"] == "1\n"
        assert door.say(types.number(Kind.RENDER_DEREGISTER, 1)) == b""
        assert door.stand.worker(1).presence == "offline"


def test_a_render_of_another_version_is_told_so(tmp_path: Path) -> None:
    with opened(tmp_path) as door:
        item = recorded("frame_version_mismatch")[0]
        assert door.say(bytes.fromhex(item["input"]["sent_hex"])) == mismatch()


def test_where_no_render_node_may_join_none_does(tmp_path: Path) -> None:
    with opened(tmp_path, afanasy_workers=False) as door:
        assert door.say(REGISTER) == b""  # whatever it was answered, it would never come again
        assert not door.stand.farm.state.workers


@pytest.mark.parametrize("cut", [1, 20])
def test_a_register_message_that_is_odd_changes_nothing(tmp_path: Path, cut: int) -> None:
    body = REGISTER[HEADER_BYTES:-cut]
    with opened(tmp_path) as door:
        assert door.say(types.framed(Kind.RENDER_REGISTER, body)) == b""
        assert not door.stand.farm.state.workers
