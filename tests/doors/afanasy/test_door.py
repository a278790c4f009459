"""The door as its clients see it: over sockets, in every framing."""

from __future__ import annotations

import json
import logging
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from grange.core.commands import SubmitJob
from grange.doors.afanasy import door as module
from grange.doors.afanasy import reply
from grange.doors.afanasy.answering import Answering
from grange.doors.afanasy.binary.types import Kind, framed, mismatch, number
from grange.doors.afanasy.digest import answer
from grange.doors.afanasy.opening import PORT, open_door
from grange.server.config import Settings
from grange.server.http import CannotListen
from tests.doors.afanasy.opened import HOST, Opened, opened
from tests.doors.afanasy.recorded import recorded
from tests.doors.afanasy.stand import Stand, standing
from tests.doors.afanasy.test_digest import digest_of

JOB = {
    "name": "ünï → 🎬",
    "user_name": "jimmy",
    "host_name": "ws1",
    "blocks": [{"flags": 1, "frame_first": 1, "frame_last": 4, "command": "render @#@"}],
}
WHO = {"user_name": "jimmy", "host_name": "ws1"}
GET_JOBS = {"get": {"type": "jobs", **WHO}}


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Opened]:
    with opened(tmp_path) as found:
        yield found


def raw(said: dict[str, str], what: str) -> bytes:
    """The bytes of a recording."""
    text = said.get(f"{what}_bytes")
    return bytes.fromhex(said[f"{what}_hex"]) if text is None else text.encode()


def submitted(door: Opened) -> int:
    found = door.text({"job": JOB})
    assert set(found) == {"id", "serial"}
    return int(found["id"])


def last_audit(door: Opened) -> Any:
    views = door.stand.desk.views
    return door.stand.wait(views.audit(limit=1))[0]


@pytest.mark.proves("afanasy.framings.text")
def test_a_script_submits_a_job_and_sees_it(door: Opened) -> None:
    number_of_job = submitted(door)
    (job,) = door.text(GET_JOBS)["jobs"]
    assert (job["id"], job["name"], job["user_name"]) == (number_of_job, JOB["name"], "jimmy")


def test_a_script_of_before_2_1_reads_the_whole_answer_as_json(door: Opened) -> None:
    body = json.dumps({"job": {**JOB, "name": "\u00e9t\u00e9"}}).encode()
    said = door.say(b"[ * AFANASY * ] 1 0 %d JSON" % len(body) + body)
    assert json.loads(said) == {"id": 2, "serial": 1}
    body = json.dumps(GET_JOBS).encode()
    said = door.say(b"[ * AFANASY * ] 1 0 %d JSON" % len(body) + body)
    assert said.isascii()
    assert [job["name"] for job in json.loads(said)["jobs"]] == ["\u00e9t\u00e9"]


def test_an_answer_to_a_script_is_ascii(door: Opened) -> None:
    submitted(door)
    body = json.dumps(GET_JOBS).encode()
    assert door.say(b"AFANASY %d JSON" % len(body) + body).isascii()


@pytest.mark.proves("afanasy.framings.post")
def test_a_page_submits_a_job_whatever_its_header_counts(door: Opened) -> None:
    status, found = door.post({"job": JOB}, AFANASY="3")
    assert (status, set(found)) == (200, {"id", "serial"})
    assert door.post(GET_JOBS)[1]["jobs"][0]["name"] == JOB["name"]


@pytest.mark.proves("afanasy.framings.binary")
def test_the_desktop_program_asks_in_binary_and_is_answered_so(door: Opened) -> None:
    submitted(door)
    head, body = door.binary(Kind.JSON_BINARY, json.dumps(GET_JOBS).encode())
    assert head.kind is Kind.JSON_BINARY
    assert json.loads(body)["jobs"][0]["name"] == JOB["name"]
    asked = {"get": {**GET_JOBS["get"], "binary": True}}
    head, body = door.binary(Kind.JSON_BINARY, json.dumps(asked).encode())
    assert head.kind is Kind.JOBS_LIST
    assert "🎬".encode() in body


def test_a_script_that_asks_in_binary_is_answered_so(door: Opened) -> None:
    body = json.dumps({"get": {"type": "jobs", "binary": True}}).encode()
    head, _ = door.read(b"AFANASY %d JSON" % len(body) + body)
    assert head.kind is Kind.JOBS_LIST


def test_a_binary_monitor_that_is_not_known_registers_again(door: Opened) -> None:
    assert door.say(number(Kind.MONITOR_UPDATE_ID, 7)) == number(Kind.MONITOR_ID, 0)


