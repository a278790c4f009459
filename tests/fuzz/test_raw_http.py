"""Requests that no client would make: each is answered or cut off, never with a fault."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from grange.server import http
from tests.doors.native.served import Served

HOST = b"Host: localhost\r\nConnection: close\r\n"
LOCAL = b"Host: localhost\r\n"  # for requests that are to be followed by others
WAIT_S = 10.0  # generous: the machine may be busy
UPGRADE = (
    b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
JOIN = b"POST /api/v1/join HTTP/1.1\r\n" + HOST
FARM = b"GET /api/v1/farm HTTP/1.1\r\n"
IDLE = 200  # connections that say nothing, or stop in the middle

REQUESTS = {
    "no HTTP": b"\0\xff\xfe\r\n\r\n",
    "the beginning of TLS": b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03" + b"a" * 500,
    "HTTP 2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a version that is none": b"GET / HTTP/9.9\r\n" + HOST + b"\r\n",
    "no host": FARM + b"Connection: close\r\n\r\n",
    "two hosts": FARM + HOST + b"Host: evil.test\r\n\r\n",
    "two lengths": JOIN + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}x",
    "a length and chunks": JOIN
    + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks in chunks": JOIN + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "a length below nothing": JOIN + b"Content-Length: -1\r\n\r\n",
    "a length with a sign": JOIN + b"Content-Length: +2\r\n\r\n{}",
    "a length beyond numbers": JOIN + b"Content-Length: 99999999999999999999\r\n\r\n",
    "a length in other digits": JOIN + b"Content-Length: \xb2\r\n\r\n",
    "a chunk of no size": JOIN + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
    "a chunk beyond numbers": JOIN + b"Transfer-Encoding: chunked\r\n\r\n" + b"f" * 18 + b"\r\n",
    "a folded header": FARM + HOST + b"X: a\r\n b\r\n\r\n",
    "a blank before a colon": FARM + b"Host : localhost\r\n\r\n",
    "bare line feeds": b"GET /api/v1/farm HTTP/1.1\nHost: localhost\n\n",
    "a NUL in a header": FARM + HOST + b"X: a\0b\r\n\r\n",
    "bytes in a token": FARM + HOST + b"Authorization: Bearer \xff\xfe\r\n\r\n",
    "bytes in a cookie": FARM + HOST + b'Cookie: grange_session=\xff.\xff; a="\\\r\n\r\n',
    "bytes in a path": b"GET /\xff\xfe HTTP/1.1\r\n" + HOST + b"\r\n",
    "an escaped NUL in a path": b"GET /login/%00%ff HTTP/1.1\r\n" + HOST + b"\r\n",
    "a way out of a folder": b"GET /..%2f..%2f..%2fetc/passwd HTTP/1.1\r\n" + HOST + b"\r\n",
    "another way out": b"GET /assets/../../../../etc/passwd HTTP/1.1\r\n" + HOST + b"\r\n",
    "a whole address": b"GET http://evil.test/api/v1/farm HTTP/1.1\r\n" + HOST + b"\r\n",
    "a tunnel": b"CONNECT evil.test:80 HTTP/1.1\r\n" + HOST + b"\r\n",
    "a star": b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n",
    "a method that is none": b"BREW / HTTP/1.1\r\n" + HOST + b"\r\n",
    "another method by a header": FARM + HOST + b"X-HTTP-Method-Override: DELETE\r\n\r\n",
    "a number of many digits": b"GET /api/v1/jobs/"
    + b"9" * 5_000
    + b" HTTP/1.1\r\n"
    + HOST
    + b"\r\n",
    "a range beyond numbers": b"GET /api/v1/runs/1/log HTTP/1.1\r\n"
    + HOST
    + b"Range: bytes=99999999999999999999-\r\n\r\n",
    "a line too long": b"GET /" + b"a" * 400_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    "headers too many": FARM + HOST + b"a: b\r\n" * 80_000 + b"\r\n",
    "a deep nest": JOIN + b"Content-Length: 9000\r\n\r\n" + b"[" * 9_000,
    "a body of many parts": JOIN
    + b"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 2\r\n\r\n{}",
    "a content type that is none": JOIN + b"Content-Type: \xff/;;=\r\nContent-Length: 2\r\n\r\n{}",
    "a body too large for nobody": JOIN + b"Content-Length: 20000\r\n\r\n" + b" " * 20_000,
    "an upgrade to HTTP 2": FARM + HOST + b"Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
    "a WebSocket without a key": FARM
    + HOST
    + UPGRADE.partition(b"Sec-WebSocket-Key")[0]
    + b"\r\n",
    "a WebSocket of many headers": FARM + LOCAL + UPGRADE + b"a: b\r\n" * 300 + b"\r\n",
    "a WebSocket of a long header": FARM + LOCAL + UPGRADE + b"a: " + b"b" * 20_000 + b"\r\n\r\n",
    "a WebSocket at no place": FARM + LOCAL + UPGRADE + b"\r\n",
    "a WebSocket by POST": b"POST /api/v1/join HTTP/1.1\r\n"
    + LOCAL
    + UPGRADE
    + b"Content-Length: 0\r\n\r\n",
    "a watch by nobody": b"GET /api/v1/watch HTTP/1.1\r\n" + LOCAL + UPGRADE + b"\r\n",
    "a worker by nobody": b"GET /api/v1/worker HTTP/1.1\r\n" + LOCAL + UPGRADE + b"\r\n",
    "many at once": (FARM + LOCAL + b"\r\n") * 5_000,
}


@contextmanager
def dialled(farm: Served) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", farm.listener.port), WAIT_S) as link:
        yield link


def statuses(farm: Served, request: bytes) -> list[int]:
    """Send a request; the statuses of what comes back until the server closes, or switches."""
    found = b""
    with dialled(farm) as link:
        try:
            link.sendall(request)
            while b" 101 " not in found and (piece := link.recv(65_536)):
                found += piece
        except (ConnectionResetError, BrokenPipeError):
            pass  # it had enough
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", found)]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is no whole request is not waited for long."""
    monkeypatch.setattr(http, "HEAD_MAX_S", 0.3)


