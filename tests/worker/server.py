"""A server that speaks the worker link, keeps what it is told, and misbehaves on demand."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Callable
from types import TracebackType
from typing import Self, TypeVar

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from grange.model.ids import RunId
from grange.model.run import RunResult, RunSpec
from grange.wire.codec import decode_to_server, encode, unpack_to_server
from grange.wire.worker import (
    PATH,
    VERSION,
    Beat,
    BeatAck,
    Bye,
    Ended,
    EndedAck,
    Hello,
    Log,
    Refused,
    Start,
    Stop,
    ToServer,
    ToWorker,
)
from tests.worker.build import a_welcome, replaced

PATIENCE_S = 20.0  # generous: the machine may be busy

M = TypeVar("M")


class FarmServer:
    """Answers as a farm would: acknowledges beats and results, keeps logs without holes."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.hellos: list[Hello] = []
        self.tokens: list[str] = []
        self.heard: list[ToServer] = []
        self.logs: dict[int, bytes] = {}
        self.results: dict[int, RunResult] = {}
        self.acknowledges = True
        self.answers_beats = True
        self.refusals: list[Refused] = []  # given one by one before a welcome
        self.lease_s = 30.0
        self.heartbeat_s = 0.1
        self.version = VERSION
        self._tls = tls
        self._port = 0
        self._server: Server | None = None
        self._link: ServerConnection | None = None
        self._news = asyncio.Condition()

    @property
    def url(self) -> str:
        """Where a worker dials."""
        return f"{'wss' if self._tls else 'ws'}://127.0.0.1:{self._port}"

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.shut()

    async def open(self) -> None:
        """Listen; again on the same port after `shut`."""
        self._server = await serve(
            self._serve, "127.0.0.1", self._port, ssl=self._tls, ping_interval=None
        )
        self._port = self._server.sockets[0].getsockname()[1]

    async def shut(self) -> None:
        """Break the connection and listen no more."""
        self.cut()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    def cut(self) -> None:
        """Break the connection without a word."""
        if self._link is not None:
            self._link.transport.abort()

    async def _serve(self, link: ServerConnection) -> None:
        assert link.request is not None
        assert link.request.path == PATH
        self.tokens.append(link.request.headers.get("Authorization", ""))
        with contextlib.suppress(ConnectionClosed):
            hello = decode_to_server(await self._receive(link))
            assert isinstance(hello, Hello)
            if self.refusals:
                await link.send(encode(self.refusals.pop(0)))
                return
            offsets = {run_id: len(text) for run_id, text in self.logs.items()}
            welcome = a_welcome(self.lease_s, offsets)
            said: dict[str, object] = {"heartbeat_s": self.heartbeat_s, "version": self.version}
            await link.send(encode(replaced(welcome, said)))
            self._link = link
            await self._note(lambda: self.hellos.append(hello))
            while True:
                for message in unpack_to_server(await self._receive(link)):
                    await self._answer(link, message)

    async def _receive(self, link: ServerConnection) -> bytes:
        data = await link.recv()
        assert isinstance(data, bytes)
        return data

    async def _note(self, change: Callable[[], None]) -> None:
        async with self._news:
            change()
            self._news.notify_all()

    async def _answer(self, link: ServerConnection, message: ToServer) -> None:
        await self._note(lambda: self._keep(message))
        if isinstance(message, Beat) and self.answers_beats:
            await link.send(encode(BeatAck(number=message.number, lease_s=self.lease_s)))
        elif isinstance(message, Ended) and self.acknowledges:
            await link.send(encode(EndedAck(run_ids=(message.run_id,))))

    def _keep(self, message: ToServer) -> None:
        self.heard.append(message)
        if isinstance(message, Log):
            have = self.logs.get(message.run_id, b"")
            assert message.offset <= len(have), "a hole in the log"
            self.logs[message.run_id] = have + message.data[len(have) - message.offset :]
        elif isinstance(message, Ended):
            assert len(self.logs.get(message.run_id, b"")) == message.result.log_bytes
            self.results[message.run_id] = message.result

    async def send(self, message: ToWorker) -> None:
        """Say something to the worker."""
        await self.say(encode(message))

    async def say(self, frame: bytes | str) -> None:
        """Send a frame as it is."""
        assert self._link is not None
        await self._link.send(frame)

    async def start(self, run: RunSpec) -> None:
        """Have a run executed."""
        await self.send(Start(run=run))

    async def stop(self, run_id: int = 1) -> None:
        """Have a run stopped."""
        await self.send(Stop(run_id=RunId(run_id), reason="deleted"))

    async def until(self, holds: Callable[[], object]) -> None:
        """Wait until what was heard makes something hold."""
        async with asyncio.timeout(PATIENCE_S), self._news:
            await self._news.wait_for(lambda: bool(holds()))

    async def linked(self, times: int = 1) -> None:
        """Wait until a worker has joined so many times."""
        await self.until(lambda: len(self.hellos) >= times)

    async def result(self, run_id: int = 1) -> RunResult:
        """Wait for the result of a run."""
        await self.until(lambda: run_id in self.results)
        return self.results[run_id]

    async def execute(self, run: RunSpec) -> RunResult:
        """Have a run executed and wait for its result."""
        await self.start(run)
        return await self.result(run.run_id)

    async def printed(self, text: bytes, run_id: int = 1) -> None:
        """Wait until a run has printed something."""
        await self.until(lambda: text in self.logs.get(run_id, b""))

    def count(self, kind: type[M]) -> int:
        """How many messages of a kind were heard."""
        return sum(isinstance(message, kind) for message in self.heard)

    @property
    def left(self) -> bool:
        """The worker has said goodbye."""
        return self.count(Bye) > 0