def test_a_binary_monitor_says_good_bye(door: Opened) -> None:
    asked = {"monitor": {**WHO, "engine": "afwatch"}}
    monitor = door.text(asked)["monitor"]["id"]
    assert door.say(number(Kind.MONITOR_UPDATE_ID, monitor)) == number(Kind.MONITOR_ID, monitor)
    door.say(number(Kind.MONITOR_DEREGISTER, monitor))
    assert door.say(number(Kind.MONITOR_UPDATE_ID, monitor)) == number(Kind.MONITOR_ID, 0)


def test_what_waits_for_no_answer_has_none(door: Opened) -> None:
    monitor = door.text({"monitor": {**WHO, "engine": "web"}})["monitor"]["id"]
    operation = {"type": "deregister"}
    asked = {"action": {**WHO, "type": "monitors", "ids": [monitor], "operation": operation}}
    assert door.post(asked) == (200, None)
    body = json.dumps(asked).encode()
    assert door.say(b"AFANASY %d JSON" % len(body) + body) == b""


@pytest.mark.parametrize("name", ["frame_text", "frame_http_post", "frame_binary_json"])
def test_a_request_is_answered_in_the_framing_of_the_recording(door: Opened, name: str) -> None:
    (vector,) = recorded(name)
    sent, received = raw(vector["input"], "sent"), raw(vector["output"], "received")
    found = door.say(sent.replace(b"Host: x", b"Host: farm"))
    begin, end = found.index(b"{"), received.index(b"{")
    assert json.loads(found[begin:]) == json.loads(received[end:])
    same = {"frame_text": len(b"AFANASY "), "frame_http_post": 34, "frame_binary_json": 8}[name]
    assert found[:same] == received[:same]


@pytest.mark.parametrize("name", ["frame_version_mismatch", "binary_monitor_poll_unknown"])
def test_a_number_is_answered_byte_by_byte_as_recorded(door: Opened, name: str) -> None:
    (vector,) = recorded(name)
    found = door.say(bytes.fromhex(vector["input"]["sent_hex"]))
    assert found == bytes.fromhex(vector["output"]["received_hex"])


@pytest.mark.parametrize("sent", [number(Kind.CONFIRM, 1), framed(Kind.STRING, b"\0\0\0\1\0")])
def test_a_binary_message_that_needs_no_answer_has_one_in_text(door: Opened, sent: bytes) -> None:
    head, _, body = door.say(sent).partition(b"JSON")
    assert head == b"AFANASY %d " % len(body)
    assert json.loads(body)["info"]["kind"] == "log"


@pytest.mark.parametrize("kind", [Kind.STAT_DATA, Kind.TASK, Kind.RENDER_EVENTS])
def test_a_binary_message_that_means_nothing_here_is_answered(door: Opened, kind: Kind) -> None:
    head, body = door.binary(kind, b"\0" * 40)
    assert head.kind is Kind.JSON_BINARY
    assert json.loads(body)["info"]["kind"] == "error"


@pytest.mark.proves("afanasy.framings.version")
def test_another_version_of_the_protocol_is_told_so(door: Opened) -> None:
    assert door.say((79).to_bytes(4, "big") + bytes(8)) == mismatch()


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"5", b'{"a":', b"\xff", b'{"get":"\\ud800"}', b"[" * 1_000, b"{}"]
)
def test_what_cannot_be_understood_is_answered_with_a_sentence(door: Opened, body: bytes) -> None:
    said = door.say(b"AFANASY %d JSON" % len(body) + body).partition(b"JSON")[2]
    info = json.loads(said)["info"]
    assert info["kind"] == "error"
    assert info["text"]
    assert door.post(body)[1]["info"] == info


def test_what_is_nested_deeply_or_has_too_many_values_is_refused(
    door: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "VALUES_MAX", 100)
    for body in (b'{"get":' * 100_000, b'{"get":[' + b"0," * 200 + b"0]}"):
        assert door.post(body)[1]["info"]["kind"] == "error"


def test_a_fault_of_ours_is_answered_and_logged(
    door: Opened, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: Any) -> None:
        raise KeyError("a bug")

    monkeypatch.setattr(Answering, "answer", broken)
    assert "its log" in door.text(GET_JOBS)["info"]["text"]
    assert caplog.records[0].exc_info is not None