@pytest.fixture(autouse=True)
def unharmed(farm: Served, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Others are answered afterwards, nothing is broken, and no fault was logged."""
    yield
    with farm.client() as api:
        assert api.get("/doctor").json()["faults"] == []
    assert [found.getMessage() for found in caplog.records if found.levelname == "ERROR"] == []


@pytest.mark.parametrize("name", REQUESTS)
@pytest.mark.parametrize("signed", [False, True])
def test_a_strange_request_is_answered_or_cut_off(farm: Served, name: str, signed: bool) -> None:
    request = REQUESTS[name]
    if signed:
        token = f"Authorization: Bearer {farm.admin}\r\n".encode()
        request = request.replace(LOCAL, LOCAL + token)
    found = statuses(farm, request)
    assert all(status < 500 for status in found), found
    assert signed or not {101, 200, 201, 204, 206} & set(found), found


def test_connections_that_say_nothing_keep_nobody_out(farm: Served) -> None:
    begun = (b"", b"GET / HTTP/1.1\r\nHost: loc", JOIN + b"Content-Length: 9\r\n\r\n{")
    links = [socket.create_connection(("127.0.0.1", farm.listener.port)) for _ in range(IDLE)]
    try:
        for number, link in enumerate(links):
            link.sendall(begun[number % len(begun)])
        with farm.client() as api:
            answers = [api.get("/farm").status_code for _ in range(20)]
    finally:
        for link in links:
            link.close()
    assert answers == [200] * 20


def test_what_is_sent_after_a_refusal_is_no_new_request(farm: Served) -> None:
    """A body that was not read must not be taken for a request of somebody who may."""
    inner = FARM + LOCAL + f"Authorization: Bearer {farm.admin}\r\n\r\n".encode()
    request = (
        b"POST /api/v1/jobs HTTP/1.1\r\n" + LOCAL + b"Content-Length: %d\r\n\r\n" % len(inner)
    )
    assert statuses(farm, request + inner + FARM + HOST + b"\r\n") == [401, 401]


def test_a_long_name_of_a_field_costs_as_little_as_a_short_one(farm: Served) -> None:
    answer = httpx.post(
        f"{farm.listener.url}/api/v1/jobs",
        content=b'{"' + b"a" * 90_000 + b'":1}',
        headers={"Authorization": f"Bearer {farm.admin}"},
    )
    assert answer.status_code == 400
    assert len(answer.content) < 1_000
