"""A history, sorted by what it is about."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeVar

import msgspec

from chaos.history import (
    Acked,
    Begun,
    Census,
    Did,
    Ended,
    Entry,
    Gone,
    Restarting,
    Restored,
    Submitting,
)
from chaos.verdicts.violation import NS

T = TypeVar("T")
DOWN = frozenset({"killed", "stopping", "paused", "starting"})


class Task(NamedTuple):
    """A task's address."""

    job: int
    block: int
    task: int

    def __str__(self) -> str:
        return f"task {self.job}/{self.block}/{self.task}"


class Execution(msgspec.Struct, kw_only=True):
    """One real process of a task.

    Attributes:
        begun: when it said so.
        alive: when it was last known to live.
        over: when it was first known not to; None it is not known.
        ended: whether it said that its work was done.
    """

    run: int
    task: Task
    pid: int
    home: str
    begun: int
    alive: int
    over: int | None = None
    ended: bool = False
    overlaps: bool = False

    def __str__(self) -> str:
        return f"run {self.run} of {self.task} (process {self.pid})"


class Story:
    """Everything that judges look up. Costs one pass over the events.

    Args:
        events: in order of their times.

    Attributes:
        executions: in order of their beginnings.
        jobs: token -> what was submitted under it.
        ids: token -> ids that the server gave it.
        tokens: id -> token.
        away: spans of time in which the server was not there, or not sure to be.
    """

    def __init__(self, events: Sequence[Entry]) -> None:
        self.events = events
        self.start = events[0].at if events else 0
        self.jobs = {event.token: event for event in self.of(Submitting)}
        self.ids: dict[str, list[Acked]] = defaultdict(list)
        for acked in self.of(Acked):
            self.ids[acked.token].append(acked)
        self.tokens = {acked.job: acked.token for acked in self.of(Acked)}
        self.restored = list(self.of(Restored))
        self.away = list(_away(events))
        self.executions = self._executions()
        self._restarts = list(self.of(Restarting))

    def of(self, kind: type[T]) -> Iterable[T]:
        """The events of one kind."""
        return (event for event in self.events if isinstance(event, kind))

    def when(self, at: int) -> str:
        """A time for people."""
        return f"{(at - self.start) / NS:.3f} s"

    def void(self, at: int, until: int | None = None) -> bool:
        """Whether a restored back-up made void, before `until`, what was said at a time."""
        return any(
            event.to <= at < event.at and (until is None or event.at <= until)
            for event in self.restored
        )

    def restarts(self, task: Task, since: int, until: int | None = None) -> int:
        """How often somebody asked for a task to be run again."""
        return sum(
            event.job == task.job
            and (not event.tasks or (event.block == task.block and task.task in event.tasks))
            and since <= event.at
            and (until is None or event.at <= until)
            for event in self._restarts
        )

    def _executions(self) -> list[Execution]:
        found: dict[tuple[int, int], Execution] = {}
        for event in self.events:
            match event:
                case Begun():
                    found[event.run, event.pid] = Execution(
                        run=event.run,
                        task=Task(event.job, event.block, event.task),
                        pid=event.pid,
                        home=event.home,
                        begun=event.at,
                        alive=event.at,
                        overlaps=event.overlaps,
                    )
                case Ended() if one := found.get((event.run, event.pid)):
                    one.ended = True
                    one.alive = max(one.alive, event.at)
                case Gone() if one := found.get((event.run, event.pid)):
                    one.over = event.at
                    one.alive = max(one.alive, event.seen)
                case Census():
                    for pid, run, _ in event.left:
                        if one := found.get((run, pid)):
                            one.alive = max(one.alive, event.at) if one.over is None else one.alive
                case _:
                    pass
        return sorted(found.values(), key=lambda one: one.begun)


def _away(events: Sequence[Entry]) -> Iterable[tuple[int, int]]:
    """Spans without a server; the first until it was up for the first time."""
    since: int | None = 0
    for event in events:
        if not isinstance(event, Did) or event.to != "server":
            continue
        if event.what in DOWN:
            since = event.at if since is None else since
        elif event.what in ("up", "continued") and since is not None:
            yield since, event.at
            since = None
    if since is not None:
        yield since, events[-1].at if events else 0
