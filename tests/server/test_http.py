"""The listener, over real sockets: bounded waits, bounded heads, a clean end."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from grange.server import http
from grange.server.asgi import App, Receive, Scope, Send
from grange.server.http import CannotListen, Listener, Tls, raise_file_limit
from grange.server.request import respond
from grange.server.state_dir import StateDir, fingerprint

PATIENCE_S = 20.0  # of a test
CHUNKED = b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
UPGRADE = (
    b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    """An application that says hello."""
    await respond(send, 200, b"hello", {"Content-Type": "text/plain"})


def serve(
    work: Callable[[Listener], Awaitable[None]], app: App = hello, tls: Tls | None = None
) -> None:
    """Do something with a listener that runs."""

    async def run() -> None:
        listener = Listener(host="127.0.0.1", port=0, tls=tls, stop_max_s=1)
        async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as group:
            group.create_task(listener.run(app))
            await listener.ready.wait()
            await work(listener)
            listener.stop()

    asyncio.run(run())


async def dial(listener: Listener) -> Streams:
    return await asyncio.open_connection("127.0.0.1", listener.port)


async def rest(streams: Streams) -> bytes:
    """All that still comes, until the server closes."""
    found = await streams[0].read()
    streams[1].close()
    return found


def test_a_request_is_answered() -> None:
    async def work(listener: Listener) -> None:
        reader, writer = await dial(listener)
        writer.write(GET)
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        writer.close()

    serve(work)


def test_several_requests_share_a_connection() -> None:
    async def work(listener: Listener) -> None:
        reader, writer = await dial(listener)
        for _ in range(3):
            writer.write(GET)
            await reader.readuntil(b"hello")
        writer.write(GET + GET)
        for _ in range(2):
            await reader.readuntil(b"hello")
        writer.close()

    serve(work)


@pytest.mark.parametrize("begun", [b"", b"GET / HTTP/1.1\r\nHost: loc"])
def test_who_sends_no_whole_head_is_not_waited_for(
    begun: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "HEAD_MAX_S", 0.05)

    async def work(listener: Listener) -> None:
        streams = await dial(listener)
        streams[1].write(begun)
        assert await rest(streams) == b""

    serve(work)


def test_a_head_that_drips_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "HEAD_MAX_S", 0.05)

    async def work(listener: Listener) -> None:
        reader, writer = await dial(listener)
        writer.write(GET)
        await reader.readuntil(b"hello")
        writer.write(b"GET / HTTP/1.1\r\n")
        while not reader.at_eof():
            writer.write(b"x: y\r\n")
            with contextlib.suppress(TimeoutError, ConnectionResetError):
                async with asyncio.timeout(0.01):
                    await reader.read(1)
        writer.close()

    serve(work)


def test_a_head_that_is_too_large_is_refused() -> None:
    async def work(listener: Listener) -> None:
        streams = await dial(listener)
        streams[1].write(b"GET / HTTP/1.1\r\nx: " + b"y" * (http.HEAD_MAX_BYTES + 1))
        assert (await rest(streams)).startswith(b"HTTP/1.1 431")

    serve(work)


def test_what_is_not_http_is_refused() -> None:
    async def work(listener: Listener) -> None:
        streams = await dial(listener)
        streams[1].write(b"\x16\x03\x01 hello\r\n\r\n")
        assert (await rest(streams)).startswith(b"HTTP/1.1 400")

    serve(work)


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: 5\r\nContent-Length: 6\r\n",
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        b"Content-Length: -1\r\n",
        b"X: a\r\n folded\r\n",
        b"X : a\r\n",
    ],
)
def test_a_head_that_means_two_things_is_refused(head: bytes) -> None:
    async def work(listener: Listener) -> None:
        streams = await dial(listener)
        streams[1].write(b"POST / HTTP/1.1\r\nHost: localhost\r\n" + head + b"\r\n")
        streams[1].write_eof()
        assert not (await rest(streams)).startswith(b"HTTP/1.1 200")

    serve(work)


@pytest.mark.parametrize(
    "rest_of_request",
    [b"0\r\n" + b"x: y\r\n" * 50_000, b"0\r\nx: " + b"y" * 300_000, b"2;" + b"x" * 300_000],
)
def test_what_follows_a_body_is_bounded(rest_of_request: bytes) -> None:
    async def work(listener: Listener) -> None:
        streams = await dial(listener)
        streams[1].write(CHUNKED + b"2\r\n{}\r\n" + rest_of_request)
        with contextlib.suppress(ConnectionResetError):  # it may not even read it all
            await rest(streams)

    serve(work)


def test_trailers_are_not_kept() -> None:
    seen: list[Scope] = []

    async def note(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope)
        while (await receive())["more_body"]:
            pass
        await hello(scope, receive, send)

    async def work(listener: Listener) -> None:
        reader, writer = await dial(listener)
        writer.write(CHUNKED + b"2\r\n{}\r\n0\r\ncookie: a=b\r\n\r\n")
        await reader.readuntil(b"hello")
        writer.close()

    serve(work, note)
    assert b"cookie" not in dict(seen[0]["headers"])


@pytest.mark.parametrize("body", [b"", b"x", b"x" * 10])
def test_the_rest_of_a_request_that_was_answered_is_not_waited_for(
    body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "HEAD_MAX_S", 0.05)

    async def work(listener: Listener) -> None:
        reader, writer = await dial(listener)
        writer.write(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n")
        await reader.readuntil(b"hello")
        writer.write(body)
        assert await rest((reader, writer)) == b""

    serve(work)


def test_requests_that_pile_up_unread_end_their_connection() -> None:
    async def work(listener: Listener) -> None:
        streams = await dial(listener)
        streams[1].write(GET * (http.PIPELINED_MAX * 20))
        with contextlib.suppress(ConnectionResetError):
            await rest(streams)

    serve(work)


@pytest.mark.parametrize("head", [b"x: y\r\n" * 300, b"x: " + b"y" * 20_000 + b"\r\n"])
def test_a_handshake_that_cannot_be_read_is_refused(head: bytes) -> None:
    async def work(listener: Listener) -> None:
        streams = await dial(listener)
        streams[1].write(GET[:-2] + UPGRADE + head + b"\r\n")
        assert (await rest(streams)).startswith(b"HTTP/1.1 400")

    serve(work)


def test_a_refused_handshake_is_no_fault_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
        await respond(send, 401, b"no", {}, "websocket.http")

    async def work(listener: Listener) -> None:
        streams = await dial(listener)
        streams[1].write(GET[:-2] + UPGRADE + b"\r\n")
        assert (await rest(streams)).startswith(b"HTTP/1.1 401")

    serve(work, refuse)
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


@pytest.mark.slow
def test_pings_of_who_does_not_read_are_not_read_either() -> None:
    over = asyncio.Event()

    async def sit(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await receive()
        over.set()

    async def work(listener: Listener) -> None:
        reader, writer = await dial(listener)
        writer.write(GET[:-2] + UPGRADE + b"\r\n")
        await reader.readuntil(b"\r\n\r\n")
        reader._transport.pause_reading()  # type: ignore[attr-defined]
        ping = b"\x89\xfd\0\0\0\0" + b"p" * 125
        sent = 0
        with contextlib.suppress(TimeoutError):
            while sent < 200_000_000:
                writer.write(ping * 1_000)
                sent += 131_000
                async with asyncio.timeout(0.5):
                    await writer.drain()
        assert sent < 200_000_000
        writer.transport.abort()
        await over.wait()

    serve(work, sit)


def test_who_does_not_read_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "READ_MAX_S", 0.05)
    ended = asyncio.Event()

    async def flood(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(1_000):
            await send({"type": "http.response.body", "body": b"x" * 100_000, "more_body": True})
        ended.set()

    async def work(listener: Listener) -> None:
        _, writer = await dial(listener)
        writer.write(GET)
        await ended.wait()
        writer.close()

    serve(work, flood)


def test_a_request_under_way_is_finished_before_the_end() -> None:
    entered, go = asyncio.Event(), asyncio.Event()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        entered.set()
        await go.wait()
        await hello(scope, receive, send)

    async def work(listener: Listener) -> None:
        streams = await dial(listener)
        streams[1].write(GET)
        await entered.wait()
        listener.stop()
        go.set()
        assert (await rest(streams)).endswith(b"hello")

    serve(work, slow)


@pytest.mark.slow
def test_a_request_that_never_ends_does_not_hold_up_the_end() -> None:
    entered = asyncio.Event()

    async def stuck(scope: Scope, receive: Receive, send: Send) -> None:
        entered.set()
        await asyncio.Event().wait()

    async def work(listener: Listener) -> None:
        _, writer = await dial(listener)
        writer.write(GET)
        await entered.wait()
        writer.close()

    serve(work, stuck)


def test_a_port_that_is_taken_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CannotListen, match=f"127.0.0.1:{port} cannot be listened at"):
            Listener(host="127.0.0.1", port=port, tls=None)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.7", ""])
def test_nothing_listens_beyond_this_machine_without_tls(host: str) -> None:
    with pytest.raises(CannotListen, match="not without TLS"):
        Listener(host=host, port=0, tls=None)


def test_a_listener_that_never_ran_gives_its_port_back() -> None:
    first = Listener(host="127.0.0.1", port=0, tls=None)
    first.stop()
    Listener(host="127.0.0.1", port=first.port, tls=None).stop()


def test_with_tls_the_certificate_is_the_one_of_the_fingerprint(tmp_path: Path) -> None:
    folder = StateDir.prepare(tmp_path)
    folder.ensure_certificate([])
    context = ssl.create_default_context(cafile=str(folder.certificate))

    async def work(listener: Listener) -> None:
        assert listener.url.startswith("https://")
        reader, writer = await asyncio.open_connection("localhost", listener.port, ssl=context)
        writer.write(GET)
        await reader.readuntil(b"hello")
        writer.close()

    tls = Tls(folder.certificate, folder.certificate_key)
    serve(work, tls=tls)
    assert len(fingerprint(folder.certificate)) == 64


def test_the_limit_of_open_files_is_never_lowered() -> None:
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    raise_file_limit(1)
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == before
