"""Builders and a table to lay a core on: every test of the worker starts from these."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from grange.model.ids import JobId, RunId, WorkerId
from grange.model.patterns import Command
from grange.model.run import RunSpec
from grange.model.states import RunStatus
from grange.wire.worker import Beat, BeatAck, Ended, EndedAck, Start, Stop, Welcome
from grange.worker.core import WorkerCore
from grange.worker.effects import Effect, Send
from grange.worker.inputs import (
    Exited,
    Input,
    Judged,
    Linked,
    Logged,
    Prepared,
    Started,
    Tick,
    Unlinked,
)

E = TypeVar("E", bound=Effect)
S = TypeVar("S", bound=msgspec.Struct)
FIRST = RunId(1)
LEASE_S = 30.0
HEARTBEAT_S = 2.0


def a_run(number: int = 1, command: Command = ("true",), **more: object) -> RunSpec:
    """One task; `more` are fields of `RunSpec`."""
    plain = RunSpec(
        run_id=RunId(number),
        job_id=JobId(1),
        block=0,
        task=number,
        job_name="job",
        block_name="block",
        task_name=f"task {number}",
        user="artist",
        service="generic",
        command=command,
        working_directory="/",
    )
    return replaced(plain, more)


def replaced(value: S, more: dict[str, object]) -> S:
    """A value with others in some fields."""
    return msgspec.structs.replace(value, **more)


def a_welcome(lease_s: float = LEASE_S, offsets: dict[int, int] | None = None) -> Welcome:
    """The server's first word."""
    return Welcome(
        version=1,
        worker_id=WorkerId(1),
        lease_s=lease_s,
        heartbeat_s=HEARTBEAT_S,
        resources_s=10.0,
        log_offsets=offsets or {},
    )


class Table:
    """A core, a clock, and the effects that came of the last input."""

    def __init__(self, *, linked: bool = True) -> None:
        self.core = WorkerCore({})
        self.now = 1_000.0
        self.effects: list[Effect] = []
        if linked:
            self.link()

    def tell(self, *items: Input) -> list[Effect]:
        """Give inputs; returns the effects of all of them."""
        self.effects = [effect for item in items for effect in self.core.apply(item, self.now)]
        return self.effects

    def link(self, **welcome: object) -> list[Effect]:
        """The server welcomes us; our hello went out this moment."""
        lease_s = welcome.get("lease_s", LEASE_S)
        offsets = welcome.get("offsets", {})
        assert isinstance(lease_s, float)
        assert isinstance(offsets, dict)
        return self.tell(Linked(a_welcome(lease_s, offsets), self.now))

    def unlink(self) -> list[Effect]:
        """The connection breaks."""
        return self.tell(Unlinked())

    def wait(self, seconds: float) -> list[Effect]:
        """Let time pass, with a tick at every deadline; beats are answered at once."""
        return self._pass(seconds, answered=True)

    def wait_unanswered(self, seconds: float) -> list[Effect]:
        """Let time pass; the server answers nothing."""
        return self._pass(seconds, answered=False)

    def _pass(self, seconds: float, *, answered: bool) -> list[Effect]:
        end = self.now + seconds
        every: list[Effect] = []
        while (due := self.core.next_deadline()) is not None and due <= end:
            self.now = max(self.now, due)
            new = self.tell(Tick())
            if answered:
                for beat in sent(new, Beat):
                    new += self.tell(BeatAck(number=beat.number, lease_s=LEASE_S))
            every += new
        self.now = end
        self.effects = every
        return every

    def start(self, run: RunSpec | None = None, *, log_bytes: int = 0) -> RunId:
        """Bring a run to the point where its process lives."""
        run = run or a_run()
        key = run.run_id
        self.tell(Start(run=run), ready(key), Started(key, 100 + key))
        if log_bytes:
            self.tell(Logged(key, log_bytes))
        return key

    def finish(self, run_id: RunId = FIRST, exit_code: int | None = 0) -> list[Effect]:
        """Let the process of a run end by itself, and be judged."""
        status = RunStatus.DONE if exit_code == 0 else RunStatus.FAILED
        before = self.tell(Exited(run_id=run_id, exit_code=exit_code, duration_s=1.0))
        return before + self.tell(Judged(run_id=run_id, status=status))

    def die(self, run_id: RunId = FIRST, signal: int = 15) -> list[Effect]:
        """Let the process of a run end by a signal, and be judged."""
        before = self.tell(Exited(run_id=run_id, signal=signal, duration_s=1.0))
        return before + self.tell(Judged(run_id=run_id, status=RunStatus.FAILED))

    def stop(self, run_id: RunId = FIRST) -> list[Effect]:
        """The server wants no more of a run."""
        return self.tell(Stop(run_id=run_id, reason="deleted"))

    def ack(self, *run_ids: int) -> list[Effect]:
        """The server has these results."""
        return self.tell(EndedAck(run_ids=tuple(RunId(run_id) for run_id in run_ids)))

    def take(self, kind: type[E]) -> list[E]:
        """Effects of one kind that came of the last input."""
        return [effect for effect in self.effects if isinstance(effect, kind)]

    def result(self, run_id: RunId = FIRST) -> Ended:
        """The result of a run, as it was just sent."""
        return next(item for item in sent(self.effects, Ended) if item.run_id == run_id)


def ready(run_id: RunId, **more: object) -> Prepared:
    """What a service makes of a run."""
    skip, log_bytes = more.get("skip", ""), more.get("log_bytes", 0)
    assert isinstance(skip, str)
    assert isinstance(log_bytes, int)
    return Prepared(
        run_id=run_id,
        command=("true",),
        working_directory="/",
        environment={},
        skip=skip,
        log_bytes=log_bytes,
    )


M = TypeVar("M")


def sent(effects: list[Effect], kind: type[M]) -> list[M]:
    """Messages of one kind among the effects."""
    messages = [effect.message for effect in effects if isinstance(effect, Send)]
    return [message for message in messages if isinstance(message, kind)]