def test_lines_are_shown_to_the_page_as_text(
    door: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def lines(*_: Any) -> Any:
        return reply.lines("<b>", "log", ['<script>"&'])

    monkeypatch.setattr(Answering, "answer", lines)
    assert door.text(GET_JOBS)["message"]["list"] == ['<script>"&']
    assert door.post(GET_JOBS)[1]["message"]["list"] == ['&lt;script&gt;"&amp;']


@pytest.mark.proves("afanasy.security.unverified")
def test_the_audit_says_that_the_name_is_unverified(door: Opened) -> None:
    submitted(door)
    found = last_audit(door)
    assert (found.user, found.action, found.address) == (
        "jimmy (unverified)",
        SubmitJob.__name__,
        "127.0.0.1",
    )


@pytest.mark.proves("afanasy.security.pages")
def test_what_a_foreign_page_sends_is_refused(door: Opened) -> None:
    assert door.post(GET_JOBS, Host="evil.test")[0] == 421
    assert door.post(GET_JOBS, AFANASY="")[0] == 403
    assert door.post(GET_JOBS, Origin="http://evil.test")[0] == 403
    assert door.post(GET_JOBS, Origin=f"http://{HOST}")[0] == 200
    assert door.http(b"OPTIONS / HTTP/1.1\r\nHost: farm\r\n\r\n")[0] == 405


@pytest.mark.proves("afanasy.framings.get")
def test_a_file_is_served_to_a_browser(tmp_path: Path) -> None:
    (tmp_path / "cgru" / "afanasy" / "browser").mkdir(parents=True)
    (tmp_path / "cgru" / "afanasy" / "browser" / "index.html").write_text("hello")
    with opened(tmp_path, afanasy_cgru_folder=tmp_path / "cgru") as door:
        status, head, body = door.http(b"GET / HTTP/1.1\r\nHost: farm\r\n\r\n")
        assert (status, body) == (200, b"hello")
        assert "nosniff" in head
        assert door.http(b"GET /@TMP@/1/1/1/a.jpg HTTP/1.1\r\nHost: farm\r\n\r\n")[0] == 404


@pytest.mark.proves("afanasy.security.digest")
def test_where_a_password_is_needed_the_page_is_asked_for_it(tmp_path: Path) -> None:
    file = tmp_path / ".htdigest"
    file.write_text(f"ann:CGRU:{digest_of('ann', 'secret')}\n")
    with opened(tmp_path, afanasy_allow=(), afanasy_digest_file=file) as door:
        asked = door.post({"get": {"type": "config"}})[1]
        assert set(asked) == {"realm", "nonce"}
        nonce = asked["nonce"]
        response = answer(digest_of("ann", "secret"), nonce, 1).decode()
        auth = {"user_name": "ann", "nonce": nonce, "nc": 1, "response": response}
        assert set(door.post({"job": JOB, "auth": auth})[1]) == {"id", "serial"}
        assert last_audit(door).user == "ann"
        assert "realm" in door.post({"job": JOB, "auth": auth})[1]
        assert "realm" in door.text(GET_JOBS)
        head, body = door.read(number(Kind.MONITOR_UPDATE_ID, 1))
        assert (head.kind, "password" in body.decode()) == (Kind.JSON_BINARY, True)


@pytest.mark.proves("afanasy.security.role")
def test_the_role_bounds_what_clients_may_do(tmp_path: Path) -> None:
    with opened(tmp_path, afanasy_role="viewer") as door:
        assert "may not do this" in door.text({"job": JOB})["error"]
        assert door.text(GET_JOBS) == {"jobs": []}


@pytest.fixture
def stand(tmp_path: Path) -> Iterator[Stand]:
    with standing(tmp_path) as found:
        yield found


def opening(stand: Stand, folder: Path, **settings: Any) -> Any:
    return open_door(
        stand.desk,
        stand.gauges,
        Settings(state_dir=folder, **settings),
        nodes=None,
        hosts=(),
        monotonic=lambda: 0.0,
    )


def test_a_farm_without_the_door_has_none(stand: Stand, tmp_path: Path) -> None:
    assert opening(stand, tmp_path, afanasy=False) is None


def test_the_usual_port_that_is_taken_is_done_without(
    stand: Stand, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        monkeypatch.setattr("grange.doors.afanasy.opening.PORT", taken)
        assert opening(stand, tmp_path) is None
        assert caplog.records[0].levelno == logging.WARNING
        with pytest.raises(CannotListen, match="afanasy_port"):
            opening(stand, tmp_path, afanasy_port=taken)
    assert PORT == 51_000


def test_a_server_at_any_port_has_the_door_at_any_port(stand: Stand, tmp_path: Path) -> None:
    doors = [opening(stand, tmp_path, port=0) for _ in range(2)]
    assert len({door.address for door in doors}) == 2
    for door in doors:
        door._listener.close()
