"""What the core of a worker knows: its runs, its reports, its lease."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, Literal, NamedTuple

from grange.model.ids import RunId
from grange.model.run import Progress, Resources, RunResult, RunSpec
from grange.model.states import RunStatus
from grange.wire.worker import ToServer
from grange.worker.deadlines import Deadlines
from grange.worker.effects import Effect, Send, Spawn
from grange.worker.inputs import Exited

PAST_MAX: Final = 10_000  # ids of finished runs that are remembered against repeated starts
NO_RUN: Final = RunId(0)


class Phase(Enum):
    """How far a run has come, in this order; it may end in any of them."""

    LOADING = "loading"  #: its service makes the command
    WAITING = "waiting"  #: for the machines that serve it
    STARTING = "starting"  #: the warden has been told to spawn
    RUNNING = "running"  #: its process lives
    JUDGING = "judging"  #: its process is over, the result is being checked


class Ending(NamedTuple):
    """Why we end a run ourselves."""

    status: RunStatus
    message: str


@dataclass(slots=True)
class Run:
    """One run that is not over."""

    spec: RunSpec
    since: float  #: when it came into its phase
    progress: Progress
    phase: Phase = Phase.LOADING
    spawn: Spawn | None = None  #: while it waits: what is to be spawned then
    changed: bool = False  #: the progress, since the last beat
    moved: float = 0.0  #: when its progress last changed
    ending: Ending | None = None
    force_at: float | None = None  #: when the asking ends and the forcing begins
    exited: Exited | None = None
    cpu_s: float = 0.0
    measured: float = 0.0
    memory_peak_mb: int = 0
    gpu_memory_peak_mb: int = 0


@dataclass(slots=True)
class Report:
    """What the server is still to get of a run: its log and, once it is over, its result."""

    run_id: RunId
    size: int = 0  #: bytes of its log
    sent: int = 0  #: of these, given to the link
    flush_at: float | None = None  #: when a small rest goes out
    held_until: float = 0.0  #: the server's disk was full: nothing is sent before
    refused_at: float | None = None  #: since when the server has refused its pieces
    whole: bool = True  #: the result waits for the log to be kept
    result: RunResult | None = None
    sent_at: float | None = None  #: when the result was given to the link
    kept: bool = False  #: the result is on disk


class Key(NamedTuple):
    """What a deadline is for."""

    kind: Literal["beat", "lease", "leave", "run", "log", "ended"]
    run_id: RunId = RunId(0)


@dataclass(slots=True)
class CoreState:
    """All of it."""

    runs: dict[RunId, Run] = field(default_factory=dict)
    reports: dict[RunId, Report] = field(default_factory=dict)
    past: dict[RunId, None] = field(default_factory=dict)  #: oldest first
    last_run: RunId = NO_RUN  #: the highest that was ever in `past`
    deadlines: Deadlines[Key] = field(default_factory=Deadlines)
    linked: bool = False
    lease_until: float = float("-inf")
    heartbeat_s: float = 1.0
    resources_s: float = 5.0
    beat_number: int = 0
    beat_acked: int = 0
    beats: dict[int, float] = field(default_factory=dict)  #: number -> when it was sent
    sampled: float = float("-inf")  #: when the machine was last sampled
    resources: Resources | None = None  #: to go with the next beat
    queued: int = 0  #: bytes of log text in the link's queue
    blocked: deque[RunId] = field(default_factory=deque)  #: whose log waits for the queue
    leaving: str | None = None  #: what comes afterwards
    emptied: bool = False  #: leaving, and no run is left
    gone: bool = False

    def send(self, message: ToServer, out: list[Effect]) -> None:
        """Send a message if there is a link; who needs it kept keeps it."""
        if self.linked:
            out.append(Send(message))

    def remember(self, run_id: RunId) -> None:
        """Never start this run again."""
        self.past[run_id] = None
        self.last_run = max(self.last_run, run_id)
        if len(self.past) > PAST_MAX:
            del self.past[next(iter(self.past))]
