"""One simulated worker: greets, beats, says that each run is done, keeps what is not taken."""

from __future__ import annotations

import asyncio
import random
import time
from typing import Final, cast

import msgspec
from typing_extensions import override

from bench.swarm.frames import (
    BINARY,
    CLOSE,
    OPENED,
    PING,
    PONG,
    NotUnderstood,
    Reader,
    frame,
    handshake,
)
from bench.swarm.tally import Books
from grange.model.ids import RunId
from grange.model.run import Meter, Resources, RunResult, Traits
from grange.model.states import RunStatus
from grange.wire import worker as wire
from grange.wire.codec import PACK_MAX, pack
from grange.worker.link import RETRY_MAX_S, RETRY_MIN_S

MEMORY_MB: Final = 64_000
DONE: Final = RunResult(
    status=RunStatus.DONE,
    exit_code=0,
    duration_s=0.01,
    meter=Meter(cpu_s=0.01, peak_memory_mb=2),
)
TRAITS: Final = Traits(
    os="linux x86_64 simulated",
    cpu_cores=32,
    cpu_mhz=3_000,
    memory_mb=MEMORY_MB,
    hdd_gb=1_000,
    addresses=("127.0.0.1",),
)


class _Run(msgspec.Struct):
    """What is used of a `RunSpec`; the rest is not decoded, which is for the real worker."""

    run_id: int
    job_id: int
    block: int
    task: int


class _Start(msgspec.Struct, tag="start"):
    run: _Run


