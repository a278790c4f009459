"""A render node of Afanasy as far as its protocol goes: it speaks the recorded bytes."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from msgspec.structs import replace

from grange.core import commands as c
from grange.core.check import faults
from grange.core.effects import Effect
from grange.core.farm import Farm
from grange.doors.afanasy.binary import messages, types
from grange.doors.afanasy.binary.types import HEADER_BYTES, Kind, header
from grange.doors.afanasy.framing import Binary
from grange.doors.afanasy.renders.render import position
from grange.doors.afanasy.renders.renders import Renders
from grange.doors.afanasy.reply import Reply
from grange.doors.afanasy.shapes.task import TaskExec, TaskPos
from grange.doors.afanasy.shapes.traffic import (
    RenderEvents,
    RenderRegister,
    RenderUpdate,
    TaskOutput,
    TaskUpdate,
)
from grange.model.ids import JobId, RunId, WorkerId
from grange.model.states import Presence, Role, TaskState
from grange.server.auth import Principal
from grange.server.caller import Caller
from tests.build import states
from tests.doors.afanasy.proves import note_message
from tests.doors.afanasy.recorded import recorded
from tests.doors.afanasy.stand import Stand

T = TypeVar("T")
RUNS, WARNS, DONE, ERROR, KILLED = 3, 4, 5, 6, 7  # statuses of a task
REGISTER = bytes.fromhex(recorded("wire_34_36")[0]["input"]["request_hex"])
COMES: RenderRegister = messages.decode(Kind.RENDER_REGISTER, REGISTER[HEADER_BYTES:])


class Farmyard(Stand):
    """A farm whose render nodes are Afanasy's."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.at = 1_000.0  # monotonic seconds
        self.grew: list[tuple[int, int, int, bytes]] = []
        self.shown: list[tuple[int, int, str, bytes]] = []
        self.touched: list[WorkerId] = []
        self.renders = self.new_renders()
        self.engine._perform = self._perform

    def new_renders(self) -> Renders:
        """What a new process of the server knows of render nodes."""
        return Renders(
            self.engine,
            self.gauges,
            self.logs,
            log_grew=lambda *piece: self.grew.append(piece),
            show=lambda *picture: self.shown.append(picture),
            touched=self.touched.append,
            monotonic=lambda: self.at,
        )

    def _perform(self, effects: Sequence[Effect]) -> None:
        self.effects.extend(effects)
        self.renders.perform(effects)

    def restart(self) -> None:
        """Go on with the farm as it is on the disk."""
        self.farm = self.engine.farm = Farm.restore(self._store.load(), self.now)
        self.renders = self.new_renders()

    def pass_time(self, seconds: float) -> None:
        """Let time pass, and the door look around."""
        self.at += seconds
        self.now += seconds
        self.wait(self.renders.look())

    def states(self, job: int, block: int = 0) -> list[TaskState]:
        """The states of a block's tasks."""
        return states(self.farm, JobId(job - 1), block)

    def presence(self, worker_id: int = 1) -> Presence:
        """How a worker is linked."""
        return self.worker(worker_id).presence

    def runs(self) -> list[RunId]:
        """All that run."""
        return sorted(self.farm.state.runs)

    def log_of(self, order: TaskExec) -> bytes:
        """The log of a run."""
        return self.logs.read(order.job_id - 1, order.number, 0, 1 << 22)


