"""Rules for runs: start, progress, limits, stop, result."""

from __future__ import annotations

import signal
from typing import Final

from msgspec.structs import replace

from grange.model.ids import RunId
from grange.model.run import Progress, RunResult
from grange.model.states import RUN_OK, RunStatus
from grange.wire.worker import FramesDone, Start, Stop
from grange.worker import memory, reports
from grange.worker.effects import Effect, Judge, Kill, Load, Note, Spawn
from grange.worker.inputs import (
    Exited,
    Judged,
    Logged,
    Measured,
    NotStarted,
    Parsed,
    Prepared,
    Started,
    Unprepared,
)
from grange.worker.state import CoreState, Ending, Key, Phase, Report, Run

ASK_S: Final = 10.0  # between SIGTERM and SIGKILL
LOAD_MAX_S: Final = 120.0  # a service may look at files on a slow mount
JUDGE_MAX_S: Final = 120.0  # the same for the check of the output
UNBORN: Final = frozenset({Phase.LOADING, Phase.WAITING})  # no process was asked for yet
LIVING: Final = frozenset({Phase.STARTING, Phase.RUNNING})  # a process may exist

LEASE_ENDED: Final = Ending(
    RunStatus.LEASE_ENDED, "the worker lost the server for longer than its lease"
)


def start(state: CoreState, item: Start, now: float, out: list[Effect]) -> None:
    """Begin a run. One that we have, had or were told to stop is not begun again.

    A server that asks for what it knows to be over is answered, lest it wait for ever.
    """
    run_id = item.run.run_id
    if run_id in state.reports:
        return
    state.reports[run_id] = Report(run_id)
    if run_id in state.past:
        message = "this worker has had a run of this number, or was told to stop it"
        result = RunResult(status=RunStatus.LOST, message=message)
        reports.conclude(state, run_id, result, now, out)
        return
    state.remember(run_id)
    run = Run(item.run, since=now, progress=Progress(run_id=run_id), moved=now)
    state.runs[run_id] = run
    if state.leaving is not None:
        end(state, run, Ending(RunStatus.LOST, "the worker is leaving"), now, out)
    elif now >= state.lease_until:
        end(state, run, LEASE_ENDED, now, out)
    else:
        out.append(Load(item.run))
        _arm(state, run)


def prepared(state: CoreState, item: Prepared, now: float, out: list[Effect]) -> None:
    """The command is there: spawn it, or skip the run."""
    run = _in_phase(state, item.run_id, Phase.LOADING)
    if run is None:
        return
    reports.logged(state, Logged(item.run_id, item.log_bytes), now, out)
    if item.skip:
        _finish(state, run, RunResult(status=RunStatus.SKIPPED, message=item.skip), now, out)
        return
    spawn = Spawn(run.spec, item.command, item.working_directory, item.environment)
    if run.spec.start_wait_s > 0:
        run.phase, run.since, run.spawn = Phase.WAITING, now, spawn
        _arm(state, run)
    else:
        _spawn(state, run, spawn, now, out)


def _spawn(state: CoreState, run: Run, spawn: Spawn, now: float, out: list[Effect]) -> None:
    run.phase, run.since, run.spawn = Phase.STARTING, now, None
    _arm(state, run)
    out.append(spawn)


def unprepared(state: CoreState, item: Unprepared, now: float, out: list[Effect]) -> None:
    """There is no command."""
    run = _in_phase(state, item.run_id, Phase.LOADING)
    if run is not None:
        result = RunResult(status=RunStatus.START_FAILED, message=item.message)
        _finish(state, run, result, now, out)


def started(state: CoreState, item: Started, now: float, out: list[Effect]) -> None:
    """The process lives: its limits count from now."""
    run = _in_phase(state, item.run_id, Phase.STARTING)
    if run is not None:
        run.phase, run.since, run.moved, run.measured = Phase.RUNNING, now, now, now
        run.progress = replace(run.progress, pid=item.pid)
        run.changed = True
        _arm(state, run)


def not_started(state: CoreState, item: NotStarted, now: float, out: list[Effect]) -> None:
    """There is no process."""
    run = _in_phase(state, item.run_id, Phase.STARTING)
    if run is not None:
        status, message = run.ending or Ending(RunStatus.START_FAILED, item.message)
        _finish(state, run, RunResult(status=status, message=message), now, out)


