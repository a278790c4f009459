"""A farm behind the answers of the door, without sockets: everything real but the clock."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from grange.core import commands as c
from grange.core.effects import Effect, StartRun
from grange.core.events import Event
from grange.core.farm import Farm
from grange.core.objects import Block, Job, Worker
from grange.core.records import Changes
from grange.doors.afanasy.answering import Answering
from grange.doors.afanasy.numbers import Numbers, meant_job
from grange.doors.afanasy.reply import Reply
from grange.model.ids import WorkerId
from grange.model.run import Progress, RunResult, RunSpec, Traits
from grange.model.spec import JobSpec
from grange.model.states import Role, RunStatus
from grange.server.auth import Principal
from grange.server.caller import Caller
from grange.server.desk import Desk
from grange.server.engine import Engine
from grange.server.gauges import Gauges
from grange.server.views import Views
from grange.store.files import Shelf
from grange.store.pictures import Album
from grange.store.sql import open_store
from grange.store.store import AuditRecord
from tests.build import TRAITS
from tests.doors.afanasy.proves import note

T = TypeVar("T")

BEGIN = 1_700_000_000.0  # the farm's clock at first
ADDRESS = "127.0.0.1"
AUTHOR = {"user_name": "artist", "host_name": "ws1"}


class Stand:
    """A farm, and what the door answers from it."""

    def __init__(self, folder: Path) -> None:
        self.now = BEGIN
        self.farm = Farm()
        self.effects: list[Effect] = []
        self._loop = asyncio.new_event_loop()
        self._threads = ThreadPoolExecutor(1)
        self._store = open_store(f"sqlite:///{folder / 'farm.db'}")
        self.gauges = Gauges()
        self.numbers = Numbers()
        self.logs = Shelf(folder)
        self.album = Album(folder)
        self.engine = Engine(
            self.farm,
            commit=self._commit,
            perform=self.effects.extend,
            publish=self._publish,
            clock=lambda: self.now,
        )
        self.desk = Desk(
            engine=self.engine,
            views=Views(self.farm, self.gauges, self._store, lambda: self.now),
            logs=self.logs,
            album=self.album,
            reading=self._threads,
            audit=self._audit,
            clock=lambda: self.now,
        )
        self.cgru: Path | None = None
        self.answering = Answering(self.desk, self.gauges, self.numbers)
        self._running = self._loop.create_task(self.engine.run())

    async def _commit(self, changes: Changes, audit: Sequence[AuditRecord]) -> None:
        await self._loop.run_in_executor(self._threads, self._store.commit, changes, audit)

    async def _audit(self, record: AuditRecord) -> None:
        await self._commit(Changes(), [record])

    def _publish(self, events: Sequence[Event]) -> None:
        self.gauges.forget(events)
        self.answering.publish(events)

    def wait(self, work: Coroutine[None, None, T]) -> T:
        """Await something while the engine runs."""
        return self._loop.run_until_complete(work)

    def caller(self, user: str = "artist", role: Role = Role.ADMIN) -> Caller:
        """Somebody who asks."""
        who = Principal(user=user, role=role, name=user, credential_id="", address=ADDRESS)
        return Caller(self.desk, who)

    def reply(self, root: dict[str, Any], **who: Any) -> Reply:
        """The answer to a request."""
        note(root)
        return self.wait(self.answering.answer(root, self.caller(**who)))

    def ask(self, root: dict[str, Any], **who: Any) -> Any:
        """The answer to a request, as its sender reads it."""
        return msgspec.json.decode(msgspec.json.encode(self.reply(root, **who).body))

    def get(self, kind: str, /, **asked: Any) -> Any:
        """What is shown."""
        return self.ask({"get": {"type": kind, **asked}})

    def act(self, kind: str, target: int | str, /, **asked: Any) -> Any:
        """What is said of an action on one thing: kind and text."""
        chosen = {"ids": [target]} if isinstance(target, int) else {"mask": target}
        said = self.ask({"action": {**AUTHOR, "type": kind, **chosen, **asked}})
        info = said.get("info") if said else said
        return (info["kind"], info["text"]) if info else said

    def operate(self, kind: str, target: int | str, name: str, /, **asked: Any) -> Any:
        """What is said of an operation on one thing."""
        rest = {key: asked.pop(key) for key in ("block_ids", "block_mask") if key in asked}
        return self.act(kind, target, operation={"type": name, **asked}, **rest)

    def set(
        self, kind: str, target: int | str, blocks: list[int] | None = None, /, **params: Any
    ) -> Any:
        """What is said of parameters of one thing."""
        rest = {} if blocks is None else {"block_ids": blocks}
        return self.act(kind, target, params=params, **rest)

    def do(self, command: c.Command) -> Any:
        """Have a command done."""
        return self.wait(self.engine.do(command))

    def submit(self, spec: JobSpec, user: str = "artist") -> int:
        """Submit a job. Its number as the door shows it."""
        done: c.Submitted = self.do(c.SubmitJob(spec=spec, user=user))
        return done.job_id + 1

    def join(self, name: str = "r1", traits: Traits = TRAITS, **fields: Any) -> WorkerId:
        """Let a worker join."""
        done: c.Joined = self.do(c.JoinWorker(name=name, boot_id=name, traits=traits, **fields))
        return done.worker_id

    @staticmethod
    def traits(**fields: Any) -> Traits:
        """A machine."""
        return msgspec.structs.replace(TRAITS, **fields)

    def started(self) -> list[tuple[WorkerId, RunSpec]]:
        """The runs that were given out and not taken from here yet."""
        found = [(item.worker_id, item.run) for item in self.effects if isinstance(item, StartRun)]
        self.effects.clear()
        return found

    def end(
        self,
        begun: tuple[WorkerId, RunSpec],
        status: RunStatus = RunStatus.DONE,
        after: float = 2.0,
        **fields: Any,
    ) -> None:
        """Let a run end."""
        self.now += after
        result = RunResult(status=status, duration_s=after, **fields)
        self.do(c.EndRun(worker_id=begun[0], run_id=begun[1].run_id, result=result))

    def progress(self, begun: tuple[WorkerId, RunSpec], **fields: Any) -> None:
        """Let a run tell how far it is."""
        self.gauges.note_progress(Progress(run_id=begun[1].run_id, **fields))

    def write(self, begun: tuple[WorkerId, RunSpec], text: str) -> None:
        """Let a run write."""
        run = begun[1]
        size = self.logs.size(run.job_id, run.run_id)
        self.logs.append(run.job_id, run.run_id, size, text.encode())

    def job(self, number: int) -> Job:
        """A job by the number that the door shows."""
        return self.farm.state.jobs[meant_job(number)]

    def block(self, number: int, block: int = 0) -> Block:
        """A block of it."""
        return self.job(number).blocks[block]

    def worker(self, worker_id: int) -> Worker:
        """A worker."""
        return self.farm.state.workers[WorkerId(worker_id)]

    def has_job(self, number: int) -> bool:
        """Whether there is a job of that number."""
        return meant_job(number) in self.farm.state.jobs

    def close(self) -> None:
        """Stop everything."""
        self._running.cancel()
        self._loop.run_until_complete(asyncio.gather(self._running, return_exceptions=True))
        self._threads.shutdown()
        self._loop.close()
        self.logs.close()
        self._store.close()


@contextmanager
def standing(folder: Path) -> Iterator[Stand]:
    """A farm behind the door's answers."""
    stand = Stand(folder)
    try:
        yield stand
    finally:
        stand.close()
