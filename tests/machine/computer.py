"""A machine with a worker's real core, and a link that can do what links do."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Any, Protocol

from grange.model.ids import RunId
from grange.model.run import Resources, RunResult, RunSpec
from grange.model.states import RunStatus
from grange.wire import worker as wire
from grange.wire.codec import PACK_MAX, encode, pack, unpack_to_worker
from grange.worker import effects as fx
from grange.worker import inputs
from grange.worker.core import WorkerCore
from tests.build import TRAITS

Task = tuple[int, int, int]


class Place(Protocol):
    """Where computers stand: the time, the server, and who watches."""

    now: float

    def connection(self) -> Wire:
        """Dial the server."""

    def check_alone(self, task: Task) -> None:
        """A process of a task is about to live."""

    def check_acknowledged(self, message: wire.EndedAck) -> None:
        """The server says it has these results."""

    def wrote(self, run_id: RunId, log: bytes) -> None:
        """A run's log is so long now."""


class Wire:
    """One connection: what is on its way, either way."""

    def __init__(self) -> None:
        self.up: deque[wire.ToServer] = deque()
        self.down: deque[wire.ToWorker | None] = deque()  # None: the server hangs up
        self._arrived: asyncio.Queue[bytes | None] = asyncio.Queue()

    async def receive(self) -> bytes | None:
        return await self._arrived.get()

    async def send(self, data: bytes) -> None:
        self.down.extend(unpack_to_worker(data))

    async def close(self, code: int, reason: str) -> None:
        self.down.append(None)

    def arrive(self, count: int) -> None:
        """Let the next messages reach the server, in one frame; the first of a link alone."""
        if self.up and isinstance(self.up[0], wire.Hello):
            self._arrived.put_nowait(encode(self.up.popleft()))
        messages = [encode(self.up.popleft()) for _ in range(min(count, PACK_MAX, len(self.up)))]
        if messages:
            self._arrived.put_nowait(pack(messages))

    def repeat(self, *, down: bool) -> None:
        """Let the next message come twice, but for the first of the link."""
        line: deque[Any] = self.down if down else self.up
        if line and not isinstance(line[0], wire.Hello | wire.Welcome | None):
            line.appendleft(line[0])

    def hang_up(self) -> None:
        """Let the server see that the worker is gone."""
        self._arrived.put_nowait(None)


