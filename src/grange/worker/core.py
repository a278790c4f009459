"""WorkerCore: what a worker does next. Sans-IO: inputs and `now` in, effects out.

`now` is monotonic seconds that go on while the machine sleeps. See `grange.wire.worker`
for the protocol and `state` for what is known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from grange.model.ids import RunId
from grange.model.run import RunResult
from grange.model.states import RunStatus
from grange.wire import worker as wire
from grange.wire.worker import (
    Beat,
    BeatAck,
    Bye,
    EndedAck,
    FramesDone,
    Instruct,
    LogAck,
    Start,
    Stop,
)
from grange.worker import reports, runs
from grange.worker.effects import (
    Act,
    Effect,
    Examine,
    Hold,
    Launch,
    Measure,
    Note,
    Quit,
    Reconnect,
    Sample,
)
from grange.worker.inputs import (
    Examined,
    Exited,
    Flushed,
    Input,
    Judged,
    Launched,
    Leave,
    Linked,
    Logged,
    Measured,
    NotKept,
    NotStarted,
    Parsed,
    Prepared,
    Sampled,
    Started,
    Tick,
    Unlinked,
    Unprepared,
)
from grange.worker.state import CoreState, Ending, Key, Phase

DEAF_LEASES: Final = 0.5  # of a lease without an answer: the connection is taken for dead
DEAF_MAX_S: Final = 15.0  # the same, however long the lease
BEATS_MAX: Final = 1_000  # beats whose sending times are remembered
LEAVE_ACK_S: Final = 3.0  # a leaving worker waits so long for the server to take its results
LEAVE_MAX_S: Final = runs.ASK_S + 5.0  # and so long for its runs to end


class WorkerCore:
    """The worker's state and the only door to it."""

    def __init__(self, results: Mapping[RunId, RunResult]) -> None:
        self._state = CoreState()
        reports.restore(self._state, results)

    def apply(self, item: Input, now: float) -> list[Effect]:
        """Take one input. What is due by now happens before it."""
        out: list[Effect] = []
        if self._state.gone:
            return out
        _expire(self._state, now, out)
        _RULES[type(item)](self._state, item, now, out)
        _depart(self._state, now, out)
        return out

    def next_deadline(self) -> float | None:
        """When a `Tick` is wanted."""
        return None if self._state.gone else self._state.deadlines.next()

    def alive(self) -> tuple[RunId, ...]:
        """Runs that are not over, for `Hello`."""
        return tuple(self._state.runs)

    def ended(self) -> tuple[RunId, ...]:
        """Runs whose results wait, for `Hello`."""
        reports_ = self._state.reports
        return tuple(run_id for run_id, report in reports_.items() if report.result is not None)

    def last_run(self) -> RunId:
        """The highest run that is remembered, for `Hello`: a farm begun anew starts above it."""
        return self._state.last_run

    def phase(self, run_id: RunId) -> Phase | None:
        """How far a run has come; None when it is over or was never here."""
        run = self._state.runs.get(run_id)
        return None if run is None else run.phase


def _linked(state: CoreState, item: Linked, now: float, out: list[Effect]) -> None:
    welcome = item.welcome
    state.linked = True
    state.heartbeat_s, state.resources_s = welcome.heartbeat_s, welcome.resources_s
    state.beats.clear()
    state.beat_acked = state.beat_number
    _grant(state, item.hello_sent + welcome.lease_s, out)
    reports.linked(state, welcome.log_offsets, now, out)
    for run in state.runs.values():
        run.changed = True
        if run.spec.report_frames and run.progress.frame > 0:
            state.send(FramesDone(run_id=run.spec.run_id, count=run.progress.frame), out)
    _sample(state, now, out)
    state.deadlines.set(Key("beat"), now + state.heartbeat_s)


def _unlinked(state: CoreState, item: Unlinked, now: float, out: list[Effect]) -> None:
    state.linked = False
    state.beats.clear()
    state.deadlines.drop(Key("beat"))
    reports.unlinked(state, out)


def _beat_acked(state: CoreState, item: BeatAck, now: float, out: list[Effect]) -> None:
    """Renew the lease from the time the beat was sent; an older answer says nothing new."""
    sent = state.beats.get(item.number)
    if sent is None or item.number <= state.beat_acked:
        return
    state.beat_acked = item.number
    _told_times(state, item, now)
    for number in [number for number in state.beats if number <= item.number]:
        del state.beats[number]
    _grant(state, sent + item.lease_s, out)


def _told_times(state: CoreState, item: BeatAck, now: float) -> None:
    """Beat and sample as often as is wanted from now on."""
    state.resources_s = item.resources_s or state.resources_s
    if item.heartbeat_s:
        state.heartbeat_s = item.heartbeat_s
        state.deadlines.set(Key("beat"), now + item.heartbeat_s)


def _grant(state: CoreState, until: float, out: list[Effect]) -> None:
    state.lease_until = until
    state.deadlines.set(Key("lease"), until)
    out.append(Hold(until))


def _lease_ended(state: CoreState, now: float, out: list[Effect]) -> None:
    if state.runs:
        out.append(Note(f"the lease has ended: killing {len(state.runs)} runs"))
    runs.force_all(state, runs.LEASE_ENDED, now, out)


