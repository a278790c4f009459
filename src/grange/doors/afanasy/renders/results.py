"""What a render node says of a task, as progress or a result of a run."""

from __future__ import annotations

from typing import Final

from grange.core.objects import Run
from grange.doors.afanasy.renders.render import Held
from grange.doors.afanasy.shapes.traffic import TaskUpdate
from grange.model.run import Progress, RunResult
from grange.model.states import RUN_OK, RunStatus
from grange.server.link import clipped

WARNED: Final = 4  # status of a task that runs: something is to be looked at
#: Statuses with which a task is over (specification 4.2, 7.3).
ENDS: Final = {
    5: RunStatus.DONE,
    6: RunStatus.FAILED,
    7: RunStatus.KILLED,
    8: RunStatus.PARSER_ERROR,
    9: RunStatus.FATAL,
    10: RunStatus.BAD_RESULT,
    11: RunStatus.PARSER_SUCCESS,
    12: RunStatus.FAILED_POST,
    13: RunStatus.BAD_FILES,
    20: RunStatus.SKIPPED,
    23: RunStatus.START_FAILED,
}
_SENTENCES: Final = {
    RunStatus.FAILED: "the process ended with an error",
    RunStatus.KILLED: "the process was killed",
    RunStatus.PARSER_ERROR: "the parser saw an error",
    RunStatus.FATAL: "the parser saw a fatal error",
    RunStatus.BAD_RESULT: "the parser judged the result bad",
    RunStatus.BAD_FILES: "a rendered file is missing or of a wrong size",
    RunStatus.START_FAILED: "it could not be started",
}


def note(held: Held, said: TaskUpdate, now: float) -> None:
    """Keep what a task's later words may leave out."""
    held.heard = now
    if said.progress_changed:
        held.moved = now
    held.warned = held.warned or said.status == WARNED
    held.report = said.report or held.report
    held.resources = said.resources or held.resources
    held.log = said.log.strip() or held.log


def progress(run: Run, held: Held, said: TaskUpdate) -> Progress:
    """How far a run is."""
    return Progress(
        run_id=run.run_id,
        percent=_percent(said.percent),
        frame=max(-1, said.frame),
        frame_percent=_percent(said.percent_frame),
        activity=said.activity,
        warning=held.warned,
    )


def _percent(value: int) -> int:
    return value if 0 <= value <= 100 else -1


def result(run: Run, held: Held, said: TaskUpdate, log_bytes: int, now: float) -> RunResult:
    """How a run ended.

    Args:
        run: that is over.
        held: what the node has said of it.
        said: its last word.
        log_bytes: length of its log.
        now: epoch seconds.
    """
    status = ENDS[said.status]
    why = "" if status in RUN_OK else held.log or _SENTENCES[status]
    return clipped(
        RunResult(
            status=status,
            message=why,
            duration_s=max(0.0, now - run.started),
            warning=held.warned,
            report=held.report,
            resources=held.resources,
            files=said.parsed_files,
            log_bytes=log_bytes,
        )
    )
