"""Sick workers: what makes one sick, and how it is found to be well again.

Rules: Afanasy (specification 6), and a self-test of the machine, which it lacks.
"""

from __future__ import annotations

from grange.core.commands import HealWorker, NoteHealth, NoteTrouble
from grange.core.effects import Outcome, TellWorker
from grange.core.events import WorkerChanged, WorkerTroubled
from grange.core.objects import Run, Worker
from grange.core.state import FarmState
from grange.core.supply import freshen, replace
from grange.model.ids import WorkerId

SICK_MAX = 1_000  # characters of the reason


def sicken(state: FarmState, user: str, run: Run, now: float, out: Outcome) -> None:
    """Count failures in a row of different users' tasks; too many make the worker sick."""
    worker = state.workers[run.worker_id]
    chain = state.pool_chain(worker.pool)
    limit = next((p.spec.sick_errors_count for p in chain if p.spec.sick_errors_count >= 0), 0)
    worker.sick_users[user] = None
    if 0 < limit <= len(worker.sick_users) and not worker.sick:
        worker.sick = f"tasks of {len(worker.sick_users)} users failed one after the other"
        state.dirty.workers.add(worker.worker_id)
        replace(state, worker)
        await_test(state, worker, now)
        out.events.append(WorkerTroubled(worker.worker_id, "sick", worker.sick))


def await_test(state: FarmState, worker: Worker, now: float) -> None:
    """Have a sick worker examine its machine after a while, if its pool says so."""
    chain = state.pool_chain(worker.pool)
    after = next((p.spec.sick_test_s for p in chain if p.spec.sick_test_s >= 0), 0)
    if worker.sick and after > 0:
        worker.test_at = now + after
        state.set_timer(worker.test_at, "test", number=worker.worker_id)


def ring(state: FarmState, worker_id: WorkerId, now: float, out: Outcome) -> None:
    """It is time for a sick worker to examine its machine."""
    worker = state.workers.get(worker_id)
    if worker is None or not worker.sick or now < worker.test_at:
        return
    if worker.linked:
        out.effects.append(TellWorker(worker_id, "self-test"))
    await_test(state, worker, now)


def note_health(state: FarmState, cmd: NoteHealth, now: float, out: Outcome) -> None:
    """A worker has examined its machine: it is sick for what is wrong there, else well."""
    worker = state.worker(cmd.worker_id)
    sick = "; ".join(cmd.faults)[:SICK_MAX]
    if sick == worker.sick:
        return
    if sick:
        begins = not worker.sick
        worker.sick = sick
        _changed(state, worker, out)
        if begins:
            await_test(state, worker, now)
            out.events.append(WorkerTroubled(worker.worker_id, "sick", sick))
    else:
        _heal(state, worker, out)


def note_trouble(state: FarmState, cmd: NoteTrouble, now: float, out: Outcome) -> None:
    """A worker's figures say what its pool wants to be told of. Changes nothing."""
    worker = state.worker(cmd.worker_id)
    out.events.append(WorkerTroubled(worker.worker_id, cmd.what, cmd.text))


def heal(state: FarmState, cmd: HealWorker, now: float, out: Outcome) -> None:
    """Trust a sick worker again."""
    _heal(state, state.worker(cmd.worker_id), out)


def _heal(state: FarmState, worker: Worker, out: Outcome) -> None:
    worker.sick = ""
    worker.sick_users.clear()
    _changed(state, worker, out)


def _changed(state: FarmState, worker: Worker, out: Outcome) -> None:
    replace(state, worker)
    freshen(state, worker)
    state.dirty.workers.add(worker.worker_id)
    out.events.append(WorkerChanged(worker.worker_id))