def parsed(state: CoreState, item: Parsed, now: float, out: list[Effect]) -> None:
    """The parser has read something of the output."""
    run = state.runs.get(item.run_id)
    if run is None:
        return
    run.changed = True
    if item.moved:
        run.moved = now
    frames = run.progress.frame
    run.progress = replace(
        run.progress,
        percent=item.percent,
        frame=item.frame,
        frame_percent=item.frame_percent,
        activity=item.activity,
        warning=run.progress.warning or item.warning,
    )
    if run.spec.report_frames and item.frame > max(frames, 0):
        state.send(FramesDone(run_id=item.run_id, count=item.frame), out)
    if item.stop is not None:
        end(state, run, Ending(item.stop, item.message), now, out)


def exited(state: CoreState, item: Exited, now: float, out: list[Effect]) -> None:
    """No process is left: let the service judge what came of it."""
    run = state.runs.get(item.run_id)
    if run is None or run.phase not in LIVING:
        return
    run.phase, run.since, run.exited = Phase.JUDGING, now, item
    _arm(state, run)
    out.append(Judge(item.run_id, item.exit_code, item.signal, run.ending is not None))


def judged(state: CoreState, item: Judged, now: float, out: list[Effect]) -> None:
    """Report the result: why we ended the run goes before how it ended."""
    run = _in_phase(state, item.run_id, Phase.JUDGING)
    if run is None or run.exited is None:
        return
    status, message = _verdict(run, run.exited, item)
    meter = replace(
        run.exited.meter,
        peak_memory_mb=max(run.exited.meter.peak_memory_mb, run.memory_peak_mb),
        gpu_memory_mb=run.gpu_memory_peak_mb,
    )
    notes = [run.exited.note]
    if status is not RunStatus.OUT_OF_MEMORY:  # else the message says it
        notes.append(memory.over_need(run.spec, meter.peak_memory_mb))
    note = "; ".join(filter(None, notes))
    result = RunResult(
        status=status,
        exit_code=run.exited.exit_code,
        signal=run.exited.signal,
        message="; ".join(filter(None, (message, note))),
        duration_s=run.exited.duration_s,
        warning=item.warning or run.progress.warning or bool(note),
        report=item.report,
        resources=item.resources,
        files=item.files,
        meter=meter,
        pid=run.progress.pid,
    )
    reports.logged(state, Logged(item.run_id, item.log_bytes), now, out)
    _finish(state, run, result, now, out)


def _verdict(run: Run, exit_: Exited, item: Judged) -> Ending:
    if run.ending is not None:
        return Ending(run.ending.status, run.ending.message or item.message)
    if exit_.lost:
        return Ending(RunStatus.LOST, exit_.lost)
    if exit_.out_of_memory:
        return Ending(RunStatus.OUT_OF_MEMORY, memory.killed(run.spec))
    if exit_.signal is not None and item.status is RunStatus.FAILED:
        return Ending(RunStatus.KILLED, f"killed by signal {_signal_name(exit_.signal)}")
    least = run.spec.min_run_time_s
    if item.status in RUN_OK and exit_.duration_s < least:
        took = f"{exit_.duration_s:.1f} s, less than the {least} s it needs at least"
        return Ending(RunStatus.TOO_FAST, f"it took {took}")
    return Ending(item.status, item.message)


def _signal_name(number: int) -> str:
    try:
        return f"{number} ({signal.Signals(number).name})"
    except ValueError:
        return str(number)


def stop(state: CoreState, item: Stop, now: float, out: list[Effect]) -> None:
    """End a run because the server asks. One that never came is not begun any more."""
    run = state.runs.get(item.run_id)
    if run is None:
        state.remember(item.run_id)
        return
    end(state, run, Ending(RunStatus.STOPPED, item.reason), now, out)


def end(state: CoreState, run: Run, ending: Ending, now: float, out: list[Effect]) -> None:
    """End a run ourselves; the first reason stands. The processes are asked, then forced."""
    if run.phase in UNBORN:
        result = RunResult(status=ending.status, message=ending.message)
        _finish(state, run, result, now, out)
    elif run.phase in LIVING and run.ending is None:
        run.ending = ending
        run.force_at = now + ASK_S
        _arm(state, run)
        out.append(Kill(run.spec.run_id, hard=False))


def force_all(state: CoreState, ending: Ending, now: float, out: list[Effect]) -> None:
    """End all runs at once: no time is left for asking."""
    for run in list(state.runs.values()):
        if run.phase in UNBORN:
            end(state, run, ending, now, out)
        elif run.phase in LIVING:
            run.ending = run.ending or ending
            run.force_at = None
            out.append(Kill(run.spec.run_id, hard=True))


