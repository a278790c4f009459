"""Reports to the server: logs and results, sent until they are acknowledged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec.structs import replace

from grange.model.ids import RunId
from grange.model.run import RunResult
from grange.wire.worker import LOG_CHUNK_MAX, Ended, EndedAck, LogAck
from grange.worker.effects import Effect, Forget, Keep, SendLog
from grange.worker.inputs import Flushed, Logged, NotKept
from grange.worker.state import CoreState, Key, Report

FLUSH_S: Final = 0.2  # a piece of log shorter than a full chunk waits so long for more
QUEUE_MAX: Final = 512 * 1024  # bytes of log text in the link's queue
KEEP_S: Final = 0.25  # a result not acknowledged so soon is written to disk
RESEND_S: Final = 10.0  # a result not acknowledged on a living link is sent again
AGAIN_S: Final = 1.0  # a piece of log that the server could not keep is sent again after
REFUSED_MAX_S: Final = 30.0  # a result waits so long for a server that cannot keep its log


def logged(state: CoreState, item: Logged, now: float, out: list[Effect]) -> None:
    """A log has grown: send it on in good time."""
    report = state.reports.get(item.run_id)
    if report is not None and item.log_bytes > report.size:
        report.size = item.log_bytes
        pump(state, report, now, out)


def flushed(state: CoreState, item: Flushed, now: float, out: list[Effect]) -> None:
    """There is room in the link's queue: let the logs that wait go on, by turns."""
    state.queued = max(0, state.queued - item.size)
    for _ in range(len(state.blocked)):
        if state.queued >= QUEUE_MAX:
            return
        report = state.reports.get(state.blocked.popleft())
        if report is not None:
            pump(state, report, now, out)


def conclude(
    state: CoreState, run_id: RunId, result: RunResult, now: float, out: list[Effect]
) -> None:
    """Take the result of a run that is over."""
    report = state.reports[run_id]
    report.result = replace(result, log_bytes=report.size)
    state.deadlines.set(Key("ended", run_id), now + KEEP_S)
    if not state.linked:
        keep(state, report, out)
    pump(state, report, now, out)


def pump(state: CoreState, report: Report, now: float, out: list[Effect]) -> None:
    """Send what is due of a run's log, then its result."""
    if not state.linked or now < report.held_until:
        return
    while report.sent < report.size:
        size = min(LOG_CHUNK_MAX, report.size - report.sent)
        if size < LOG_CHUNK_MAX and report.result is None and not _is_due(state, report, now):
            return
        if state.queued >= QUEUE_MAX:
            if report.run_id not in state.blocked:
                state.blocked.append(report.run_id)
            return
        out.append(SendLog(report.run_id, report.sent, size))
        report.sent += size
        state.queued += size
    report.flush_at = None
    state.deadlines.drop(Key("log", report.run_id))
    if report.result is not None and report.sent_at is None:
        report.sent_at = now
        ended = Ended(run_id=report.run_id, result=report.result, whole=report.whole)
        state.send(ended, out)


def _is_due(state: CoreState, report: Report, now: float) -> bool:
    if report.flush_at is None:
        report.flush_at = now + FLUSH_S
        state.deadlines.set(Key("log", report.run_id), report.flush_at)
    return now >= report.flush_at


def flush_due(state: CoreState, run_id: RunId, now: float, out: list[Effect]) -> None:
    """The small rest of a log has waited long enough."""
    report = state.reports.get(run_id)
    if report is not None:
        pump(state, report, now, out)


def log_acknowledged(state: CoreState, item: LogAck, now: float, out: list[Effect]) -> None:
    """The server has kept a piece of a log, or wants it again: its disk may be full.

    A result goes after its log, so it waits too, but not for ever.
    """
    report = state.reports.get(item.run_id)
    if report is None:
        return
    if not item.again:
        report.refused_at = None
        return
    if report.refused_at is None:
        report.refused_at = now
    if report.result is not None and now >= report.refused_at + REFUSED_MAX_S:
        _give_up_log(state, report, now, out)
        return
    report.sent = min(report.sent, item.offset)
    report.sent_at = None
    report.held_until = now + AGAIN_S
    state.deadlines.set(Key("log", report.run_id), report.held_until)


def _give_up_log(state: CoreState, report: Report, now: float, out: list[Effect]) -> None:
    """Send a result without the rest of its log; it says so."""
    if report.result is None or not report.whole:
        return
    message = report.result.message or "the farm had no room for the end of the log"
    report.result = replace(report.result, warning=True, message=message)
    report.whole = False
    report.sent, report.sent_at = report.size, None
    pump(state, report, now, out)


def ended_due(state: CoreState, run_id: RunId, now: float, out: list[Effect]) -> None:
    """A result is still not acknowledged: keep it on disk, and send it again in time."""
    report = state.reports.get(run_id)
    if report is None or report.result is None:
        return
    keep(state, report, out)
    if state.linked and report.sent_at is not None and now >= report.sent_at + RESEND_S:
        report.sent_at = None
        pump(state, report, now, out)
    state.deadlines.set(Key("ended", run_id), now + RESEND_S)


def keep(state: CoreState, report: Report, out: list[Effect]) -> None:
    """Make a result durable, once."""
    if report.result is not None and not report.kept:
        report.kept = True
        out.append(Keep(report.run_id, report.result))


def not_kept(state: CoreState, item: NotKept, now: float, out: list[Effect]) -> None:
    """The disk refused a result: try again when it is next looked at."""
    report = state.reports.get(item.run_id)
    if report is not None:
        report.kept = False


def acknowledged(state: CoreState, item: EndedAck, now: float, out: list[Effect]) -> None:
    """The server has these results on disk. One that we have not reported is ignored."""
    for run_id in item.run_ids:
        report = state.reports.get(run_id)
        if report is None or report.result is None:
            continue
        del state.reports[run_id]
        state.deadlines.drop(Key("ended", run_id))
        state.deadlines.drop(Key("log", run_id))
        out.append(Forget(run_id, report.kept))


def linked(state: CoreState, offsets: Mapping[int, int], now: float, out: list[Effect]) -> None:
    """Go on from what the server has of each log; tell all results again."""
    state.queued = 0
    state.blocked.clear()
    for report in list(state.reports.values()):
        report.sent = min(report.size, offsets.get(report.run_id, 0))
        report.sent_at = None
        report.flush_at = None
        report.held_until = 0.0
        report.refused_at = None
        report.whole = True
        pump(state, report, now, out)


def unlinked(state: CoreState, out: list[Effect]) -> None:
    """No acknowledgement will come for now: make what is over durable."""
    state.queued = 0
    state.blocked.clear()
    for report in state.reports.values():
        keep(state, report, out)


def restore(state: CoreState, results: Mapping[RunId, RunResult]) -> None:
    """Take the results of a former life, which are on disk."""
    for run_id, result in results.items():
        state.reports[run_id] = Report(run_id, size=result.log_bytes, result=result, kept=True)
        state.remember(run_id)