def _beat(state: CoreState, now: float, out: list[Effect]) -> None:
    state.deadlines.set(Key("beat"), now + state.heartbeat_s)
    oldest = next(iter(state.beats.values()), now)
    lease_s = max(0.0, state.lease_until - oldest)
    patience = max(2 * state.heartbeat_s, min(DEAF_LEASES * lease_s, DEAF_MAX_S))
    if now - oldest >= patience:
        state.deadlines.drop(Key("beat"))
        out.append(Reconnect(f"the server has not answered for {now - oldest:.1f} s"))
        return
    changed = [run for run in state.runs.values() if run.changed]
    for run in changed:
        run.changed = False
    state.beat_number += 1
    state.beats[state.beat_number] = now
    if len(state.beats) > BEATS_MAX:
        del state.beats[next(iter(state.beats))]
    progress = tuple(run.progress for run in changed)
    beat = Beat(number=state.beat_number, progress=progress, resources=state.resources)
    state.resources = None
    state.send(beat, out)
    if any(run.phase is Phase.RUNNING for run in state.runs.values()):
        out.append(Measure())
    if now >= state.sampled + state.resources_s:
        _sample(state, now, out)


def _sample(state: CoreState, now: float, out: list[Effect]) -> None:
    state.sampled = now
    out.append(Sample())


def _sampled(state: CoreState, item: Sampled, now: float, out: list[Effect]) -> None:
    state.resources = item.resources


def _instructed(state: CoreState, item: Instruct, now: float, out: list[Effect]) -> None:
    if item.what == "exit":
        _leave(state, Leave(), now, out)
    elif item.what in ("restart", "reboot", "shutdown"):
        _leave(state, Leave(then=item.what), now, out)
    elif item.what == "sleep":
        out.append(Act("sleep"))
    elif item.what == "self-test":
        out.append(Examine())
    else:
        out.append(Note(f"the server instructs {item.what!r}, which this worker does not know"))


def _launch(state: CoreState, item: wire.Launch, now: float, out: list[Effect]) -> None:
    out.append(Launch(item.command, leave=item.exit))


def _launched(state: CoreState, item: Launched, now: float, out: list[Effect]) -> None:
    if item.fault:
        out.append(Note(f"a command was not launched: {item.fault}"))
    elif item.leave:
        _leave(state, Leave(), now, out)


def _examined(state: CoreState, item: Examined, now: float, out: list[Effect]) -> None:
    state.send(wire.Examined(faults=item.faults), out)


def _leave(state: CoreState, item: Leave, now: float, out: list[Effect]) -> None:
    if state.leaving is not None:
        return
    state.leaving = item.then
    state.deadlines.set(Key("leave"), now + LEAVE_MAX_S)
    for run in list(state.runs.values()):
        runs.end(state, run, Ending(RunStatus.LOST, "the worker was told to leave"), now, out)


def _depart(state: CoreState, now: float, out: list[Effect]) -> None:
    """Go, if we are leaving and nothing keeps us."""
    if state.leaving is None or state.gone or state.runs:
        return
    if not state.reports or not state.linked:
        _go(state, out)
    elif not state.emptied:
        state.emptied = True
        state.deadlines.set(Key("leave"), now + LEAVE_ACK_S)


def _leave_due(state: CoreState, now: float, out: list[Effect]) -> None:
    """Patience is over: what still runs dies with the warden."""
    _go(state, out)


def _go(state: CoreState, out: list[Effect]) -> None:
    for report in state.reports.values():
        reports.keep(state, report, out)
    if not state.reports and not state.runs:
        state.send(Bye(), out)
    state.gone = True
    out.append(Quit(state.leaving or ""))


def _nothing(state: CoreState, item: Tick, now: float, out: list[Effect]) -> None:
    """A tick has done its work in `_expire`."""


def _expire(state: CoreState, now: float, out: list[Effect]) -> None:
    """Do what is due."""
    for kind, run_id in state.deadlines.due(now):
        if state.gone:
            return
        match kind:
            case "beat":
                _beat(state, now, out)
            case "lease":
                _lease_ended(state, now, out)
            case "leave":
                _leave_due(state, now, out)
            case "run":
                runs.run_due(state, run_id, now, out)
            case "log":
                reports.flush_due(state, run_id, now, out)
            case "ended":
                reports.ended_due(state, run_id, now, out)


Rule = Callable[..., None]
_RULES: Final[dict[type[Input], Rule]] = {
    Linked: _linked,
    Unlinked: _unlinked,
    Start: runs.start,
    Stop: runs.stop,
    EndedAck: reports.acknowledged,
    LogAck: reports.log_acknowledged,
    BeatAck: _beat_acked,
    Instruct: _instructed,
    wire.Launch: _launch,
    Flushed: reports.flushed,
    NotKept: reports.not_kept,
    Prepared: runs.prepared,
    Unprepared: runs.unprepared,
    Started: runs.started,
    NotStarted: runs.not_started,
    Logged: reports.logged,
    Parsed: runs.parsed,
    Exited: runs.exited,
    Judged: runs.judged,
    Measured: runs.measured,
    Sampled: _sampled,
    Examined: _examined,
    Launched: _launched,
    Tick: _nothing,
    Leave: _leave,
}
