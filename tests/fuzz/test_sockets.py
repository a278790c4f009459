"""WebSockets: whatever comes, the server closes or goes on, and believes no forgery."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grange.model.ids import RunId
from grange.model.run import Progress, Resources, RunResult, Traits
from grange.model.states import RunStatus
from grange.server import feed, links
from grange.wire import watch, worker
from grange.wire.codec import encode
from tests.doors.native.asking import FakeWorker, job, linked
from tests.doors.native.served import Served
from tests.fuzz.target import damage
from tests.fuzz.targets.wire import TO_SERVER

EXAMPLES = int(os.environ.get("GRANGE_FUZZ_EXAMPLES", "60"))
WAIT_S = 10.0
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
HELLO = encode(TO_SERVER[0])
FRAMES_DONE = worker.FramesDone(run_id=RunId(1), count=2**63 - 1)

SEED = st.sampled_from([encode(message) for message in TO_SERVER])
MESSAGES = st.one_of(
    st.binary(max_size=100),
    st.builds(damage, SEED, st.integers(0, 2**32 - 1), st.integers(1, 3)),
)


def frame(opcode: int, data: bytes, *, final: bool = True, first: int = 0) -> bytes:
    """A frame as a client sends it, masked by nothing."""
    head = bytes((first or (0x80 * final | opcode),))
    size = len(data)
    if size < 126:
        head += bytes((0x80 | size,))
    elif size < 2**16:
        head += b"\xfe" + struct.pack("!H", size)
    else:
        head += b"\xff" + struct.pack("!Q", size)
    return head + b"\0\0\0\0" + data


@contextmanager
def opened(farm: Served, path: str, token: str | None = None) -> Iterator[socket.socket]:
    """A WebSocket, its handshake done, without a library that knows what is allowed."""
    head = (
        f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        f"Authorization: Bearer {farm.admin if token is None else token}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", farm.listener.port), WAIT_S) as link:
        link.sendall(head.encode())
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += link.recv(1)
        assert b" 101 " in answer
        yield link


def until_closed(link: socket.socket) -> bytes:
    """What still comes until the server closes its side; fails where it does not."""
    found = b""
    try:
        while piece := link.recv(65_536):
            found += piece
            if found[-4:-2] and b"\x88" in found:
                link.sendall(frame(CLOSE, b""))
    except (ConnectionResetError, BrokenPipeError):
        pass
    return found


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who says nothing is not waited for long."""
    monkeypatch.setattr(links, "HELLO_TIMEOUT_S", 0.3)
    monkeypatch.setattr(feed, "FIRST_TIMEOUT_S", 0.3)