class Computer:
    """A machine with a worker: its core, its processes, its disk, and its end of the link."""

    def __init__(self, world: Place, name: str) -> None:
        self.world = world
        self.name = name
        self.lives = 0
        self.kept: dict[RunId, RunResult] = {}  # on its disk
        self.kept_logs: dict[RunId, bytes] = {}  # beside them
        self.old_links: list[Wire] = []  # what is on its way there may still come
        self.link: Wire | None = None
        self.boot()

    def boot(self) -> None:
        """A new life of the daemon; of the old one no process is left."""
        self.lives += 1
        self.processes: dict[RunId, Task] = {}
        self.logs = {run_id: bytearray(data) for run_id, data in self.kept_logs.items()}
        self.core = WorkerCore(dict(self.kept))
        self.frozen = False
        self.hold = 0.0  # when the warden ends everything, should the daemon be stopped
        self.missed: list[inputs.Input] = []  # while it was stopped

    def dial(self) -> None:
        if self.link is None and not self.frozen:
            self.link = self.world.connection()
            self.hello_sent = self.world.now
            self.link.up.append(
                wire.Hello(
                    version=wire.VERSION,
                    name=self.name,
                    boot_id=f"{self.name}.{self.lives}",
                    traits=TRAITS,
                    runs=self.core.alive(),
                    ended=self.core.ended(),
                    last_run=self.core.last_run(),
                )
            )

    def lose_link(self, *, told: bool) -> None:
        """What is on its way is lost or comes late; the server may not notice."""
        if self.link is not None:
            if told:
                self.link.hang_up()
            else:
                self.old_links.append(self.link)
            self.link = None
            self.tell(inputs.Unlinked())

    def hear(self) -> None:
        """Take the next message that has come."""
        assert self.link is not None
        message = self.link.down.popleft()
        if message is None or isinstance(message, wire.Refused):
            self.lose_link(told=True)
        elif isinstance(message, wire.Welcome):
            self.tell(inputs.Linked(message, self.hello_sent))
        else:
            if isinstance(message, wire.EndedAck):
                self.world.check_acknowledged(message)
            self.tell(message)

    def pass_time(self) -> None:
        now = self.world.now
        if now >= self.hold:
            for run_id in list(self.processes):
                self.end(run_id, None)
        while not self.frozen and (due := self.core.next_deadline()) is not None and due <= now:
            self.tell(inputs.Tick())

    def write(self, run_id: RunId, size: int) -> None:
        """A process writes to its log."""
        log = self.logs[run_id]
        log += bytes((run_id * 7 + n) % 251 for n in range(len(log), len(log) + size))
        self.world.wrote(run_id, bytes(log))
        self.tell(inputs.Logged(run_id, len(log)))

    def end(self, run_id: RunId, exit_code: int | None) -> None:
        """The process of a run is over."""
        if self.processes.pop(run_id, None) is not None:
            number = 9 if exit_code is None else None
            self.tell(inputs.Exited(run_id=run_id, exit_code=exit_code, signal=number))

    def thaw(self) -> None:
        self.frozen = False
        missed, self.missed = self.missed, []
        self.tell(*missed)
        self.pass_time()

    def tell(self, *items: inputs.Input) -> None:
        if self.frozen:
            self.missed += items
            return
        todo = deque(items)
        while todo:
            for effect in self.core.apply(todo.popleft(), self.world.now):
                todo += self.perform(effect)

    def perform(self, effect: fx.Effect) -> Sequence[inputs.Input]:
        match effect:
            case fx.Send():
                if self.link is not None:
                    self.link.up.append(effect.message)
            case fx.SendLog():
                return self.send_log(effect)
            case fx.Keep():
                self.kept[effect.run_id] = effect.result
                self.kept_logs[effect.run_id] = bytes(self.logs.get(effect.run_id, b""))
            case fx.Forget():
                for kept in (self.kept, self.kept_logs, self.logs):
                    kept.pop(effect.run_id, None)
            case fx.Reconnect():
                self.lose_link(told=False)
            case _:
                return self.warden(effect)
        return []

    def warden(self, effect: fx.Effect) -> Sequence[inputs.Input]:
        """What the daemon has its processes and its services do."""
        match effect:
            case fx.Load():
                self.logs[effect.run.run_id] = bytearray()
                return [ready(effect.run)]
            case fx.Spawn():
                return self.spawn(effect.run)
            case fx.Kill():
                if self.processes.pop(effect.run_id, None) is not None:
                    return [inputs.Exited(run_id=effect.run_id, signal=9)]
            case fx.Judge():
                status = RunStatus.DONE if effect.exit_code == 0 else RunStatus.FAILED
                size = len(self.logs[effect.run_id])
                return [inputs.Judged(run_id=effect.run_id, status=status, log_bytes=size)]
            case fx.Hold():
                self.hold = effect.until
            case fx.Sample():
                return [inputs.Sampled(Resources())]
            case _:
                pass
        return []

    def send_log(self, effect: fx.SendLog) -> Sequence[inputs.Input]:
        if self.link is not None:
            log = self.logs[effect.run_id]
            data = bytes(log[effect.offset : effect.offset + effect.size])
            assert len(data) == effect.size
            self.link.up.append(wire.Log(run_id=effect.run_id, offset=effect.offset, data=data))
        return [inputs.Flushed(effect.size)]

    def spawn(self, run: RunSpec) -> Sequence[inputs.Input]:
        task = (run.job_id, run.block, run.task)
        self.world.check_alone(task)
        self.processes[run.run_id] = task
        return [inputs.Started(run.run_id, 100)]


def ready(run: RunSpec) -> inputs.Prepared:
    return inputs.Prepared(
        run_id=run.run_id, command=("true",), working_directory="/", environment={}
    )
