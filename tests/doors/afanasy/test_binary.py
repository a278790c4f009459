"""Every recorded binary message is read whole, says what it said, and is written again."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from grange.doors.afanasy.binary import messages
from grange.doors.afanasy.binary.primitives import Broken
from grange.doors.afanasy.binary.types import (
    DATA_MAX,
    HEADER_BYTES,
    VERSION,
    Kind,
    WrongVersion,
    framed,
    header,
    mismatch,
    number,
)
from grange.doors.afanasy.shapes.job import Job, JobFull
from grange.doors.afanasy.shapes.node import Address
from grange.doors.afanasy.shapes.traffic import RenderEvents, RenderRegister, RenderUpdate
from tests.doors.afanasy.proves import message_name, note_message, proves
from tests.doors.afanasy.recorded import all_recorded, recorded, renamed

IN_BYTES = [
    (f"{item['name']}-{at}-{key}", bytes.fromhex(said[key]))
    for at, item in enumerate(all_recorded())
    for said in (item["input"], item["output"])
    if isinstance(said, dict)
    for key in said
    if key.endswith("hex")
    if not (item["name"] == "frame_version_mismatch" and key == "sent_hex")
]


def read(message: bytes) -> Any:
    """What a message with its header says."""
    found = header(message[:HEADER_BYTES])
    return messages.decode(found.kind, message[HEADER_BYTES:])


def only(name: str) -> dict[str, Any]:
    """The one exchange of a name."""
    (found,) = (item for item in all_recorded() if item["name"] == name)
    return found


RECORDED = sorted({header(message[:HEADER_BYTES]).kind for _, message in IN_BYTES})


def written(message: bytes) -> bytes:
    """What a message says, as we write it."""
    found = header(message[:HEADER_BYTES])
    if found.kind.holds_number:
        return number(found.kind, found.value)
    assert len(message) == HEADER_BYTES + found.size
    return messages.encode(found.kind, read(message))


@proves(*(message_name(kind, kind.name) for kind in RECORDED))
def test_recorded_messages_are_written_again_byte_by_byte() -> None:
    for name, message in IN_BYTES:
        assert written(message) == message, name
        kind = header(message[:HEADER_BYTES]).kind
        note_message(kind, kind.name)


def plain(found: Any) -> Any:
    """All that a shape holds, in lists and maps, as the recording calls the folder."""
    if isinstance(found, msgspec.Struct):
        return {name: plain(getattr(found, name)) for name in found.__struct_fields__}
    if isinstance(found, tuple):
        return [plain(item) for item in found]
    return renamed(found)


def address(said: dict[str, Any]) -> Address:
    """An address as it was recorded."""
    raw = bytes.fromhex(said["addr"])
    if said["family"] == "IPv4":
        return Address(family=4, ip=".".join(map(str, raw[:4])), port=said["port"])
    if said["family"] == "IPv6":
        return Address(family=6, ip=raw.hex(":", 2), port=said["port"])
    return Address(family=0, ip="", port=said["port"])


def is_said(found: Any, said: dict[str, Any]) -> None:
    """What was found says all that the recording says."""
    values = plain(found)
    assert {key: values[key] for key in said} == said


REGISTER = only("wire_34_36")
UPDATES = recorded("wire_35")


def test_a_render_that_comes_says_what_was_recorded() -> None:
    found = read(bytes.fromhex(REGISTER["input"]["request_hex"]))
    said = REGISTER["input"]["request"]
    assert isinstance(found, RenderRegister)
    assert found.st == said["state"]
    assert found.address == address(said["address"])
    for name in ("os", "engine", "name", "user_name", "flags", "priority", "time_launch", "id"):
        assert getattr(found, name) == said[name]
    is_said(found.host_resources, said["host_resources"])
    assert [item.mac.replace(":", "") for item in found.netifs] == [
        item["mac"] for item in said["netifs"]
    ]
    assert [item.addresses for item in found.netifs] == [
        tuple(map(address, item["addresses"])) for item in said["netifs"]
    ]


@pytest.mark.parametrize("item", UPDATES)
def test_a_render_that_reports_says_what_was_recorded(item: dict[str, Any]) -> None:
    found = read(bytes.fromhex(item["input"]["request_hex"]))
    said = item["input"]["request"]
    assert isinstance(found, RenderUpdate)
    assert found.id == said["id"]
    assert (found.host_resources is not None) == said["has_hres"]
    if found.host_resources is not None:
        is_said(found.host_resources, said["host_resources"])
    for task, told in zip(found.tasks, said["taskups"], strict=True):
        place = {name: told[name] for name in ("job", "block", "task", "number")}
        texts = {name: told[name].encode() for name in ("data", "listened")}
        other = {name: value for name, value in told.items() if name not in {*place, *texts}}
        other["render_id"] = other.pop("client_id")
        is_said(task, {**other, **texts, "pos": place})


@pytest.mark.parametrize("item", [REGISTER, *UPDATES])
def test_what_a_render_is_told_is_what_was_recorded(item: dict[str, Any]) -> None:
    message = bytes.fromhex(item["output"]["reply_hex"])
    said = item["output"]["reply"]
    if "TRenderId" in said:
        assert header(message).value == said["TRenderId"]
        return
    found = read(message)
    assert isinstance(found, RenderEvents)
    is_said(found, {name: value for name, value in said.items() if name != "tasks"})
    for task, told in zip(found.tasks, said["tasks"], strict=True):
        is_said(task, told)


LISTS = [
    ("binary_list_jobs", "decoded_last"),
    ("binary_job_full", "decoded"),
    ("binary_list_renders", "decoded_last"),
    ("binary_list_renders_resources", "decoded_last"),
]
#: Fields of the recording that are flags of ours, or are told in another test.
ELSEWHERE = frozenset(
    {"flags", "work_flags", "state", "address", "percents", "blocks", "blocks_num"}
    | {"try_tasks", "try_blocks", "running_capacity_counter"}
)


@pytest.mark.parametrize(("name", "where"), LISTS)
def test_a_list_says_what_was_recorded(name: str, where: str) -> None:
    said = only(name)["output"]
    found = read(bytes.fromhex(said["reply_hex"]))
    assert len(found) == said["decoded_count"]
    told = dict(said[where])
    told["host_resources"] = told.pop("hres", None)
    last = {"host_resources": None, **plain(found[-1])}
    assert {key: last[key] for key in told if key not in ELSEWHERE} == {
        key: value for key, value in told.items() if key not in ELSEWHERE
    }
    assert last.get("st", 0) == told.get("state", 0)
    for block, block_told in zip(last.get("blocks", ()), told.get("blocks", ()), strict=True):
        shown = {key: value for key, value in block_told.items() if key not in ELSEWHERE}
        assert {key: block[key] for key in shown} == shown
        assert (block["st"], block["flags"]) == (block_told["state"], block_told["flags"])
        assert block["running_capacity_total"] == block_told["running_capacity_counter"]


def test_a_job_of_a_list_has_its_flags_by_their_names() -> None:
    found = read(bytes.fromhex(only("binary_list_jobs")["output"]["reply_hex"]))
    assert all(isinstance(job, Job) for job in found)
    assert {job.hosts_mask_type for job in found} == {"find"}  # work flags 4
    assert found[-1].appendedblocks  # flag 36
    full = read(bytes.fromhex(only("binary_job_full")["output"]["reply_hex"]))
    assert all(isinstance(job, JobFull) for job in full)


def test_the_progress_of_a_job_is_what_was_recorded() -> None:
    said = only("binary_job_progress")["output"]
    found = read(bytes.fromhex(said["reply_hex"]))
    told = said["decoded"]["blocks"][0][0]
    task = found.progress[0][0]
    assert (found.id, task.st) == (said["decoded"]["job_id"], told["state"])
    assert (task.starts, task.errors, task.host) == (1, 1, told["hostname"])
    assert (task.time_start, task.time_done) == (told["time_start"], told["time_done"])


def test_a_monitor_that_registers_is_told_what_was_recorded() -> None:
    said = only("binary_monitor_register")["output"]
    found = read(bytes.fromhex(said["reply_hex"]))
    told = said["decoded"]
    for name in ("id", "priority", "name", "uid", "user_name", "engine", "time_launch"):
        assert getattr(found, name) == told[name]
    assert found.address == address(told["address"])
    assert found.events == ()


def test_the_events_of_a_monitor_are_what_was_recorded() -> None:
    found = read(bytes.fromhex(only("binary_monitor_events")["output"]["reply_hex"]))
    assert msgspec.to_builtins(found) == {"users_change": (2,)}


def test_another_protocol_is_answered_as_the_real_server_does() -> None:
    item = only("frame_version_mismatch")
    with pytest.raises(WrongVersion, match="protocol 80"):
        header(bytes.fromhex(item["input"]["sent_hex"])[:HEADER_BYTES])
    assert mismatch() == bytes.fromhex(item["output"]["received_hex"])


def head(version: int, kind: int, value: int) -> bytes:
    """A header, right or wrong."""
    return b"".join(part.to_bytes(4, "big", signed=True) for part in (version, kind, value))


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\0" * 11, "begins with 12 bytes, not 11"),
        (head(VERSION, 11, 0), "no message of type 11"),
        (head(VERSION, -1, 0), "no message of type -1"),
        (head(VERSION, Kind.JSON_BINARY, -1), "a message of -1 bytes"),
        (head(VERSION, Kind.JSON_BINARY, DATA_MAX + 1), "at most 67108864"),
    ],
)
def test_a_header_that_cannot_be_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(Broken, match=why):
        header(data)


def test_a_number_may_be_any() -> None:
    assert header(head(VERSION, Kind.RENDER_ID, -2)).value == -2
    assert header(head(VERSION, Kind.RENDER_ID, -2)).size == 0


def test_json_rides_in_a_frame_as_it_is() -> None:
    assert messages.encode(Kind.JSON_BINARY, b"{}") == framed(Kind.JSON_BINARY, b"{}")
    assert messages.decode(Kind.JSON_BINARY, b"{}") == b"{}"


def test_a_message_that_nobody_sends_is_refused() -> None:
    with pytest.raises(Broken, match="HTTP has nothing to say here"):
        messages.decode(Kind.HTTP, b"")