@pytest.fixture(autouse=True)
def unharmed(farm: Served, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Others are answered afterwards, nothing is broken, and no fault was logged."""
    yield
    with farm.client() as api:
        assert api.get("/doctor").json()["faults"] == []
    assert [found.getMessage() for found in caplog.records if found.levelname == "ERROR"] == []


BROKEN = {
    "reserved bits": frame(BINARY, HELLO, first=0xF2),
    "an opcode that is none": frame(3, b""),
    "a continuation of nothing": frame(0, HELLO),
    "a message in a message": frame(BINARY, b"a", final=False) + frame(BINARY, b"b"),
    "a ping in pieces": frame(PING, b"", final=False),
    "a ping too long": frame(PING, b"a" * 126),
    "no mask": bytes((0x82, 1)) + b"a",
    "a length beyond numbers": b"\x82\xff" + b"\xff" * 8 + b"\0\0\0\0",
    "a length beyond bounds": b"\x82\xff" + struct.pack("!Q", 2**40) + b"\0\0\0\0",
    "text that is none": frame(TEXT, b"\xff\xfe"),
    "half a character": frame(TEXT, b"\xc3", final=False) + frame(0, b"\xc3"),
    "a close of one byte": frame(CLOSE, b"a"),
    "a close for no reason that is": frame(CLOSE, struct.pack("!H", 7) + b"\xff"),
    "a close": frame(CLOSE, struct.pack("!H", 1000)),
    "nothing": b"",
}


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize("path", [worker.PATH, watch.PATH])
def test_a_broken_frame_ends_its_connection(farm: Served, path: str, name: str) -> None:
    with opened(farm, path) as link:
        link.sendall(BROKEN[name])
        until_closed(link)


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"\xff", b"[" * 50_000, b'{"tasks_of":' + b"[" * 50_000, b'{"after":1e400}', b"1"],
)
@pytest.mark.parametrize("opcode", [TEXT, BINARY])
def test_a_watch_that_is_none_is_told_so(farm: Served, data: bytes, opcode: int) -> None:
    with opened(farm, watch.PATH) as link:
        link.sendall(frame(opcode, data))
        found = until_closed(link)
    assert b"bad-watch" in found or data == b"\xff"


def test_a_watch_in_pieces_is_understood(farm: Served) -> None:
    with opened(farm, watch.PATH) as link:
        link.sendall(frame(TEXT, b'{"job', final=False) + frame(PING, b"x"))
        link.sendall(frame(0, b's":true}'))
        found = b""
        while b"snapshot" not in found:
            found += link.recv(65_536)


@pytest.mark.parametrize("opcode", [TEXT, BINARY])
def test_a_worker_that_begins_with_anything_is_answered_or_cut_off(
    farm: Served, opcode: int
) -> None:
    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(MESSAGES)
    def holds(data: bytes) -> None:
        with opened(farm, worker.PATH) as link:
            link.sendall(frame(opcode, data) + frame(BINARY, b"\xc1") + frame(CLOSE, b""))
            until_closed(link)

    holds()


def test_a_worker_that_goes_on_with_anything_is_cut_off_or_changes_nothing(farm: Served) -> None:
    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(MESSAGES, max_size=3))
    def holds(messages: list[bytes]) -> None:
        with opened(farm, worker.PATH) as link:
            link.sendall(frame(BINARY, HELLO))
            for data in messages:
                link.sendall(frame(BINARY, data))
            link.sendall(frame(BINARY, b"\xc1") + frame(CLOSE, b""))
            until_closed(link)

    holds()


def test_a_message_that_is_too_large_ends_its_connection(farm: Served) -> None:
    with opened(farm, worker.PATH) as link:
        try:
            link.sendall(frame(BINARY, b"\0" * (worker.MESSAGE_MAX + 1)))
        except (ConnectionResetError, BrokenPipeError):
            return
        until_closed(link)


def forged(run_id: int) -> tuple[worker.ToServer, ...]:
    """What a worker could say of a run that is another's, or nobody's."""
    run = RunId(run_id)
    return (
        worker.Ended(run_id=run, result=RunResult(status=RunStatus.DONE, exit_code=0)),
        worker.FramesDone(run_id=run, count=1),
        worker.Log(run_id=run, offset=0, data=b"forged"),
        worker.Beat(number=1, progress=(Progress(run_id=run, percent=99, activity="forged"),)),
    )


def said(other: FakeWorker, run_id: int) -> None:
    """Say it all, and wait until the server has heard it."""
    for message in forged(run_id):
        other.send(message)
    other.until(worker.BeatAck)


def test_what_a_worker_says_of_another_s_run_changes_nothing(farm: Served) -> None:
    with farm.client() as api, linked(farm, "honest") as honest:
        api.post("/jobs", json=job({"frames": "1", "command": ["render"]}))
        run_id = honest.until(worker.Start).run.run_id
        with linked(farm, "forger") as forger:
            said(forger, run_id)
            view = api.get(f"/runs/{run_id}").json()
            assert view["result"] is None
            assert not view["progress"]
            assert api.get(f"/runs/{run_id}/log").text == ""
            assert "forged" not in api.get(f"/jobs/{view['job_id']}/blocks/0/tasks").text
        honest.log(run_id, b"honest")
        honest.end(run_id)
        assert api.get(f"/runs/{run_id}").json()["result"]["status"] == "done"
        assert api.get(f"/runs/{run_id}/log").text == "honest"


@pytest.mark.parametrize("run_id", [0, -1, 10**9, 2**63 - 1, -(2**63)])
def test_what_a_worker_says_of_no_run_changes_nothing(farm: Served, run_id: int) -> None:
    with farm.client() as api, linked(farm, "liar") as liar:
        before: list[Any] = api.get("/jobs").json()["jobs"]
        said(liar, run_id)
        assert api.get("/jobs").json()["jobs"] == before


def test_figures_that_cannot_be_are_shown_to_nobody(farm: Served) -> None:
    huge = 2**63 - 1
    load = Resources(mem_free_mb=-huge, mem_total_mb=huge, cpu_user=huge, gpu_string="x" * 100_000)
    with farm.client() as api, linked(farm, "boaster") as boaster:
        boaster.send(worker.Beat(number=1, resources=load))
        boaster.until(worker.BeatAck)
        boaster.send(worker.Beat(number=2))
        boaster.until(worker.BeatAck)
        answer = api.get("/workers")
        assert answer.status_code == 200
        assert len(answer.content) < 50_000


def test_a_worker_s_words_about_itself_are_bounded(farm: Served) -> None:
    long = "x" * 100_000
    traits = Traits(os=long, gpu_name=long, services=(long,) * 20, addresses=(long,))
    with farm.client() as api, opened(farm, worker.PATH) as link:
        hello = worker.Hello(version=1, name="talker", boot_id=long, traits=traits, user=long)
        link.sendall(frame(BINARY, encode(hello)))
        while b"welcome" not in link.recv(65_536):
            pass
        assert len(api.get("/workers").content) < 100_000
