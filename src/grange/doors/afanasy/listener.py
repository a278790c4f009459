"""Listens: connections, one request each, with every size and wait bounded. Knows no farm."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec

from grange.doors.afanasy.framing import BadFrame, Intake, Request
from grange.server.http import BACKLOG, EVERYWHERE, bind

IDLE_MAX_S: Final = 12.0  # without a byte of a request that is not whole, as in the original
REQUEST_MAX_S: Final = 120.0  # for a whole request: 64 MiB at 5 megabits per second
READ_MAX_S: Final = 60.0  # for a client to read its answer
LINGER_S: Final = 2.0  # for what a client goes on sending after it was refused
READ_BYTES: Final = 256 * 1024
STRANGERS_MAX: Final = 1_000  # addresses that are remembered as turned away
HELD_MAX: Final = 256 * 1024 * 1024  # bytes of requests and answers of all connections

log = logging.getLogger("grange.doors.afanasy")


class Peer(msgspec.Struct, frozen=True):
    """The two ends of a connection."""

    address: str  #: the client's
    reached: str  #: ours, that it was sent to


Answer = Callable[[Request, Peer], Awaitable[bytes]]


class AfanasyListener:
    """One port. It is taken at once, and answered once `run` runs.

    Args:
        host: address to listen at.
        port: 0 for any free one.
        admits: whether an address may connect at all.
        message_max: bytes of a request.
        connections_max: open at once; more are closed.
        stop_max_s: seconds for requests under way when it stops.

    Raises:
        CannotListen: the address is taken.
    """

    def __init__(
        self,
        *,
        host: str,
        port: int,
        admits: Callable[[str], bool],
        message_max: int,
        connections_max: int,
        stop_max_s: float,
    ) -> None:
        self._host = host
        self._admits = admits
        self._message_max = message_max
        self._connections_max = connections_max
        self._stop_max_s = stop_max_s
        self._budget = _Budget()
        self._reading: set[asyncio.Task[None]] = set()  # connections whose request is not whole
        self._answering: set[asyncio.Task[None]] = set()
        self._stopping = asyncio.Event()
        self._strangers: set[str] = set()  # addresses that were turned away
        self._socket = bind(host, port, "afanasy_port")
        self.port: int = self._socket.getsockname()[1]

    @property
    def address(self) -> str:
        """Where clients of this machine find it."""
        host = self._host if self._host not in EVERYWHERE else "127.0.0.1"
        return f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"

    async def run(self, answer: Answer) -> None:
        """Serve until stopped or cancelled; then what is under way gets its bounded time.

        Args:
            answer: gives a request's answer; nothing ends the connection without a word.
        """
        async with asyncio.TaskGroup() as group:
            server = await asyncio.start_server(
                functools.partial(self._accept, group, answer),
                sock=self._socket,
                limit=READ_BYTES,
                backlog=BACKLOG,
            )
            try:
                await self._stopping.wait()
            finally:
                self._stopping.set()
                server.close()
                for task in tuple(self._reading):
                    task.cancel()
            if self._answering:
                await asyncio.wait(self._answering, timeout=self._stop_max_s)
            for task in tuple(self._answering):
                task.cancel()

    def stop(self) -> None:
        """Take no more, finish what is under way, and let `run` return."""
        self._stopping.set()

    def close(self) -> None:
        """Give the port back; for who never runs it."""
        self._socket.close()

    def _accept(
        self,
        group: asyncio.TaskGroup,
        answer: Answer,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        """Begin with a connection; its end is the end of its task."""
        peer = Peer(_host(writer, "peername"), _host(writer, "sockname"))
        crowded = len(self._reading) + len(self._answering) >= self._connections_max
        admitted = self._admits(peer.address)
        if not admitted:
            self._note_stranger(peer.address)
        if crowded or not admitted or self._stopping.is_set():
            writer.transport.abort()
            return
        task = group.create_task(self._serve(reader, writer, peer, answer))
        self._reading.add(task)
        task.add_done_callback(self._reading.discard)
        task.add_done_callback(self._answering.discard)

    def _note_stranger(self, address: str) -> None:
        """Log each address once that is turned away, for who wonders why nothing is answered."""
        if address not in self._strangers and len(self._strangers) < STRANGERS_MAX:
            self._strangers.add(address)
            log.warning("%s is not answered at port %d: see afanasy_allow", address, self.port)

    async def _serve(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        peer: Peer,
        answer: Answer,
    ) -> None:
        """One connection: a request, an answer, the end."""
        held = _Held(self._budget)
        try:
            request = await self._request(reader, writer, held)
            if request is not None:
                reply = await answer(request, peer)
                held.add(len(reply))
                await _write(writer, reply)
        except (OSError, TimeoutError):  # the client has gone, or might as well have
            writer.transport.abort()
        except Exception:
            log.exception("a request of %s could not be answered", peer.address)
            writer.transport.abort()
        finally:
            held.drop()
            writer.close()

    async def _request(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, held: _Held
    ) -> Request | None:
        """A request that can be answered; None: there is none, and that was said."""
        try:
            async with asyncio.timeout(REQUEST_MAX_S):
                request = await self._read(reader, held)
        except BadFrame as refusal:
            await _write(writer, refusal.reply)
            await _linger(reader, writer)
            return None
        task = asyncio.current_task()
        assert task is not None
        self._reading.discard(task)
        self._answering.add(task)
        return request

    async def _read(self, reader: asyncio.StreamReader, held: _Held) -> Request | None:
        """A request; None: the client has gone before it was whole."""
        intake = Intake(self._message_max)
        while True:
            async with asyncio.timeout(IDLE_MAX_S):
                data = await reader.read(READ_BYTES)
            if not data:
                return None
            request = intake.feed(data)
            held.add(len(data))
            if self._budget.held > HELD_MAX:
                raise ConnectionAbortedError("too much is held for others already")
            if request is not None:
                return request


class _Budget:
    """Bytes that all connections hold."""

    held = 0


class _Held:
    """Bytes that one connection holds."""

    def __init__(self, budget: _Budget) -> None:
        self._budget = budget
        self._bytes = 0

    def add(self, size: int) -> None:
        """So many more."""
        self._bytes += size
        self._budget.held += size

    def drop(self) -> None:
        """None any more."""
        self._budget.held -= self._bytes


async def _write(writer: asyncio.StreamWriter, data: bytes) -> None:
    """Send all, and wait until it is gone.

    Raises:
        OSError, TimeoutError: the client does not take it.
    """
    if not data:
        return
    writer.transport.set_write_buffer_limits(0)
    writer.write(data)
    async with asyncio.timeout(READ_MAX_S):
        await writer.drain()


async def _linger(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Let a client that is still sending read why it was refused: what it sends is dropped."""
    writer.write_eof()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LINGER_S):
            while await reader.read(READ_BYTES):
                pass


def _host(writer: asyncio.StreamWriter, end: str) -> str:
    """The address of one end of a connection, an IPv4 one always written as such."""
    found: Any = writer.get_extra_info(end)
    host = str(found[0]) if found else ""
    return host.removeprefix("::ffff:") if "." in host else host