def run_due(state: CoreState, run_id: RunId, now: float, out: list[Effect]) -> None:
    """A limit of a run may be reached."""
    run = state.runs.get(run_id)
    if run is None:
        return
    match run.phase:
        case Phase.LOADING:
            message = f"service {run.spec.service} made no command within {LOAD_MAX_S:.0f} s"
            end(state, run, Ending(RunStatus.START_FAILED, message), now, out)
        case Phase.WAITING:
            if run.spawn is not None and now >= run.since + run.spec.start_wait_s:
                _spawn(state, run, run.spawn, now, out)
        case Phase.STARTING | Phase.RUNNING:
            _check_limits(state, run, now, out)
        case Phase.JUDGING:
            _judge_alone(state, run, now, out)
    if run_id in state.runs:
        _arm(state, run)


def _check_limits(state: CoreState, run: Run, now: float, out: list[Effect]) -> None:
    if run.force_at is not None and now >= run.force_at:
        run.force_at = None
        out.append(Note(f"run {run.spec.run_id} did not end when asked: killing it"))
        out.append(Kill(run.spec.run_id, hard=True))
    if run.ending is not None or run.phase is not Phase.RUNNING:
        return
    most, still = run.spec.max_run_time_s, run.spec.progress_change_timeout_s
    if most > 0 and now >= run.since + most:
        message = f"it ran longer than the {most} s it may"
        end(state, run, Ending(RunStatus.TIMED_OUT, message), now, out)
    elif still > 0 and now >= run.moved + still:
        message = f"its progress stood still for {still} s"
        end(state, run, Ending(RunStatus.NO_PROGRESS, message), now, out)


def _judge_alone(state: CoreState, run: Run, now: float, out: list[Effect]) -> None:
    """Report a run whose check does not answer, such as one that looks at a dead mount."""
    message = f"service {run.spec.service} did not check the result within {JUDGE_MAX_S:.0f} s"
    out.append(Note(f"run {run.spec.run_id}: {message}"))
    verdict = Judged(run_id=run.spec.run_id, status=RunStatus.BAD_FILES, message=message)
    judged(state, verdict, now, out)


def measured(state: CoreState, item: Measured, now: float, out: list[Effect]) -> None:
    """Note what the runs use, and end those that use more memory than they may."""
    for used in item.used:
        run = state.runs.get(used.run_id)
        if run is None:
            continue
        elapsed = now - run.measured
        busy = 100 * (used.cpu_s - run.cpu_s) / elapsed if elapsed > 0 else 0.0
        run.progress = replace(
            run.progress,
            memory_mb=used.memory_mb,
            cpu_percent=round(max(0.0, busy), 1),
            gpu_memory_mb=used.gpu_memory_mb,
            read_mb=used.read_mb,
            written_mb=used.written_mb,
        )
        run.cpu_s, run.measured, run.changed = used.cpu_s, now, True
        run.memory_peak_mb = max(run.memory_peak_mb, used.memory_mb)
        run.gpu_memory_peak_mb = max(run.gpu_memory_peak_mb, used.gpu_memory_mb)
        _hold_to_limit(run, used.memory_mb, out)


def _hold_to_limit(run: Run, used_mb: int, out: list[Effect]) -> None:
    """End a run that uses more memory than it may: at once, for asked it would go on to grow."""
    too_much = memory.over_limit(run.spec, used_mb)
    if too_much and run.phase is Phase.RUNNING and run.ending is None:
        run.ending = Ending(RunStatus.OUT_OF_MEMORY, too_much)
        out.append(Kill(run.spec.run_id, hard=True))


def _in_phase(state: CoreState, run_id: RunId, phase: Phase) -> Run | None:
    """Find a run if the answer that came is the one it waits for."""
    run = state.runs.get(run_id)
    return run if run is not None and run.phase is phase else None


def _arm(state: CoreState, run: Run) -> None:
    """Set when to look at the limits of a run again."""
    spec = run.spec
    times: list[float] = [] if run.force_at is None else [run.force_at]
    if run.phase is Phase.LOADING:
        times.append(run.since + LOAD_MAX_S)
    elif run.phase is Phase.WAITING:
        times.append(run.since + spec.start_wait_s)
    elif run.phase is Phase.JUDGING:
        times = [run.since + JUDGE_MAX_S]
    elif run.phase is Phase.RUNNING and run.ending is None:
        if spec.max_run_time_s > 0:
            times.append(run.since + spec.max_run_time_s)
        if spec.progress_change_timeout_s > 0:
            times.append(run.moved + spec.progress_change_timeout_s)
    key = Key("run", spec.run_id)
    if times:
        state.deadlines.set(key, min(times))
    else:
        state.deadlines.drop(key)


def _finish(state: CoreState, run: Run, result: RunResult, now: float, out: list[Effect]) -> None:
    run_id = run.spec.run_id
    del state.runs[run_id]
    state.deadlines.drop(Key("run", run_id))
    reports.conclude(state, run_id, result, now, out)
