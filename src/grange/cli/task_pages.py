"""How a task looks, whole: its command, its files, and what its runs used."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Final

from rich.console import RenderableType
from rich.text import Text

from grange.cli.amounts import age, size, work_time
from grange.cli.screen import BAD, CARE, FAINT, GOOD, clean, cut, faint, state, table, to_copy
from grange.model.ids import task_path
from grange.model.run import Meter
from grange.model.states import RUN_OK, RUN_UNCOUNTED, Part, RunStatus, TaskState
from grange.model.views import RunView, TaskDetail

FILES_SHOWN: Final = 10


def task(detail: TaskDetail, now: float) -> Iterator[RenderableType]:
    """Show one task."""
    view = detail.task
    path = task_path(view.job_id, view.block, view.task)
    title = Text.assemble((f"{path} ", FAINT), (clean(view.name), "bold"), "  ")
    title.append_text(state(TaskState(view.state).name.lower()))
    if view.percent >= 0 and view.state is TaskState.RUNNING:
        title.append(f"  {view.percent}%")
    yield title
    if view.activity:
        yield faint(clean(view.activity))
    command = detail.command
    yield to_copy(clean(command if isinstance(command, str) else shlex.join(command)))
    if detail.working_directory:
        yield faint(clean(f"in {detail.working_directory}"))
    for name in detail.files[:FILES_SHOWN]:
        yield faint(clean(f"makes {name}"))
    if len(detail.files) > FILES_SHOWN:
        yield faint(f"and {len(detail.files) - FILES_SHOWN:,} more files")
    if detail.avoided_hosts:
        yield faint(clean(f"avoids {', '.join(detail.avoided_hosts)}"))
    yield Text()
    if not detail.runs:
        yield faint("it has not run yet")
        return
    yield table(
        *("RUN>", "STATUS", "WORKER~", "TIME>", "CPU>", "MEMORY>", "GPU>", "READ>", "WRITTEN>"),
        *("AGO>", "WHAT HAPPENED~"),
        rows=(_run(run, now) for run in detail.runs),
    )


def _run(run: RunView, now: float) -> tuple[str | Text, ...]:
    used = _used(run)
    result = run.result
    return (
        str(run.run_id),
        Text("running", "cyan") if result is None else _status(result.status),
        cut(run.worker),
        work_time((run.ended or now) - run.started),
        work_time(used.cpu_s) if used.cpu_s else "",
        Text(size(used.peak_memory_mb), CARE if result and result.warning else ""),
        size(used.gpu_memory_mb),
        size(used.read_mb),
        size(used.written_mb),
        age(run.ended or run.started, now),
        cut(result.message if result is not None else _part(run)),
    )


def _part(run: RunView) -> str:
    """What a run is, that does not execute its task but serves it."""
    if not run.helps:
        return ""
    return f"kept for run {run.helps}" if run.part is Part.KEPT else f"serves run {run.helps}"


def _used(run: RunView) -> Meter:
    """What a run used; of one that still runs, what it uses now."""
    if run.result is not None:
        return run.result.meter
    now = run.progress
    if now is None:
        return Meter()
    return Meter(
        peak_memory_mb=now.memory_mb,
        gpu_memory_mb=now.gpu_memory_mb,
        read_mb=now.read_mb,
        written_mb=now.written_mb,
    )


def _status(status: RunStatus) -> Text:
    if status in RUN_OK:
        return Text(status, GOOD)
    return Text(status, FAINT if status in RUN_UNCOUNTED else BAD)
