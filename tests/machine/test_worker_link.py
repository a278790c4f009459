"""Real workers' cores on real links that lose everything: never two copies, nothing forgotten."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from grange.core.check import faults
from grange.core.commands import SubmitJob
from grange.core.farm import Farm
from grange.core.records import Changes, RunRecord
from grange.model.ids import RunId
from grange.model.run import Resources, RunResult, RunSpec
from grange.model.states import RunStatus
from grange.server.engine import Engine
from grange.server.gauges import Gauges
from grange.server.links import Clocks, Links
from grange.store.files import Shelf
from grange.store.store import AuditRecord, CredentialRecord
from grange.wire import worker as wire
from grange.wire.codec import encode, unpack_to_server, unpack_to_worker
from grange.worker import effects as fx
from grange.worker import inputs
from grange.worker.core import WorkerCore
from tests.build import TRAITS, Disk, block, job

TURNS = 60  # of the loop until nothing moves
ROUNDS = 400  # until all is done
CLOCKS = Clocks(lease_s=10.0, worker_lease_s=8.0, heartbeat_s=1.0, resources_s=5.0)
OWNER = CredentialRecord(
    credential_id="c",
    kind="token",
    name="ada",
    role="admin",
    secret_hash=b"",
    state="active",
    created=0,
)
Task = tuple[int, int, int]


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

    def arrive(self) -> None:
        """Let the next message reach the server."""
        data = encode(self.up.popleft())
        unpack_to_server(data)
        self._arrived.put_nowait(data)

    def hang_up(self) -> None:
        """Let the server see that the worker is gone."""
        self._arrived.put_nowait(None)


class Machine:
    """A computer with a worker: its core, its processes, its disk, and its end of the link."""

    def __init__(self, world: World, name: str) -> None:
        self.world = world
        self.name = name
        self.lives = 0
        self.kept: dict[RunId, RunResult] = {}  # on its disk
        self.link: Wire | None = None
        self.boot()

    def boot(self) -> None:
        """A new life of the daemon; of the old one no process is left."""
        self.lives += 1
        self.processes: dict[RunId, Task] = {}
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
                )
            )

    def lose_link(self, *, told: bool) -> None:
        """What is on its way is lost; the server may not notice."""
        if self.link is not None:
            if told:
                self.link.hang_up()
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
            case fx.Forget():
                self.kept.pop(effect.run_id, None)
            case fx.Reconnect():
                self.lose_link(told=False)
            case _:
                return self.warden(effect)
        return []

    def warden(self, effect: fx.Effect) -> Sequence[inputs.Input]:
        """What the daemon has its processes and its services do."""
        match effect:
            case fx.Load():
                return [ready(effect.run)]
            case fx.Spawn():
                return self.spawn(effect.run)
            case fx.Kill():
                if self.processes.pop(effect.run_id, None) is not None:
                    return [inputs.Exited(run_id=effect.run_id, signal=9)]
            case fx.Judge():
                status = RunStatus.DONE if effect.exit_code == 0 else RunStatus.FAILED
                return [inputs.Judged(run_id=effect.run_id, status=status, log_bytes=3)]
            case fx.Hold():
                self.hold = effect.until
            case fx.Sample():
                return [inputs.Sampled(Resources())]
            case _:
                pass
        return []

    def send_log(self, effect: fx.SendLog) -> Sequence[inputs.Input]:
        if self.link is not None:
            data = b"x" * effect.size
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


class World(RuleBasedStateMachine):
    """Two machines, a server that may die, and time."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.loop = asyncio.new_event_loop()
        self.now = 1_000.0
        self.disk = Disk()
        self.shelf = Shelf(self.folder)
        self.tasks: list[asyncio.Task[Any]] = []
        self.serve(Farm())
        self.machines = [Machine(self, name) for name in ("one", "two")]
        self.submit("1-3", 100)
        self.talk()

    def teardown(self) -> None:
        self.end_server()
        self.loop.close()
        self.shelf.close()
        shutil.rmtree(self.folder)

    def serve(self, farm: Farm) -> None:
        self.farm = farm
        gauges = Gauges()
        self.engine = Engine(
            farm,
            commit=self.commit,
            perform=lambda effects: self.links.perform(effects),
            publish=gauges.forget,
            clock=lambda: self.now,
        )
        self.links = Links(
            self.engine,
            gauges,
            self.shelf,
            log_grew=lambda *_: None,
            touched=lambda _: None,
            clocks=CLOCKS,
            monotonic=lambda: self.now,
        )
        self.tasks = [self.loop.create_task(self.engine.run())]
        self.tasks.append(self.loop.create_task(self.links.run()))

    async def commit(self, changes: Changes, audit: Sequence[AuditRecord]) -> None:
        await asyncio.sleep(0)
        self.disk.commit(changes)

    def connection(self) -> Wire:
        wire_ = Wire()
        self.tasks.append(self.loop.create_task(self.links.serve(wire_, OWNER, "")))
        return wire_

    def end_server(self) -> None:
        for task in self.tasks:
            task.cancel()
        ended = asyncio.gather(*self.tasks, return_exceptions=True)
        for answer in self.loop.run_until_complete(ended):
            assert answer is None or isinstance(answer, asyncio.CancelledError), repr(answer)

    def turn(self) -> None:
        """Let the server do all that it can do now."""

        async def turns() -> None:
            for _ in range(TURNS):
                await asyncio.sleep(0)

        self.loop.run_until_complete(turns())
        assert not self.tasks[0].done()

    def check_alone(self, task: Task) -> None:
        for machine in self.machines:
            assert task not in machine.processes.values(), f"two copies of {task} at once"

    def check_acknowledged(self, message: wire.EndedAck) -> None:
        for run_id in message.run_ids:
            row = self.disk.rows.get((RunRecord, run_id))
            assert row is not None
            assert row.result is not None, "a result was acknowledged that is not on disk"

    @rule(frames=st.sampled_from(["1", "1-3", "1-6"]), capacity=st.sampled_from([100, 1_000]))
    def submit(self, frames: str, capacity: int) -> None:
        spec = job(block(frames, capacity=capacity, errors_retries=1_000, errors_avoid_host=-1))
        self.loop.run_until_complete(self.engine.do(SubmitJob(spec=spec, user="ada")))
        self.turn()

    @rule(which=st.integers(0, 1))
    def dial(self, which: int) -> None:
        self.machines[which].dial()
        self.turn()

    @rule(which=st.integers(0, 1), count=st.integers(1, 9))
    def arrive(self, which: int, count: int) -> None:
        link = self.machines[which].link
        for _ in range(min(count, len(link.up)) if link else 0):
            assert link is not None
            link.arrive()
        self.turn()

    @rule(which=st.integers(0, 1), count=st.integers(1, 9))
    def hear(self, which: int, count: int) -> None:
        machine = self.machines[which]
        for _ in range(count):
            if machine.link is None or machine.frozen or not machine.link.down:
                break
            machine.hear()
        self.turn()

    @rule(seconds=st.sampled_from([0.3, 1.0, 1.0, 2.5, 5.0, 7.9, 8.1, 10.1]))
    def pass_time(self, seconds: float) -> None:
        """Time passes bit by bit, as it does where every part is awake."""
        end = self.now + seconds
        while self.now < end:
            self.now = min(end, self.now + 0.25)
            for machine in self.machines:
                machine.pass_time()
            self.turn()
            self.loop.run_until_complete(self.links.end_leases())
            self.turn()

    @rule(which=st.integers(0, 1), number=st.integers(0, 5), ok=st.booleans())
    def finish(self, which: int, number: int, ok: bool) -> None:
        machine = self.machines[which]
        if machine.processes:
            found = sorted(machine.processes)
            machine.end(found[number % len(found)], 0 if ok else 1)

    @rule(which=st.integers(0, 1), told=st.booleans())
    def lose_link(self, which: int, told: bool) -> None:
        self.machines[which].lose_link(told=told)
        self.turn()

    @rule(which=st.integers(0, 1), told=st.booleans())
    def kill_worker(self, which: int, told: bool) -> None:
        machine = self.machines[which]
        if machine.link is not None and told:
            machine.link.hang_up()
        machine.link = None
        machine.boot()
        self.turn()

    @rule(which=st.integers(0, 1))
    def freeze(self, which: int) -> None:
        self.machines[which].frozen = True

    @rule(which=st.integers(0, 1))
    def thaw(self, which: int) -> None:
        self.machines[which].thaw()

    @rule()
    def kill_server(self) -> None:
        self.end_server()
        for machine in self.machines:
            if machine.link is not None:
                machine.link.up.clear()
                machine.link.down.clear()
                machine.lose_link(told=False)
        self.serve(Farm.restore(self.disk.load(), self.now))
        self.turn()

    @rule()
    def talk(self) -> None:
        """Nothing is in the way for a moment."""
        for which in (0, 1):
            self.dial(which)
            for _ in range(3):
                self.arrive(which, 1_000)
                self.hear(which, 1_000)

    @rule()
    def heal(self) -> None:
        """When the trouble is over all that was asked for is done."""
        for _ in range(ROUNDS):
            if all(task.done for task in self.farm.state.jobs.values()):
                return
            self.talk()
            for machine in self.machines:
                machine.thaw()
                for run_id in list(machine.processes):
                    machine.end(run_id, 0)
            self.pass_time(0.5)
        left = {
            number: item.blocks[0].tasks.counts for number, item in self.farm.state.jobs.items()
        }
        raise AssertionError(f"still not done: {left}")

    @invariant()
    def no_faults(self) -> None:
        assert list(faults(self.farm.state)) == []


TestWorld = pytest.mark.slow(World.TestCase)
TestWorld.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
