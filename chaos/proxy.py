"""A bad network between a worker and its server: a proxy that harms whole messages.

What TCP cannot do (lose, double or reorder what is in the middle of a connection) it does all
the same, by messages: a report may come twice, late or never, whatever the reason.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Callable
from random import Random
from types import TracebackType
from typing import Final, Self

import msgspec

from chaos.frames import Head, Message, Messages

GREETINGS: Final = frozenset({"hello", "welcome", "refused", "control"})  # spared unless named
READ_MAX: Final = 64 * 1024  # bytes
OVERTAKEN_S: Final = 0.3  # a message that waits to be overtaken waits so long
TURN_S: Final = 0.1  # a slow line passes what it can in so long, then the next piece
START_S: Final = 10.0


class Weather(msgspec.Struct, frozen=True, kw_only=True):
    """What befalls the messages of one way. Chances are 0 to 1, for each message."""

    drop: float = 0.0
    duplicate: float = 0.0
    reorder: float = 0.0  #: that the next one overtakes it
    delay_s: float = 0.0  #: at most; those behind wait too
    bytes_s: int = 0  #: speed of the line in bytes a second; 0 as it is
    kinds: frozenset[str] = frozenset()  #: of messages that it befalls; empty all but greetings

    def meets(self, kind: str) -> bool:
        """Whether a message of this kind is out in it."""
        return kind in self.kinds if self.kinds else kind not in GREETINGS


FAIR: Final = Weather()


class Lane:
    """One way through the proxy, for all connections.

    Attributes:
        weather: on it, now; may be set from any thread.
        passed: messages let through, by kind, doubles counted.
        dropped: messages lost, by kind.
        pieces: writes that they took.
    """

    def __init__(self, random: Random) -> None:
        self.weather = FAIR
        self.passed: dict[str, int] = {}
        self.dropped: dict[str, int] = {}
        self.pieces = 0
        self.random = random
        self._open = asyncio.Event()
        self._open.set()

    def hold(self, *, held: bool) -> None:
        """Let nothing through, or let what was held go on."""
        if held:
            self._open.clear()
        else:
            self._open.set()

    async def pass_on(self, message: Message, out: asyncio.StreamWriter) -> None:
        """Let one message through, as the weather is."""
        weather = self.weather
        await self._open.wait()
        times = 1
        if weather.meets(message.kind):
            await asyncio.sleep(self.random.uniform(0.0, weather.delay_s))
            if self.random.random() < weather.drop:
                _count(self.dropped, message.kind)
                return
            times += self.random.random() < weather.duplicate
        for _ in range(times):
            _count(self.passed, message.kind)
            await self.write(message.raw, out)

    async def write(self, data: bytes, out: asyncio.StreamWriter) -> None:
        """Write bytes as fast as the line is; none while it is held."""
        while data:
            await self._open.wait()
            speed = self.weather.bytes_s
            piece = data if not speed else data[: max(1, int(speed * TURN_S))]
            data = data[len(piece) :]
            out.write(piece)
            self.pieces += 1
            await out.drain()
            if speed:
                await asyncio.sleep(len(piece) / speed)

    def is_overtaken(self, kind: str) -> bool:
        """Whether the next message is to go before this one."""
        return self.weather.meets(kind) and self.random.random() < self.weather.reorder


class Proxy:
    """Listens on this machine, and passes on to a server; a context with a thread of its own.

    All methods may be called from any thread.

    Args:
        port: of the server, on this machine.
        random: decides each message's fate.

    Attributes:
        up: from the worker to the server.
        down: from the server to the worker.
        port: where the worker dials.
    """

    def __init__(self, port: int, random: Random) -> None:
        self._to = port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._live, name="proxy", daemon=True)
        self._ready = threading.Event()
        self._end = asyncio.Event()
        self._pairs: list[_Pair] = []
        self._refuses = False
        self.up = Lane(random)
        self.down = Lane(random)
        self.port = 0

    @property
    def url(self) -> str:
        """Where a worker dials."""
        return f"ws://127.0.0.1:{self.port}"

    @property
    def connections(self) -> int:
        """How many are open now."""
        return len(self._pairs)

    @property
    def waiting(self) -> int:
        """How many messages are held or delayed now."""
        return sum(way.waiting for pair in self._pairs for way in pair.ways)

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._ready.wait(START_S):
            raise TimeoutError("the proxy does not start")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._do(self._end.set)
        self._thread.join(START_S)

    def cut(self) -> None:
        """Break all connections, both ends told by a reset."""
        self._do(self._cut)

    def lose_worker(self) -> None:
        """Half-open connections: the worker is told by a reset, the server hears nothing.

        What the worker sent and was still held reaches the server once its lane lets go.
        """
        self._do(self._lose_worker)

    def refuse(self, *, refused: bool) -> None:
        """Take no new connections (they are reset), or take them again."""
        self._refuses = refused

    def hold(self, *, up: bool, down: bool) -> None:
        """Let nothing through, one way or both; what comes is kept and goes on later."""
        self._do(lambda: self.up.hold(held=up))
        self._do(lambda: self.down.hold(held=down))

    def _cut(self) -> None:
        for pair in self._pairs:
            pair.cut()

    def _lose_worker(self) -> None:
        for pair in self._pairs:
            pair.lose_worker()

    def _do(self, what: Callable[[], object]) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(what)

    def _live(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        listener = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = listener.sockets[0].getsockname()[1]
        self._ready.set()
        await self._end.wait()
        listener.close()
        for pair in list(self._pairs):
            pair.cut()

    async def _accept(self, worker: asyncio.StreamReader, to_worker: asyncio.StreamWriter) -> None:
        if self._refuses:
            _reset(to_worker)
            return
        try:
            server, to_server = await asyncio.open_connection("127.0.0.1", self._to)
        except OSError:
            _reset(to_worker)
            return
        ways = (_Way(worker, to_server, self.up), _Way(server, to_worker, self.down))
        pair = _Pair(to_worker, to_server, ways)
        self._pairs.append(pair)
        try:
            await pair.run()
        finally:
            self._pairs.remove(pair)


class _Pair:
    """A connection from a worker, and the one to the server that belongs to it."""

    def __init__(
        self,
        to_worker: asyncio.StreamWriter,
        to_server: asyncio.StreamWriter,
        ways: tuple[_Way, _Way],
    ) -> None:
        self.ways = ways
        self._to_worker = to_worker
        self._to_server = to_server
        self._over = asyncio.Event()
        self._half = False

    async def run(self) -> None:
        """Pass on until one end is gone, or the connection is cut."""
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._until_end(way)) for way in self.ways]
                await self._over.wait()
                for task in tasks:
                    task.cancel()
        finally:
            self._to_worker.close()
            self._to_server.close()

    async def _until_end(self, way: _Way) -> None:
        try:
            await way.run()
        except* OSError:
            pass  # one end is gone
        if not self._half:
            self._over.set()

    def cut(self) -> None:
        """Reset both ends."""
        for out in (self._to_worker, self._to_server):
            _reset(out)
        self._over.set()

    def lose_worker(self) -> None:
        """Reset the worker's end and leave the server's open."""
        self._half = True
        _reset(self._to_worker)


class _Way:
    """One way of one connection: a reader that always reads, and a writer in its lane."""

    def __init__(
        self, source: asyncio.StreamReader, out: asyncio.StreamWriter, lane: Lane
    ) -> None:
        self._source = source
        self._out = out
        self._lane = lane
        self._come: asyncio.Queue[Message | None] = asyncio.Queue()  # None: no more
        self._at_hand = 0  # taken out of the queue, not let through yet

    @property
    def waiting(self) -> int:
        """How many messages have come and not gone on."""
        return self._come.qsize() + self._at_hand

    async def run(self) -> None:
        """Pass on until the source has ended and all that came has gone its way."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._read())
            group.create_task(self._write())

    async def _read(self) -> None:
        head, messages = Head(), Messages()
        begun = False
        try:
            while data := await self._source.read(READ_MAX):
                if not begun:
                    begun, data = head.feed(data)
                    if not begun:
                        continue
                    self._come.put_nowait(Message(head.raw, "control"))
                whole = messages.feed(data) if head.switches else [Message(data, "control")]
                for message in whole:
                    self._come.put_nowait(message)
        finally:
            self._come.put_nowait(None)

    async def _write(self) -> None:
        """Let messages through in their order, but for those that are overtaken."""
        while (message := await self._come.get()) is not None:
            self._at_hand = 1
            if self._lane.is_overtaken(message.kind):
                await self._overtake()
            await self._lane.pass_on(message, self._out)
            self._at_hand = 0

    async def _overtake(self) -> None:
        after: Message | None = None
        try:
            async with asyncio.timeout(OVERTAKEN_S):
                after = await self._come.get()
        except TimeoutError:
            return  # there is none
        if after is None:
            self._come.put_nowait(None)
        else:
            await self._lane.pass_on(after, self._out)


def _reset(out: asyncio.StreamWriter) -> None:
    """End a connection by a reset, as a machine does that knows nothing of it."""
    if not out.transport.is_closing():
        linger = struct.pack("ii", 1, 0)
        out.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    out.transport.abort()


def _count(counts: dict[str, int], kind: str) -> None:
    counts[kind] = counts.get(kind, 0) + 1
