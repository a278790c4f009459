"""The single writer: batch, apply, commit; only then answer, act and publish."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import msgspec
from msgspec.structs import replace

from grange.core.commands import (
    Command,
    EndRun,
    JoinWorker,
    LoseWorker,
    MeasureWorker,
    NoteFrames,
    NoteHealth,
    RestoreJob,
    Submitted,
    UnlinkWorker,
)
from grange.core.effects import Effect, Outcome
from grange.core.errors import Rejected
from grange.core.events import Event
from grange.core.farm import Farm
from grange.core.persist import is_empty
from grange.core.records import Changes
from grange.model.states import Role
from grange.store.store import AuditRecord

BATCH_MAX = 1_000  # commands per transaction
INBOX_MAX = 10_000  # commands waiting; `do` waits beyond, which slows the sender down
DETAILS_MAX = 8_192  # bytes of a command kept in the audit

#: Reports of machines; they change the farm but are nobody's decision, so are not audited.
_REPORTS = (
    *(EndRun, JoinWorker, LoseWorker, MeasureWorker),
    *(NoteFrames, NoteHealth, UnlinkWorker),
)


class Actor(msgspec.Struct, frozen=True):
    """On whose word a command is done."""

    user: str
    role: Role
    address: str = ""  #: where the request came from


FARM = Actor("", Role.ADMIN)  # the farm itself: leases, restarts


class Stopped(Exception):
    """The engine is not running (any more): the command was not done."""


class _Pending(msgspec.Struct, frozen=True):
    command: Command
    by: Actor
    done: asyncio.Future[object]


Commit = Callable[[Changes, Sequence[AuditRecord]], Awaitable[None]]


class Engine:
    """Owns the farm. Everything else sends it commands and reads.

    Args:
        farm: the farm; nobody else may change it from now on.
        commit: makes one batch durable; returns once it is on disk.
        perform: carries out effects; must not block.
        publish: tells watchers; must not block.
        clock: epoch seconds. While it is behind what it has said, time goes on at half
            speed until it has caught up: deadlines come later then, but they come.
    """

    def __init__(
        self,
        farm: Farm,
        *,
        commit: Commit,
        perform: Callable[[Sequence[Effect]], None],
        publish: Callable[[Sequence[Event]], None],
        clock: Callable[[], float],
    ) -> None:
        self.farm = farm
        self.clock = clock
        self._commit = commit
        self._perform = perform
        self._publish = publish
        self._inbox: asyncio.Queue[_Pending] = asyncio.Queue(INBOX_MAX)
        self._last = 0.0  # the clock, made to never go back
        self._ticked = 0.0  # the loop's time at that moment
        self._ended = asyncio.Event()
        self._durable = asyncio.Event()  # cleared while memory is ahead of the disk
        self._durable.set()

    @property
    def crowded(self) -> bool:
        """Whether the inbox is full: a door should turn people away."""
        return self._inbox.full()

    async def do(self, command: Command, by: Actor = FARM) -> object:
        """Apply a command and return its reply once it is on disk.

        Raises:
            Rejected: the command is not possible.
            Stopped: the engine ended; whether the command was done is not known.
        """
        return await (await self.post(command, by))

    async def post(self, command: Command, by: Actor = FARM) -> asyncio.Future[object]:
        """Hand a command over, as `do` does, without waiting for it.

        Returns:
            What will have the reply, or `Rejected`, or `Stopped`.

        Raises:
            Stopped: the engine has ended.
        """
        if self._ended.is_set():
            raise Stopped("the server is stopping")
        done: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        await self._inbox.put(_Pending(command, by, done))
        if self._ended.is_set():  # it ended while the inbox was full
            self._inbox.get_nowait()  # lets the next one in, to be told the same
            raise Stopped("the server stopped; ask again later")
        return done

    async def settled(self) -> None:
        """Wait until what can be read of the farm at this moment is on disk.

        Who shows it to anybody waits first: what was shown must not be gone after a crash.

        Raises:
            Stopped: it never was, or that is not known.
        """
        await self._durable.wait()
        if self._ended.is_set():
            raise Stopped("the server is stopping")

    async def run(self) -> None:
        """Process batches until cancelled.

        An error of `commit` ends the engine, and with it the server: memory is then
        ahead of the disk, and only a restart from the disk is safe.
        """
        batch: list[_Pending] = []
        try:
            while True:
                batch = await self._next_batch()
                await self._batch(batch)
        finally:
            self._ended.set()
            self._durable.set()
            while not self._inbox.empty():
                batch.append(self._inbox.get_nowait())
            for item in batch:
                if not item.done.done():
                    item.done.set_exception(Stopped("the server stopped; ask again later"))

    async def _next_batch(self) -> list[_Pending]:
        """What waits in the inbox; empty when a deadline of the farm came first."""
        deadline = self.farm.next_deadline()
        wait = None if deadline is None else max(0.0, deadline - self._now())
        try:
            async with asyncio.timeout(wait):
                batch = [await self._inbox.get()]
        except TimeoutError:
            return []
        while len(batch) < BATCH_MAX and not self._inbox.empty():
            batch.append(self._inbox.get_nowait())
        return batch

    def _now(self) -> float:
        ticked = asyncio.get_running_loop().time()
        clock = self.clock()
        if clock < self._last:
            clock = self._last + (ticked - self._ticked) / 2
        self._last, self._ticked = clock, ticked
        return clock

    async def _batch(self, batch: list[_Pending]) -> None:
        now = self._now()
        outcomes: list[Outcome] = []
        answers: list[tuple[asyncio.Future[object], object]] = []
        refusals: list[tuple[asyncio.Future[object], Rejected]] = []
        audit: list[AuditRecord] = []
        for item in batch:
            try:
                out = self.farm.apply(item.command, now)
            except Rejected as why:
                refusals.append((item.done, why))  # it may be for what is not durable yet
                continue
            outcomes.append(out)
            answers.append((item.done, out.reply))
            if not isinstance(item.command, _REPORTS):
                audit.append(_audited(item, out, now))
                out.notes = [replace(note, by=item.by.user) for note in out.notes]
        outcomes.append(self.farm.dispatch(now))

        changes = self.farm.take_dirty()
        changes.notes = [note for out in outcomes for note in out.notes]
        if audit or not is_empty(changes):
            self._durable.clear()
            await self._commit(changes, audit)
            self._durable.set()

        for done, reply in answers:
            if not done.done():  # the sender may have gone away
                done.set_result(reply)
        for done, refusal in refusals:
            if not done.done():
                done.set_exception(refusal)
        self._perform([effect for out in outcomes for effect in out.effects])
        self._publish([event for out in outcomes for event in out.events])


def _audited(item: _Pending, out: Outcome, now: float) -> AuditRecord:
    command = item.command
    shown = replace(command, tasks=(), runs=()) if isinstance(command, RestoreJob) else command
    details: dict[str, object] = {"command": msgspec.to_builtins(shown, str_keys=True)}
    if out.changed:
        details["changed"] = msgspec.to_builtins(out.changed, str_keys=True)
    text = msgspec.json.encode(details)
    if len(text) > DETAILS_MAX:
        begin = text[:DETAILS_MAX].decode(errors="replace")
        text = msgspec.json.encode({"bytes": len(text), "begin": begin})
    return AuditRecord(
        at=now,
        user=item.by.user,
        role=item.by.role,
        address=item.by.address,
        action=type(command).__name__,
        target=_target(command, out),
        details=text,
    )


def _target(command: Command, out: Outcome) -> str:
    """The object that a command is about, such as `job/7`."""
    if isinstance(out.reply, Submitted):
        return f"job/{out.reply.job_id}"
    for name, kind in (("job_id", "job"), ("worker_id", "worker"), ("user", "user")):
        if hasattr(command, name):
            return f"{kind}/{getattr(command, name)}"
    kind = type(command).__name__.removeprefix("Edit").removeprefix("Delete").lower()
    return f"{kind}{getattr(command, 'path', '')}"
