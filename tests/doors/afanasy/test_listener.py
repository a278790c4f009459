"""Connections: one request each, and bounds on what they hold and how long."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from grange.doors.afanasy import listener as module
from grange.doors.afanasy.framing import Request, Text
from grange.doors.afanasy.listener import AfanasyListener, Answer, Peer
from grange.server.http import CannotListen

PATIENCE_S = 20.0
ASK = b"AFANASY 2 JSON{}"
LARGE = 30_000_000  # bytes, more than sockets buffer


async def echo(request: Request, peer: Peer) -> bytes:
    assert isinstance(request, Text)
    assert (peer.address, peer.reached) == ("127.0.0.1", "127.0.0.1")
    return b"said " + request.body


def listening(**how: Any) -> AfanasyListener:
    """A listener at any port."""
    settings: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": 0,
        "admits": lambda _: True,
        "message_max": 1_000,
        "connections_max": 100,
        "stop_max_s": PATIENCE_S,
    }
    return AfanasyListener(**settings | how)


class Client:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def rest(self) -> bytes:
        """All that comes until the end."""
        try:
            return await self.reader.read()
        except ConnectionResetError:
            return b""

    async def ask(self, data: bytes) -> bytes:
        self.writer.write(data)
        return await self.rest()


Connect = Callable[[], Awaitable[Client]]


@asynccontextmanager
async def running(listener: AfanasyListener, answer: Answer = echo) -> AsyncIterator[Connect]:
    """A listener that runs, and what connects to it."""
    clients: list[Client] = []

    async def connect() -> Client:
        client = Client(*await asyncio.open_connection("127.0.0.1", listener.port))
        clients.append(client)
        return client

    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as group:
        serving = group.create_task(listener.run(answer))
        yield connect
        for client in clients:
            client.writer.close()
        listener.stop()
        await serving
    assert listener._budget.held == 0
    assert not listener._reading
    assert not listener._answering


def conversation(work: Callable[[Connect], Awaitable[None]], **how: Any) -> None:
    """Run a listener for some work with connections."""
    answer = how.pop("answer", echo)

    async def run() -> None:
        async with running(listening(**how), answer) as connect:
            await work(connect)

    asyncio.run(run())


def test_a_request_is_answered_and_that_is_the_end() -> None:
    async def work(connect: Connect) -> None:
        assert await (await connect()).ask(ASK) == b"said {}"

    conversation(work)


def test_a_request_may_come_in_pieces() -> None:
    async def work(connect: Connect) -> None:
        client = await connect()
        for at in range(len(ASK)):
            client.writer.write(ASK[at : at + 1])
            await client.writer.drain()
        assert await client.rest() == b"said {}"

    conversation(work)


def test_who_asks_and_reads_no_answer_does_no_harm(caplog: pytest.LogCaptureFixture) -> None:
    async def work(connect: Connect) -> None:
        client = await connect()
        client.writer.write(ASK)
        client.writer.transport.abort()
        assert await (await connect()).ask(ASK) == b"said {}"

    conversation(work)
    assert not caplog.records


def test_a_client_that_ends_what_it_sends_is_answered() -> None:
    async def work(connect: Connect) -> None:
        client = await connect()
        client.writer.write(ASK)
        client.writer.write_eof()
        assert await client.rest() == b"said {}"

    conversation(work)


def test_half_a_request_is_not_answered() -> None:
    async def work(connect: Connect) -> None:
        client = await connect()
        client.writer.write(ASK[:-1])
        client.writer.write_eof()
        assert await client.rest() == b""

    conversation(work)


def test_what_cannot_be_read_is_answered_while_it_still_comes() -> None:
    async def work(connect: Connect) -> None:
        client = await connect()
        client.writer.write(b"AFANASY 5000 JSON" + b"x" * 5_000)
        assert b"at most 1000 bytes" in await client.rest()

    conversation(work)


def test_who_is_not_admitted_hears_nothing_and_is_logged_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def work(connect: Connect) -> None:
        assert await (await connect()).ask(ASK) == b""
        assert await (await connect()).ask(ASK) == b""

    conversation(work, admits=lambda _: False)
    (record,) = caplog.records
    assert "afanasy_allow" in record.getMessage()


def test_connections_beyond_the_bound_are_closed() -> None:
    async def work(connect: Connect) -> None:
        clients = [await connect() for _ in range(3)]
        assert await clients[2].rest() == b""
        assert await clients[0].ask(ASK) == b"said {}"
        assert await (await connect()).ask(ASK) == b"said {}"

    conversation(work, connections_max=2)


@pytest.mark.parametrize("bound", ["IDLE_MAX_S", "REQUEST_MAX_S"])
def test_a_request_that_does_not_come_ends(bound: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, bound, 0.01)

    async def work(connect: Connect) -> None:
        client = await connect()
        client.writer.write(ASK[:-1])
        assert await client.rest() == b""

    conversation(work)


def test_an_answer_that_nobody_reads_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "READ_MAX_S", 0.01)

    async def run() -> None:
        given_up = asyncio.Event()

        async def large(request: Request, peer: Peer) -> bytes:
            asyncio.get_running_loop().call_later(0.2, given_up.set)
            return b"x" * LARGE

        async with running(listening(), large) as connect:
            client = await connect()
            client.reader._transport.pause_reading()  # type: ignore[attr-defined]
            client.writer.write(ASK)
            await given_up.wait()
            client.reader._transport.resume_reading()  # type: ignore[attr-defined]
            assert len(await client.rest()) < LARGE

    asyncio.run(run())


def test_a_long_answer_comes_whole_however_slowly_it_is_read() -> None:
    async def large(request: Request, peer: Peer) -> bytes:
        return b"x" * LARGE

    async def work(connect: Connect) -> None:
        client = await connect()
        client.writer.write(ASK)
        size = 0
        while piece := await client.reader.read(100_000):
            size += len(piece)
        assert size == LARGE

    conversation(work, answer=large)


def test_what_all_hold_together_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HELD_MAX", 1_500)

    async def work(connect: Connect) -> None:
        first, second = await connect(), await connect()
        first.writer.write(b"AFANASY 999 JSON" + b" " * 900)
        await first.writer.drain()
        assert await second.ask(b"AFANASY 999 JSON" + b" " * 900) == b""
        assert await first.ask(b" " * 97 + b"{}") == b"said " + b" " * 997 + b"{}"

    conversation(work)


def test_answers_that_are_not_read_count_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HELD_MAX", LARGE)

    async def large(request: Request, peer: Peer) -> bytes:
        return b"x" * LARGE

    async def work(connect: Connect) -> None:
        first, second = await connect(), await connect()
        first.writer.write(ASK)
        await first.reader.readexactly(1)
        assert await second.ask(ASK) == b""
        assert len(await first.rest()) == LARGE - 1
        assert len(await (await connect()).ask(ASK)) == LARGE

    conversation(work, answer=large)


def test_a_fault_of_ours_ends_one_connection_and_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def broken(request: Request, peer: Peer) -> bytes:
        raise KeyError("a bug")

    async def work(connect: Connect) -> None:
        assert await (await connect()).ask(ASK) == b""
        assert await (await connect()).ask(ASK) == b""

    conversation(work, answer=broken)
    assert len(caplog.records) == 2


def test_a_listener_that_stops_answers_what_is_under_way() -> None:
    async def run() -> None:
        begun, go = asyncio.Event(), asyncio.Event()

        async def late(request: Request, peer: Peer) -> bytes:
            begun.set()
            await go.wait()
            return b"late"

        listener = listening()
        async with running(listener, late) as connect:
            asked, half = await connect(), await connect()
            asked.writer.write(ASK)
            half.writer.write(ASK[:-1])
            await begun.wait()
            listener.stop()
            assert await half.rest() == b""
            go.set()
            assert await asked.rest() == b"late"
            with contextlib.suppress(ConnectionError):
                assert await (await connect()).ask(ASK) == b""

    asyncio.run(run())


def test_a_listener_that_stops_does_not_wait_for_ever() -> None:
    async def never(request: Request, peer: Peer) -> bytes:
        begun.set()
        await asyncio.Event().wait()
        return b""

    begun = asyncio.Event()

    async def work(connect: Connect) -> None:
        client = await connect()
        client.writer.write(ASK)
        await begun.wait()

    conversation(work, answer=never, stop_max_s=0.01)


def test_a_port_that_is_taken_is_named_with_its_setting() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(CannotListen, match=rf"{port}.*afanasy_port"):
            listening(port=port)


def test_it_says_where_clients_of_this_machine_find_it() -> None:
    everywhere = listening(host="0.0.0.0")
    assert everywhere.address == f"127.0.0.1:{everywhere.port}"
    everywhere.close()


def test_ipv6_is_listened_at_where_it_is_asked_for() -> None:
    listener = listening(host="::1")
    assert listener.address == f"[::1]:{listener.port}"
    listener.close()