_Heard = (
    wire.Welcome
    | wire.Refused
    | wire.BeatAck
    | _Start
    | wire.Stop
    | wire.EndedAck
    | wire.LogAck
    | wire.Instruct
)
_decoder: msgspec.msgpack.Decoder[_Heard | list[_Heard]] = msgspec.msgpack.Decoder(
    _Heard | list[_Heard]
)
_encoder = msgspec.msgpack.Encoder()


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How a swarm is to behave."""

    host: str
    port: int
    token: str  #: of the farm's owner, which is good for workers of any name
    workers: int
    run_s: float = 0.0  #: how long a task takes, on average
    log_bytes: int = 0  #: of each run
    beats: bool = True
    report_s: float = 1.0  #: between two tallies
    ramp_s: float = 0.0  #: over which the workers come


class SimWorker(asyncio.Protocol):
    """A worker with as many links as it needs, one after the other.

    Args:
        plan: of the swarm.
        number: which one it is.
        books: where all count.
    """

    def __init__(self, plan: Plan, number: int, books: Books) -> None:
        self._plan = plan
        self._number = number
        self._books = books
        self._loop = asyncio.get_running_loop()
        self._boot_id = f"boot-{number}"
        self._running: dict[int, _Run] = {}
        self._unsaid: dict[int, tuple[bytes, _Run]] = {}  # ended, not acknowledged
        self._transport: asyncio.Transport | None = None
        self._reader = Reader()
        self._pause = RETRY_MIN_S
        self._welcomed = False
        self._beat_number = 0
        self._beat_timer: asyncio.TimerHandle | None = None
        self._resources_s = 10.0
        self._resources_due = 0.0

    async def dial(self) -> None:
        """Make a link; the next try follows by itself."""
        try:
            await self._loop.create_connection(lambda: self, self._plan.host, self._plan.port)
        except OSError:
            self._again()

    def _again(self) -> None:
        self._loop.call_later(
            self._pause * random.uniform(0.5, 1.0),
            lambda: self._books.keep(self._loop.create_task(self.dial())),
        )
        self._pause = min(self._pause * 2, RETRY_MAX_S)

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._reader = Reader()
        host = f"{self._plan.host}:{self._plan.port}"
        self._transport.write(handshake(host, wire.PATH, self._plan.token))

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self._beat_timer is not None:
            self._beat_timer.cancel()
        if self._welcomed:
            self._welcomed = False
            self._pause = RETRY_MIN_S
            self._books.unlinked()
        self._again()

    @override
    def data_received(self, data: bytes) -> None:
        out: list[bytes] = []
        try:
            for kind, payload in self._reader.feed(data):
                if kind == OPENED:
                    self._greet()
                elif kind == BINARY:
                    heard = _decoder.decode(payload)
                    for message in heard if isinstance(heard, list) else [heard]:
                        self._heard(message, out)
                elif kind == PING:
                    self._write(frame(payload, PONG))
                elif kind == CLOSE:
                    self._close()
        except (NotUnderstood, msgspec.MsgspecError) as error:
            self._books.trouble(str(error))
            self._close()
        self._say(out)

    def _greet(self) -> None:
        hello = wire.Hello(
            version=wire.VERSION,
            name=f"sim{self._number:05}",
            boot_id=self._boot_id,
            traits=TRAITS,
            runs=tuple(RunId(run_id) for run_id in self._running),
            ended=tuple(RunId(run_id) for run_id in self._unsaid),
        )
        self._write(frame(_encoder.encode(hello)))

    def _heard(self, message: _Heard, out: list[bytes]) -> None:
        if isinstance(message, _Start):
            self._start(message.run, out)
        elif isinstance(message, wire.EndedAck):
            for run_id in message.run_ids:
                found = self._unsaid.pop(run_id, None)
                if found is not None:
                    run = found[1]
                    self._books.acknowledged(run.job_id, run.block, run.task)
        elif isinstance(message, wire.Stop):
            if self._running.pop(message.run_id, None) is not None:
                self._books.tally.killed += 1
        elif isinstance(message, wire.Welcome):
            self._welcome(message, out)
        elif isinstance(message, wire.Refused):
            self._books.trouble(message.message)

    def _welcome(self, message: wire.Welcome, out: list[bytes]) -> None:
        self._welcomed = True
        self._books.linked()
        out.extend(data for data, _ in self._unsaid.values())
        self._resources_s = message.resources_s
        if self._plan.beats:
            first = random.uniform(0.0, message.heartbeat_s)
            self._beat_timer = self._loop.call_later(first, self._beat, message.heartbeat_s)

    def _start(self, run: _Run, out: list[bytes]) -> None:
        self._books.started(run.job_id, run.block, run.task)
        if run.run_id in self._running:
            return
        self._running[run.run_id] = run
        if self._plan.run_s:
            # not all alike, or they would all end at once
            self._loop.call_later(random.uniform(0, 2 * self._plan.run_s), self._end_late, run)
        else:
            self._end(run, out)

    def _end_late(self, run: _Run) -> None:
        if run.run_id in self._running:  # else it was stopped
            out: list[bytes] = []
            self._end(run, out)
            self._say(out)

    def _end(self, run: _Run, out: list[bytes]) -> None:
        del self._running[run.run_id]
        run_id = RunId(run.run_id)
        if self._plan.log_bytes:
            text = wire.Log(run_id=run_id, offset=0, data=b"x" * self._plan.log_bytes)
            out.append(_encoder.encode(text))
        data = _encoder.encode(wire.Ended(run_id=run_id, result=DONE))
        self._unsaid[run.run_id] = (data, run)
        self._books.finished(run.job_id, run.block, run.task)
        out.append(data)

    def _beat(self, every_s: float) -> None:
        self._beat_timer = self._loop.call_later(every_s, self._beat, every_s)
        self._beat_number += 1
        resources = None
        if time.monotonic() >= self._resources_due:
            self._resources_due = time.monotonic() + self._resources_s
            resources = Resources(
                cpu_user=random.randrange(100),
                mem_total_mb=MEMORY_MB,
                mem_free_mb=MEMORY_MB - random.randrange(2_000),
                hdd_total_gb=1_000,
                hdd_free_gb=900,
            )
        beat = wire.Beat(number=self._beat_number, resources=resources)
        self._say([_encoder.encode(beat)])

    def _say(self, out: list[bytes]) -> None:
        """Send messages, many to a frame as a worker does."""
        if self._welcomed:
            starts = range(0, len(out), PACK_MAX)
            self._write(b"".join(frame(pack(out[at : at + PACK_MAX])) for at in starts))

    def _write(self, data: bytes) -> None:
        if data and self._transport is not None:
            self._transport.write(data)

    def _close(self) -> None:
        if self._transport is not None:
            self._transport.close()
