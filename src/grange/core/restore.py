"""The rule that makes a job some of whose tasks are over already, such as one of another farm."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import Final

from grange.core.build import own_blocks
from grange.core.commands import Restored, RestoredRun, RestoredTasks, RestoreJob
from grange.core.effects import Outcome
from grange.core.errors import InvalidField, NoSuchBlock, NoSuchTask
from grange.core.jobs import check, known_job, make
from grange.core.moves import note, refit_block, settle
from grange.core.objects import Block, Job
from grange.core.records import RunRecord
from grange.core.state import FarmState
from grange.core.tasks import STARTS_MAX
from grange.model.ids import RunId, WorkerId
from grange.model.spec import NAME_MAX
from grange.model.states import DONE, FAILED, SKIPPED, SUSPENDED

BEGIN_AS: Final = frozenset({DONE, FAILED, SKIPPED, SUSPENDED})
ELSEWHERE: Final = WorkerId(0)  # a worker that may be of another farm; ours count from 1


def restore(state: FarmState, cmd: RestoreJob, now: float, out: Outcome) -> None:
    """Accept a job with what has become of its tasks. Cost: O(tasks and runs named).

    The runs are history from the beginning: no worker has them, and nothing waits for them.
    """
    known = known_job(state, cmd)
    if known is not None:
        job = state.jobs.get(known)
        first = _first_run(job, cmd.runs) if job is not None else RunId(0)
        out.reply = Restored(job_id=known, again=True, first_run=first)
        return
    above = check(state, cmd)
    sizes = [spec.space().size for spec, _ in own_blocks(cmd.spec)]
    _check_tasks(sizes, cmd.tasks)
    _check_runs(sizes, cmd.runs, now)
    job = make(state, cmd, above, now, out)
    for item in cmd.tasks:
        job.blocks[item.block].tasks.begin_as(item.first, item.last, item.state)
    first = _add_runs(state, job, cmd.runs, now)
    _follow(state, job, now, out)
    count = sum(item.last + 1 - item.first for item in cmd.tasks)
    note(out, job, now, f"restored by {cmd.user}: {count} tasks are as they were")
    out.reply = Restored(job_id=job.job_id, first_run=first)


def _check_tasks(sizes: Sequence[int], tasks: Sequence[RestoredTasks]) -> None:
    for place, item in enumerate(tasks):
        field = f"tasks[{place}]"
        _check_place(sizes, item.block, item.first, item.last, field)
        if item.state not in BEGIN_AS:
            words = ", ".join(sorted(state.name.lower() for state in BEGIN_AS))
            raise InvalidField(
                f"a task cannot begin as {item.state.name.lower()}, only as {words}",
                f"{field}.state",
            )


def _check_runs(sizes: Sequence[int], runs: Sequence[RestoredRun], now: float) -> None:
    met: set[tuple[int, int]] = set()
    for place, run in enumerate(runs):
        field = f"runs[{place}]"
        _check_place(sizes, run.block, run.task, run.task, field)
        if (run.block, run.task) in met:
            raise InvalidField(f"a second run of task {run.block}/{run.task}", field)
        met.add((run.block, run.task))
        if len(run.worker) > NAME_MAX:
            raise InvalidField(f"more than {NAME_MAX} characters", f"{field}.worker")
        if not 1 <= run.attempt <= STARTS_MAX:
            raise InvalidField(f"an attempt is from 1 to {STARTS_MAX}", f"{field}.attempt")
        if not (isfinite(run.ended) and 0 <= run.started <= (run.ended or now)):
            raise InvalidField("it ended before it was started", f"{field}.started")


def _check_place(sizes: Sequence[int], block: int, first: int, last: int, field: str) -> None:
    if not 0 <= block < len(sizes):
        raise NoSuchBlock(f"the job has no block {block}, only 0-{len(sizes) - 1}", field)
    if not 0 <= first <= last < sizes[block]:
        raise NoSuchTask(
            f"block {block} has tasks 0-{sizes[block] - 1}, not {first}-{last}", field
        )


def _add_runs(state: FarmState, job: Job, runs: Sequence[RestoredRun], now: float) -> RunId:
    """Give the runs their numbers. Returns the first; 0 where there are none."""
    first = RunId(0)
    for run in runs:
        run_id = RunId(state.new_id("run"))
        first = first or run_id
        block = job.blocks[run.block]
        block.tasks.ran_before(run.task, run_id, run.attempt)
        ended = run.ended or now
        started = run.started or ended
        state.dirty.runs[run_id] = RunRecord(
            run_id=run_id,
            job_id=job.job_id,
            block=run.block,
            task=run.task,
            attempt=run.attempt,
            worker_id=ELSEWHERE,
            worker=run.worker,
            started=started,
            capacity=block.spec.capacity,
            ended=ended,
            result=run.result,
        )
        _book(job, block, run.task, started, ended)
    return first


def _book(job: Job, block: Block, task: int, started: float, ended: float) -> None:
    """Count the time of a run, as it was counted where it ran."""
    block.started = min(block.started or started, started)
    job.started = min(job.started or started, started)
    if block.tasks.state[task] == DONE:
        seconds = ended - started
        block.run_time_sum += seconds
        block.run_time_max = max(block.run_time_max, seconds)
        block.run_time_min = min(block.run_time_min or seconds, seconds)


def _follow(state: FarmState, job: Job, now: float, out: Outcome) -> None:
    """Make all that depends on the tasks true."""
    for block in job.blocks:
        state.touch_tasks(block)
    for block in job.blocks:
        refit_block(state, job, block, out)
    for block in job.blocks:
        settle(state, job, block, now, out)


def _first_run(job: Job, runs: Sequence[RestoredRun]) -> RunId:
    """The number of the first run of a job that was restored; 0 where the tasks do not tell it.

    A task that has run since has more starts; one that was never restored so tells another.
    """
    told: set[int] = set()
    for place, run in enumerate(runs):
        block = job.blocks[run.block] if 0 <= run.block < len(job.blocks) else None
        if block is None or not 0 <= run.task < block.tasks.size:
            return RunId(0)
        if block.tasks.starts[run.task] == run.attempt:
            told.add(block.tasks.last_run[run.task] - place)
    return RunId(told.pop()) if len(told) == 1 else RunId(0)
