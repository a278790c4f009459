"""Render nodes on a network that loses everything: nothing ends twice, nothing is forgotten."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule
from msgspec.structs import replace
from typing_extensions import override

from grange.core import commands as c
from grange.core.check import faults
from grange.core.farm import Farm
from grange.core.records import RunRecord
from grange.doors.afanasy.binary import messages, types
from grange.doors.afanasy.binary.types import HEADER_BYTES, Kind, header
from grange.doors.afanasy.framing import Binary
from grange.doors.afanasy.renders.render import position
from grange.doors.afanasy.renders.renders import LEAVE, Renders
from grange.doors.afanasy.shapes.task import TaskExec, TaskPos
from grange.doors.afanasy.shapes.traffic import RenderEvents, RenderUpdate, TaskUpdate
from grange.model.ids import JobId, WorkerId
from grange.model.states import Role, TaskOp
from grange.server.auth import Principal
from grange.server.caller import Caller
from tests.build import block, job
from tests.doors.afanasy.afrender import COMES, DONE, ERROR, far, read, sent
from tests.machine.depth import depth
from tests.machine.mortal import MortalServer

ROUNDS = 400  # until all is done
WHO = Principal(user="", role=Role.WORKER, name="", credential_id="", address="10.0.0.7")
LOSS = st.sampled_from(["", "", "", "request", "reply"])


class Node:
    """A render node: its processes, and what it has not been told to forget."""

    def __init__(self, world: World, name: str) -> None:
        self._world = world
        self._name = name
        self._launched = 0
        self.boot()

    def boot(self) -> None:
        """It begins anew; its processes are dead."""
        self._launched += 1
        self.id = 0
        self.processes: dict[TaskPos, TaskExec] = {}
        self.over: dict[TaskPos, TaskUpdate] = {}

    def speak(self, lost: str) -> None:
        """Once a second, as far as the network lets it."""
        if self.id <= 0:
            self._register(lost)
        else:
            self._update(lost)

    def _register(self, lost: str) -> None:
        running = (*self.processes.values(), *(self._world.orders[pos] for pos in self.over))
        comes = replace(COMES, name=self._name, time_launch=self._launched, tasks=running)
        told = self._ask(messages.encode(Kind.RENDER_REGISTER, comes), lost)
        if isinstance(told, RenderEvents):
            self.id = 0 if told.id == LEAVE else told.id  # who watches it starts it again
            self._obey(told)

    def _update(self, lost: str) -> None:
        tasks = (*(far(order) for order in self.processes.values()), *self.over.values())
        said = RenderUpdate(id=self.id, tasks=tasks)
        told = self._ask(messages.encode(Kind.RENDER_UPDATE, said), lost)
        if isinstance(told, RenderEvents):
            self._obey(told)
        elif told is not None and told != self.id:
            self.id = 0

    def _ask(self, data: bytes, lost: str) -> Any:
        answer = b"" if lost == "request" else self._world.ask(data)
        return read(answer) if answer and lost != "reply" else None

    def _obey(self, told: RenderEvents) -> None:
        for pos in told.closes:
            self.processes.pop(pos, None)
            self.over.pop(pos, None)
        for pos in told.stops:
            if self.processes.pop(pos, None) is not None:
                self.over[pos] = far(pos, 7)
        for order in told.tasks:
            pos = position(order)
            assert pos not in self._world.orders, "a run was given twice"
            self._world.orders[pos] = self.processes[pos] = order

    def finish(self, number: int, status: int) -> None:
        """A process ends by itself."""
        if self.processes:
            pos = list(self.processes)[number % len(self.processes)]
            order = self.processes.pop(pos)
            self.over[pos] = far(order, status, data=b"output")
            if status == DONE:
                self._world.finished.add(order.number)


class World(MortalServer):
    """Two nodes, a server that may die, and time."""

    door: Renders

    def __init__(self) -> None:
        self.orders: dict[TaskPos, TaskExec] = {}  # all that were ever given
        self.finished: set[int] = set()  # runs whose process ended well
        super().__init__()
        self.nodes = [Node(self, name) for name in ("one", "two")]

    @override
    def serve(self, farm: Farm) -> None:
        super().serve(farm)
        self.door = Renders(
            self.engine,
            self.gauges,
            self.shelf,
            log_grew=lambda *_: None,
            show=lambda *_: None,
            touched=lambda _: None,
            monotonic=lambda: self.now,
        )

    @override
    def check_done(self, row: RunRecord) -> None:
        assert row.run_id in self.finished, "a result that no process has had"

    def ask(self, data: bytes) -> bytes:
        head = header(data[:HEADER_BYTES])
        request = Binary(head.kind, head.value, data[HEADER_BYTES:])
        caller: Any = Caller.__new__(Caller)
        caller.principal = WHO
        return sent(self.wait(self.door.answer(request, caller)))

    @rule(frames=st.sampled_from(["1", "1-3", "1-6"]), capacity=st.sampled_from([100, 1_000]))
    def submit(self, frames: str, capacity: int) -> None:
        spec = job(block(frames, capacity=capacity, errors_retries=1_000, errors_avoid_host=-1))
        self.wait(self.engine.do(c.SubmitJob(spec=spec, user="ada")))

    @rule(which=st.integers(0, 1), lost=LOSS)
    def speak(self, which: int, lost: str) -> None:
        self.nodes[which].speak(lost)

    @rule(which=st.integers(0, 1), number=st.integers(0, 5), ok=st.booleans())
    def finish(self, which: int, number: int, ok: bool) -> None:
        self.nodes[which].finish(number, DONE if ok else ERROR)

    @rule(seconds=st.sampled_from([1.0, 5.0, 15.9, 16.1, 121.0]))
    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        self.wait(self.door.look())

    @rule(op=st.sampled_from([TaskOp.STOP, TaskOp.RESTART]), number=st.integers(0, 5))
    def operate(self, op: TaskOp, number: int) -> None:
        if self.farm.state.jobs:
            job_id = sorted(self.farm.state.jobs)[number % len(self.farm.state.jobs)]
            self.wait(self.engine.do(c.ChangeTasks(job_id=JobId(job_id), op=op)))

    @rule(which=st.integers(0, 1))
    def eject(self, which: int) -> None:
        worker_id = WorkerId(which + 1)
        if worker_id in self.farm.state.workers:
            self.wait(self.engine.do(c.EjectWorker(worker_id=worker_id)))

    @rule(which=st.integers(0, 1))
    def leave(self, which: int) -> None:
        """A node is ended as it should be, and begins anew."""
        self.ask(types.number(Kind.RENDER_DEREGISTER, self.nodes[which].id))
        self.nodes[which].boot()

    @rule(which=st.integers(0, 1))
    def die(self, which: int) -> None:
        """A machine is without power for a while."""
        self.nodes[which].boot()
        self.pass_time(16.1)

    @rule()
    def kill_server(self) -> None:
        self.end_server()
        self.serve(Farm.restore(self.disk.load(), self.now))

    @invariant()
    def nothing_contradicts_itself(self) -> None:
        assert list(faults(self.farm.state)) == []

    def heal(self) -> None:
        """When the trouble is over all that was asked for is done."""
        for _ in range(ROUNDS):
            if all(item.done for item in self.farm.state.jobs.values()):
                return
            for node in self.nodes:
                node.speak("")
                for _ in list(node.processes):
                    node.finish(0, DONE)
            self.pass_time(1.0)
        raise AssertionError("a task is forgotten")


TestRenders = World.TestCase
TestRenders.settings = depth(examples=25, steps=40)
pytestmark = pytest.mark.slow
