"""All render nodes: who comes, who stays away, what they are told and what they say."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Final

import msgspec

from grange.core.commands import Command, EndRun, Joined, LoseWorker
from grange.core.effects import Effect, Launch, StartRun, StopRun, TellWorker
from grange.core.errors import Rejected
from grange.core.objects import Pool, Worker
from grange.doors.afanasy.binary import messages
from grange.doors.afanasy.binary.primitives import Broken
from grange.doors.afanasy.binary.types import Kind
from grange.doors.afanasy.framing import Binary
from grange.doors.afanasy.renders import limits, machine, orders
from grange.doors.afanasy.renders.logs import Logs
from grange.doors.afanasy.renders.render import Render, position
from grange.doors.afanasy.renders.reports import Reports
from grange.doors.afanasy.reply import NOTHING, Reply
from grange.doors.afanasy.shapes.task import TaskPos
from grange.doors.afanasy.shapes.traffic import RenderEvents, RenderRegister, RenderUpdate
from grange.doors.afanasy.show.renders import listed
from grange.model.ids import JobId, RunId, WorkerId
from grange.model.spec import NAME_MAX
from grange.server.caller import Caller
from grange.server.engine import Engine, Stopped
from grange.server.gauges import Gauges
from grange.server.telemetry import Telemetry
from grange.store.files import Shelf

LEAVE: Final = -2  # answered for an id: there is no place for you
UNKNOWN: Final = 0  # answered to an update: register again, with the tasks that run
LOOK_S: Final = 1.0  # between two looks at who is silent
#: What we ask of a worker, as Afanasy calls it; it knows no other instructions.
INSTRUCTIONS: Final = {
    "exit": "exit",
    "sleep": "sleep",
    "reboot": "reboot",
    "shutdown": "shutdown",
}

log = logging.getLogger(__name__)
Given = StartRun | StopRun | TellWorker | Launch


class Renders:
    """The render nodes of this door.

    Args:
        engine: the farm's.
        gauges: where progress and load go.
        shelf: where logs go.
        log_grew: told of each piece of log on the shelf: job id, run id, offset, data.
        show: takes thumbnails: job id, run id, name, JPEG.
        touched: told of each worker with new telemetry.
        monotonic: seconds that never jump.
    """

    def __init__(
        self,
        engine: Engine,
        gauges: Gauges,
        shelf: Shelf,
        *,
        log_grew: Callable[[JobId, RunId, int, bytes], None],
        show: Callable[[JobId, RunId, str, bytes], None],
        touched: Callable[[WorkerId], None],
        monotonic: Callable[[], float],
    ) -> None:
        self._engine = engine
        self._gauges = gauges
        self._monotonic = monotonic
        self._telemetry = Telemetry(engine, gauges, touched=touched, monotonic=monotonic)
        self._reports = Reports(
            engine, self._telemetry, Logs(shelf, log_grew), show=show, monotonic=monotonic
        )
        self._renders: dict[WorkerId, Render] = {}
        self._joining: set[str] = set()  # names of those who join just now
        self._early: dict[WorkerId, list[Given]] = {}  # for those who join just now

    async def run(self) -> None:
        """See to those that are silent, and to runs that have gone on for too long."""
        while True:
            await asyncio.sleep(LOOK_S)
            with suppress(Stopped):
                await self.look()

    async def look(self) -> None:
        """Take back what silent nodes have; end runs that exceed their limits."""
        at = self._monotonic()
        for render in list(self._renders.values()):
            worker = self._worker(render)
            if worker is None:
                self._forget(render)
            elif at > render.heard + machine.zombie_s(self._pools(worker)):
                self._forget(render)
                await self._tell_farm(
                    LoseWorker(worker_id=worker.worker_id, reason="render zombie")
                )
            else:
                await self._end_exceeded(render)

    async def answer(self, request: Binary, caller: Caller) -> Reply:
        """Answer a message of a node.

        Raises:
            Broken: it is none.
        """
        address = caller.principal.address
        if request.kind is Kind.RENDER_REGISTER:
            comes: RenderRegister = messages.decode(request.kind, request.body)
            events = await self._register(comes, address)
            return NOTHING if events is None else _events(events)
        if request.kind is Kind.RENDER_UPDATE:
            said: RenderUpdate = messages.decode(request.kind, request.body)
            return await self._update(said, address)
        if request.kind is Kind.RENDER_DEREGISTER:
            await self._leave(WorkerId(request.value), address)
            return NOTHING
        raise Broken(f"{request.kind.name} is no message of a render")

    def perform(self, effects: Sequence[Effect]) -> None:
        """Keep what the farm wants its nodes to do until they ask."""
        for effect in effects:
            if not isinstance(effect, Given):
                continue
            render = self._renders.get(effect.worker_id)
            if render is not None:
                self._give(render, effect)
            elif self._joining:  # its join is in the same batch: it is known in a moment
                self._early.setdefault(effect.worker_id, []).append(effect)
        if not self._joining:
            self._early.clear()

    def _give(self, render: Render, effect: Given) -> None:
        match effect:
            case StartRun():
                self._start(render, effect)
            case StopRun():
                render.stop(effect.run_id)
            case Launch():
                what = "launch_exit" if effect.exit else "launch"
                render.instruct(what, orders.line(effect.command, self._worker(render)))
            case TellWorker():
                known = INSTRUCTIONS.get(effect.what)
                if known is None:
                    render.say(f"the server asks for {effect.what!r}, which no afrender knows")
                else:
                    render.instruct(known, self._about(render) if known == "sleep" else "")

    def _about(self, render: Render) -> str:
        """What a node's service needs to put its machine to sleep: the node itself, as JSON."""
        worker = self._worker(render)
        if worker is None:
            return ""
        found = listed(self._engine.farm.state, self._gauges, worker, self._engine.clock())
        return str(msgspec.json.encode(found), "utf-8")

    def _start(self, render: Render, effect: StartRun) -> None:
        state, spec = self._engine.farm.state, effect.run
        run = state.runs.get(spec.run_id)
        if run is None:  # it is over before its node has joined
            return
        order = orders.order(state, run, spec, self._engine.clock())
        render.start(spec.run_id, order, self._monotonic() + spec.start_wait_s)

    async def _register(self, said: RenderRegister, address: str) -> RenderEvents | None:
        """Let a node join, with the runs that are still its own.

        None: it may not now. It tries again in a second as long as nothing is answered; whatever
        it is answered, it takes as a word that it is in.
        """
        if not 0 < len(said.name) <= NAME_MAX:
            return _away(f"a render needs a name of at most {NAME_MAX} characters")
        if said.name in self._joining or self._may_be_dead(said):
            return None
        old = self._own_past(said)
        self._joining.add(said.name)
        joined: object = None
        try:
            joined = await self._engine.do(
                machine.join_command(said, [run for run, _ in self._known(said)], address)
            )
        except Rejected as why:
            return _away(str(why))
        except Stopped:
            return None
        finally:
            self._joining.discard(said.name)
            if old is not None and joined is None:
                self._bring_back(old)
        assert isinstance(joined, Joined)
        return self._welcome(said, joined, address)

    def _may_be_dead(self, said: RenderRegister) -> bool:
        """Whether a node's name is had by one that may have been its own life before a crash.

        As long as that one is not heard again, nobody knows whether its tasks run.
        """
        old, boot_id = self._named(said.name), machine.boot_id(said)
        if old is None or old.boot_id == boot_id:
            return False
        return not old.outlives(boot_id, self._monotonic())

    def _own_past(self, said: RenderRegister) -> Render | None:
        """Put aside what is known of a node that comes again: what it is told now is new."""
        old = self._named(said.name)
        if old is None or old.boot_id != machine.boot_id(said):
            return None
        return self._renders.pop(old.worker_id)

    def _named(self, name: str) -> Render | None:
        worker_id = self._engine.farm.state.worker_names.get(name)
        return None if worker_id is None else self._renders.get(worker_id)

    def _bring_back(self, old: Render) -> None:
        """A node did not join again: it is as it was."""
        self._renders[old.worker_id] = old
        for effect in self._early.pop(old.worker_id, ()):
            self._give(old, effect)

    def _known(self, said: RenderRegister) -> Iterator[tuple[RunId, TaskPos]]:
        """The runs that a node has and that are known as its own."""
        state = self._engine.farm.state
        worker_id = state.worker_names.get(said.name)
        if worker_id is None:
            return
        for order in said.tasks:
            run = orders.run_at(state, state.workers[worker_id], position(order))
            if run is not None:
                yield run.run_id, position(order)

    def _welcome(self, said: RenderRegister, joined: Joined, address: str) -> RenderEvents:
        now = self._monotonic()
        render = Render(joined.worker_id, said.name, machine.boot_id(said), address, now)
        self._renders[joined.worker_id] = render
        kept = {pos: run_id for run_id, pos in self._known(said) if run_id in joined.keep}
        for order in said.tasks:
            pos = position(order)
            if pos in kept:
                render.keep(kept[pos], pos, now)
            else:
                render.halt(pos)
        for effect in self._early.pop(joined.worker_id, ()):
            self._give(render, effect)
        render.say("Render became online.")
        worker = self._engine.farm.state.workers[joined.worker_id]
        found = render.events(now, machine.times(self._pools(worker)))
        assert found is not None  # it has something to say
        return found

    async def _update(self, said: RenderUpdate, address: str) -> Reply:
        """Take what a node says, and tell it what waits."""
        render = self._renders.get(WorkerId(said.id))
        worker = self._worker(render) if render is not None else None
        if render is None or worker is None or render.address != address:
            return _id(UNKNOWN)
        render.heard = self._monotonic()
        try:
            await self._reports.take(render, worker, said)
        except Rejected:  # it was deleted meanwhile
            return _id(UNKNOWN)
        except Stopped:
            return _id(said.id)  # nothing is booked: it says all of it again
        if self._renders.get(render.worker_id) is not render:
            return _id(UNKNOWN)
        found = render.events(self._monotonic(), machine.times(self._pools(worker)))
        return _id(said.id) if found is None else _events(found)

    async def _leave(self, worker_id: WorkerId, address: str) -> None:
        """A node says good-bye."""
        render = self._renders.get(worker_id)
        if render is not None and render.address == address:
            self._forget(render)
            await self._tell_farm(LoseWorker(worker_id=worker_id, reason="it stopped"))

    async def _end_exceeded(self, render: Render) -> None:
        found = limits.exceeded(
            self._engine.farm.state, render, self._monotonic(), self._engine.clock()
        )
        for run, result in list(found):
            await self._tell_farm(
                EndRun(worker_id=render.worker_id, run_id=run.run_id, result=result)
            )
            render.stop(run.run_id)

    def _forget(self, render: Render) -> None:
        if self._renders.get(render.worker_id) is render:
            del self._renders[render.worker_id]
            self._telemetry.forget(render.worker_id)

    def _worker(self, render: Render) -> Worker | None:
        return self._engine.farm.state.workers.get(render.worker_id)

    def _pools(self, worker: Worker) -> Sequence[Pool]:
        return self._engine.farm.state.pool_chain(worker.pool)

    async def _tell_farm(self, command: Command) -> None:
        with suppress(Rejected, Stopped):  # the worker has changed meanwhile, or we end
            await self._engine.do(command)


def _away(why: str) -> RenderEvents:
    return RenderEvents(id=LEAVE, log=why)


def _id(number: int) -> Reply:
    return Reply(kind=Kind.RENDER_ID, items=number)


def _events(found: RenderEvents) -> Reply:
    return Reply(kind=Kind.RENDER_EVENTS, items=found)
