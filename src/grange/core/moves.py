"""Moves of tasks and all that follows from them: finished blocks, freed dependants, news."""

from __future__ import annotations

from grange.core import deps
from grange.core.effects import Outcome
from grange.core.events import JobChanged, JobDone, TaskChanged, TasksChanged
from grange.core.gates import regate_job, reoffer_block
from grange.core.objects import Block, Job
from grange.core.records import NoteRecord
from grange.core.state import FarmState
from grange.model.states import FINISHED, READY, WAITING, TaskState


def set_state(
    state: FarmState,
    job: Job,
    block: Block,
    task: int,
    to: TaskState,
    now: float,
    out: Outcome,
) -> None:
    """Move one task and let everything that depends on it follow."""
    was = block.tasks.state[task] in FINISHED
    state.move(block, task, to)
    out.events.append(TaskChanged(job.job_id, block.number, task, to))
    if (to in FINISHED) is not was:
        follow_task(state, job, block, task, out)
    settle(state, job, block, now, out)


def follow_task(state: FarmState, job: Job, block: Block, task: int, out: Outcome) -> None:
    """Free or hold the tasks that wait for one task."""
    for other, index in deps.dependants_of_task(job, block, task):
        _refit(state, job, other, index, out)
    for number in block.task_dependants:
        reoffer_block(job, job.blocks[number])


def _refit(state: FarmState, job: Job, block: Block, task: int, out: Outcome) -> None:
    present = block.tasks.state[task]
    if present not in (WAITING, READY):
        return
    wanted = deps.start_state(job, block, task)
    if wanted != present:
        state.move(block, task, wanted)
        out.events.append(TaskChanged(job.job_id, block.number, task, wanted))


def refit_block(state: FarmState, job: Job, block: Block, out: Outcome) -> None:
    """Free or hold all tasks of a block that depends on tasks. Cost: O(tasks)."""
    if not block.task_waits:
        return
    free = deps.free_tasks(job, block)
    if free is None:
        _refit_each(state, job, block)
    elif block.tasks.refit(free):
        state.touch_tasks(block)
        block.picker.restart()
    out.events.append(TasksChanged(job.job_id, block.number))
    reoffer_block(job, block)


def _refit_each(state: FarmState, job: Job, block: Block) -> None:
    for task in range(block.tasks.size):
        present = block.tasks.state[task]
        if present in (WAITING, READY):
            wanted = deps.start_state(job, block, task)
            if wanted != present:
                state.move(block, task, wanted)


def settle(state: FarmState, job: Job, block: Block, now: float, out: Outcome) -> None:
    """Make offers, and the done marks of block and job, true after tasks moved."""
    reoffer_block(job, block)
    finished = block.finished
    if finished is bool(block.done):
        return
    block.done = now if finished else 0.0
    state.touch_block(block)
    for number in block.dependants:
        other = job.blocks[number]
        (other.waits.discard if finished else other.waits.add)(block.number)
        reoffer_block(job, other)
    settle_job(state, job, now, out)


def settle_job(state: FarmState, job: Job, now: float, out: Outcome) -> None:
    """Make the done mark of a job true, and free or hold the jobs that wait for it."""
    finished = job.finished
    if finished is bool(job.done):
        out.events.append(JobChanged(job.job_id))
        return
    job.done = now if finished else 0.0
    state.dirty.jobs.add(job.job_id)
    if finished:
        deps.link_job(state, job)
        changed = deps.unlink_job(state, job)
        out.events.append(JobDone(job.job_id))
        note(out, job, now, "job done")
    else:
        deps.link_job(state, job)
        changed = deps.relink_dependants(state, job)
        regate_job(state, job, now)
    out.events.append(JobChanged(job.job_id))
    for other in changed:
        regate_job(state, other, now)
        out.events.append(JobChanged(other.job_id))


def note(
    out: Outcome,
    job: Job,
    now: float,
    text: str,
    block: Block | None = None,
    first: int | None = None,
    last: int | None = None,
) -> None:
    """Add a line to the story of a job, of a block, or of some tasks."""
    out.notes.append(
        NoteRecord(
            job_id=job.job_id,
            at=now,
            text=text,
            block=None if block is None else block.number,
            first=first,
            last=first if last is None else last,
        )
    )