class Afrender:
    """A node.

    Args:
        yard: the farm it is for.
        name: its own.
        launched: when its process was started.
        address: where it is.
    """

    def __init__(
        self, yard: Farmyard, name: str = "r1", launched: int = 1, address: str = "10.0.0.7"
    ) -> None:
        self._yard = yard
        self.id = 0
        self.comes = replace(COMES, name=name, time_launch=launched)
        self._address = address
        self.running: dict[TaskPos, TaskExec] = {}

    def ask(self, data: bytes) -> bytes:
        """Send bytes; the bytes of the answer."""
        return self._yard.wait(self.asking(data))

    async def asking(self, data: bytes) -> bytes:
        """Send bytes; the bytes of the answer."""
        head = header(data[:HEADER_BYTES])
        note_message(head.kind, head.kind.name)
        request = Binary(head.kind, head.value, data[HEADER_BYTES:])
        who = Principal(
            user="", role=Role.WORKER, name="", credential_id="", address=self._address
        )
        reply = await self._yard.renders.answer(request, Caller(self._yard.desk, who))
        return sent(reply)

    def coming(self, **fields: Any) -> bytes:
        """The bytes with which it comes, with what runs."""
        comes = replace(self.comes, tasks=tuple(self.running.values()), id=self.id, **fields)
        return messages.encode(Kind.RENDER_REGISTER, comes)

    def waits(self) -> bool:
        """Whether it is not answered when it comes: it tries again a second later.

        Whatever it is answered, it takes as a word that it is in, and registers no more.
        """
        return self.ask(self.coming()) == b""

    def register(self, **fields: Any) -> RenderEvents:
        """Come, with what runs."""
        told = read(self.ask(self.coming(**fields)))
        assert isinstance(told, RenderEvents)
        self.id = told.id
        return self._obey(told)

    def poll(self, *tasks: TaskUpdate, **fields: Any) -> RenderEvents | int:
        """Say how it is; what is to be done, or the id where there is nothing."""
        return self.read_poll(self.ask(self.update(*tasks, **fields)))

    def update(self, *tasks: TaskUpdate, **fields: Any) -> bytes:
        """The bytes of an update."""
        said = RenderUpdate(id=self.id, tasks=tasks, **fields)
        return messages.encode(Kind.RENDER_UPDATE, said)

    def read_poll(self, data: bytes) -> RenderEvents | int:
        """Obey what an answer says."""
        told = read(data)
        return self._obey(told) if isinstance(told, RenderEvents) else int(told)

    def told(self, *tasks: TaskUpdate, **fields: Any) -> RenderEvents:
        """Say how it is; something is to be done."""
        found = self.poll(*tasks, **fields)
        assert isinstance(found, RenderEvents), found
        return found

    def given(self) -> TaskExec:
        """The one task that it is given."""
        (order,) = self.told().tasks
        return order

    def leave(self) -> bytes:
        """Say good-bye."""
        return self.ask(types.number(Kind.RENDER_DEREGISTER, self.id))

    def _obey(self, told: RenderEvents) -> RenderEvents:
        for order in told.tasks:
            assert position(order) not in self.running, "it runs already"
            self.running[position(order)] = order
        for pos in (*told.closes, *told.stops):
            self.running.pop(pos, None)
        return told


def read(data: bytes) -> Any:
    """What an answer says: a shape, or a number."""
    head = header(data[:HEADER_BYTES])
    if head.kind.holds_number:
        assert head.kind is Kind.RENDER_ID
        return head.value
    return messages.decode(head.kind, data[HEADER_BYTES:])


def sent(reply: Reply) -> bytes:
    """An answer in bytes."""
    kind = Kind(reply.kind)
    if kind is Kind.NULL:
        return b""
    if kind.holds_number:
        return types.number(kind, reply.items)
    return messages.encode(kind, reply.items)


def far(order: TaskExec | TaskPos, status: int = RUNS, **fields: Any) -> TaskUpdate:
    """What a node says of a task."""
    values: dict[str, Any] = {
        "render_id": 1,
        "pos": order if isinstance(order, TaskPos) else position(order),
        "status": status,
        "percent": 0,
        "frame": 0,
        "percent_frame": 0,
        "progress_changed": False,
        "activity": "",
        "resources": "",
        "report": "",
        "log": "",
        "listened": b"",
    }
    return TaskUpdate(**(values | fields))


def so_far(order: TaskExec, text: bytes) -> TaskOutput:
    """All that a task has said."""
    return TaskOutput(pos=position(order), output=text)


@contextmanager
def farmyard(folder: Path) -> Iterator[Farmyard]:
    """A farm with render nodes, in which nothing may contradict itself at the end."""
    yard = Farmyard(folder)
    try:
        yield yard
        assert list(faults(yard.farm.state)) == []
    finally:
        yard.close()


def while_committing(yard: Farmyard, work: Coroutine[None, None, T]) -> tuple[bool, T]:
    """Whether something ends before what it changes is on disk, and what it gives then."""

    async def watch() -> tuple[bool, T]:
        gate = asyncio.Event()
        commit = yard.engine._commit

        async def held(*what: Any) -> None:
            await gate.wait()
            await commit(*what)

        yard.engine._commit = held
        task = asyncio.get_running_loop().create_task(work)
        while yard.engine._durable.is_set() and not task.done():  # noqa: ASYNC110 (a turn)
            await asyncio.sleep(0)
        early = task.done()
        gate.set()
        found = await task
        yard.engine._commit = commit
        return early, found

    return yard.wait(watch())


def edited(yard: Farmyard, **changes: Any) -> None:
    """A person sets something on the root pool."""
    yard.do(c.EditPool(path="/", changes=changes))
