"""Limits of runs that a render node itself knows nothing of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from grange.core.objects import Run
from grange.core.state import FarmState
from grange.doors.afanasy.renders.render import Held, Render
from grange.model.run import RunResult
from grange.model.states import RunStatus

SILENT_S: Final = 120.0  # a node tells of each task more often than that (Afanasy's timeout)


def exceeded(
    state: FarmState, render: Render, at: float, now: float
) -> Iterator[tuple[Run, RunResult]]:
    """The runs of a node that are to be ended, and how.

    Args:
        state: the farm's.
        render: the node.
        at: monotonic seconds.
        now: epoch seconds.
    """
    for run_id, held in render.held.items():
        run = state.runs.get(run_id)
        if run is None or held.heard is None:
            continue
        found = _over(state, run, held, at, now)
        if found is not None:
            yield run, found


def _over(state: FarmState, run: Run, held: Held, at: float, now: float) -> RunResult | None:
    spec = state.jobs[run.job_id].blocks[run.block].spec
    ran = max(0.0, now - run.started)
    if 0 < spec.task_max_run_time_s < ran and not run.helps:
        text = f"it ran longer than the {spec.task_max_run_time_s} s that it may"
        return RunResult(status=RunStatus.TIMED_OUT, message=text, duration_s=ran)
    stood = at - held.moved
    if 0 < spec.task_progress_change_timeout_s < stood and not run.helps:
        text = f"no progress for {stood:.0f} s"
        return RunResult(status=RunStatus.NO_PROGRESS, message=text, duration_s=ran)
    if held.heard is not None and at - held.heard > SILENT_S:
        text = f"its render has not told of it for {SILENT_S:.0f} s"
        return RunResult(status=RunStatus.LOST, message=text, duration_s=ran)
    return None
