"""How workers look in a list."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.text import Text

from grange.cli.amounts import age, memory
from grange.cli.screen import BAD, CARE, FAINT, clean, cut, faint, state, table
from grange.model.ids import task_path
from grange.model.states import Presence
from grange.model.views import CredentialView, RunView, WorkerView


def workers(found: Sequence[WorkerView], now: float) -> Iterator[RenderableType]:
    """Show a list of workers."""
    if not found:
        yield faint("no workers; on another computer run: grange worker --join CODE")
        yield faint("a code is made by: grange join-code")
        return
    yield table(
        *("ID>", "NAME~", "STATE", "CPU>", "MEMORY>", "CORES>", "GPU~", "POOL~", "SEEN>"),
        "DOES~",
        rows=(_row(worker, now) for worker in found),
    )
    if any(worker.dirty for worker in found):
        yield faint("* has values of its own instead of its pool's; which: grange workers NAME")


def waiting(found: Sequence[CredentialView]) -> Iterator[RenderableType]:
    """Name the computers that have joined and wait to be let in."""
    for item in found:
        yield Text.assemble(
            (f"{clean(item.name)} waits to be let in: ", CARE),
            (f"grange token accept {item.credential_id}", FAINT),
        )


def _row(worker: WorkerView, now: float) -> tuple[str | Text, ...]:
    load, traits = worker.resources, worker.traits
    online = worker.presence is Presence.ONLINE
    shown = load is not None and online
    return (
        str(worker.worker_id),
        cut(worker.name),
        state(worker.state),
        f"{100 - load.cpu_idle}%" if load is not None and shown else faint("-"),
        memory(traits.memory_mb) if traits.memory_mb else faint("-"),
        str(traits.cpu_cores),
        cut(f"{traits.gpus}x {traits.gpu_name}".strip()) if traits.gpus else faint("-"),
        cut(f"{worker.pool} *" if worker.dirty else worker.pool),
        faint("now") if online else age(worker.seen, now),
        _does(worker),
    )


def _does(worker: WorkerView) -> Text:
    if worker.runs:
        return cut(", ".join(_run(run) for run in worker.runs))
    if worker.sick or worker.trouble:
        return cut(worker.sick or worker.trouble, BAD if worker.sick else CARE)
    return cut(worker.why, FAINT)


def _run(run: RunView) -> str:
    percent = run.progress.percent if run.progress is not None else -1
    path = task_path(run.job_id, run.block, run.task)
    return f"{path} {percent}%" if percent >= 0 else path
