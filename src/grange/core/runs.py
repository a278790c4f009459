"""Rules for runs."""

from __future__ import annotations

from math import ceil

import msgspec

from grange.core.commands import EndRun, NoteFrames
from grange.core.deps import start_state
from grange.core.effects import Outcome, StopRun
from grange.core.events import JobFailed, RunEnded
from grange.core.gates import regate_branch, regate_job, regate_user
from grange.core.health import sicken
from grange.core.moves import follow_task, note, set_state
from grange.core.objects import Block, Job, Run
from grange.core.records import HostErrors, RunRecord
from grange.core.state import FarmState
from grange.core.supply import freshen, reopen_tickets, replace
from grange.core.tasks import NO_FLAGS
from grange.model.run import RunResult
from grange.model.states import (
    DONE,
    FAILED,
    RUN_OK,
    RUN_UNCOUNTED,
    SKIPPED,
    STATUS_FLAG,
    Part,
    RunStatus,
    TaskFlag,
    TaskState,
)

HOSTS_MAX = 256  # hosts remembered for their errors, per block and per task


def end(state: FarmState, cmd: EndRun, now: float, out: Outcome) -> None:
    """Book the result of a run.

    A run we do not know was superseded: its worker was declared lost, or its job
    deleted, and the task may run elsewhere by now. The report must change nothing.
    """
    run = state.runs.get(cmd.run_id)
    if run is None or run.worker_id != cmd.worker_id:
        return
    if run.part is not Part.TASK:
        end_helper(state, run, cmd.result, now, out)
        return
    job = state.jobs[run.job_id]
    block = job.blocks[run.block]
    result = _judged(block, cmd.result)
    close_run(state, run, result, now, out)
    settle_task(state, job, block, run, result, now, out)
    if result.report and result.report != job.report:
        job.report = result.report
        state.dirty.jobs.add(job.job_id)


def _judged(block: Block, result: RunResult) -> RunResult:
    """A success that came too soon is none."""
    least = block.spec.task_min_run_time_s
    if result.status is RunStatus.DONE and result.duration_s < least:
        text = f"done after {result.duration_s:.1f} s, less than the least of {least} s"
        return msgspec.structs.replace(result, status=RunStatus.TOO_FAST, message=text)
    return result


def stop_run(state: FarmState, run: Run, why: str, now: float, out: Outcome) -> None:
    """Have a worker stop a run, and forget it as `close_run` does."""
    if run.part is not Part.KEPT:
        out.effects.append(StopRun(run.worker_id, run.run_id, why))
    close_run(state, run, RunResult(status=RunStatus.STOPPED, message=why), now, out)


def give_back(
    state: FarmState, run: Run, status: RunStatus, why: str, now: float, out: Outcome
) -> None:
    """Forget a run that is over through no fault of its own; its task is ready again."""
    result = RunResult(status=status, message=why)
    if run.part is not Part.TASK:
        end_helper(state, run, result, now, out)
        return
    job = state.jobs[run.job_id]
    close_run(state, run, result, now, out)
    settle_task(state, job, job.blocks[run.block], run, result, now, out)


def end_helper(state: FarmState, run: Run, result: RunResult, now: float, out: Outcome) -> None:
    """A run that serves a task is over before the task: the task's loss, but where it ended well.

    The failure counts against the machine that it was on.
    """
    job, main = state.jobs[run.job_id], state.runs[run.helps]
    block, name = job.blocks[run.block], state.workers[run.worker_id].name
    close_run(state, run, result, now, out)
    what = result.message or result.status
    if result.status in RUN_OK or block.spec.slave_lost_ignore:
        text = f"goes on without its helper on {name}: {what}"
        note(out, job, now, text, block, run.task)
        return
    why = f"its helper on {name} is gone: {what}"
    stop_run(state, main, why, now, out)
    lost = msgspec.structs.replace(result, message=why)
    settle_task(state, job, block, run, lost, now, out)


def close_run(state: FarmState, run: Run, result: RunResult, now: float, out: Outcome) -> None:
    """Forget a run and give back all that it held. Its task is still RUNNING."""
    worker = state.workers[run.worker_id]
    job = state.jobs[run.job_id]
    block = job.blocks[run.block]
    for helper in sorted(state.helpers.get(run.run_id, ())):
        stop_run(state, state.runs[helper], "the task that it served is over", now, out)
    if run.part is Part.TASK and block.sub_frames.pop(run.task, 0):
        follow_task(state, job, block, run.task, out)
    state.end_run(run)
    worker.changed = now
    replace(state, worker)
    freshen(state, worker)
    if run.tickets:
        reopen_tickets(state, {name for name, _ in run.tickets})
    state.dirty.runs[run.run_id] = record(run, worker.name, ended=now, result=result)
    out.events.append(
        RunEnded(run.run_id, run.job_id, run.block, run.task, run.worker_id, result.status)
    )
    regate_job(state, job, now)
    user = state.users[job.user]
    if user.spec.max_running_tasks >= 0:
        regate_user(state, user, now)
    for branch in state.branch_chain(job.spec.branch):
        if branch.spec.max_running_tasks >= 0:
            regate_branch(state, branch, now)


def record(
    run: Run, worker: str, ended: float = 0.0, result: RunResult | None = None
) -> RunRecord:
    """A run as it is stored."""
    return RunRecord(
        run_id=run.run_id,
        job_id=run.job_id,
        block=run.block,
        task=run.task,
        attempt=run.attempt,
        worker_id=run.worker_id,
        worker=worker,
        started=run.started,
        capacity=run.capacity,
        coeff=run.coeff,
        gpus=run.gpus,
        memory_mb=run.memory_mb,
        tickets=dict(run.tickets),
        ended=ended,
        result=result,
        part=run.part,
        helps=run.helps,
    )


def settle_task(
    state: FarmState,
    job: Job,
    block: Block,
    run: Run,
    result: RunResult,
    now: float,
    out: Outcome,
) -> None:
    """Move the task of a run that is over."""
    worker = state.workers[run.worker_id]
    flags = STATUS_FLAG.get(result.status, NO_FLAGS)
    if result.warning:
        flags |= TaskFlag.WARNING
    if result.status in RUN_OK:
        worker.sick_users.clear()
        to = SKIPPED if result.status is RunStatus.SKIPPED else DONE
        _book_time(state, block, now - run.started, result.status)
    elif result.status in RUN_UNCOUNTED:
        to = start_state(job, block, run.task)
        why = result.message or "given back"
        text = f"{result.status}: {why} (run {run.run_id} on {worker.name})"
        note(out, job, now, text, block, run.task)
    else:
        to, retry = _after_failure(state, job, block, run, result, now, out)
        flags |= retry
    block.tasks.set_flags(run.task, flags)
    set_state(state, job, block, run.task, to, now, out)
    if to is FAILED:
        out.events.append(JobFailed(job.job_id))


def _book_time(state: FarmState, block: Block, seconds: float, status: RunStatus) -> None:
    if status is RunStatus.SKIPPED:
        return
    block.run_time_sum += seconds
    block.run_time_max = max(block.run_time_max, seconds)
    block.run_time_min = min(block.run_time_min or seconds, seconds)
    state.touch_block(block)


def _after_failure(
    state: FarmState,
    job: Job,
    block: Block,
    run: Run,
    result: RunResult,
    now: float,
    out: Outcome,
) -> tuple[TaskState, TaskFlag]:
    """Count a failure. Says whether the task is tried again."""
    worker = state.workers[run.worker_id]
    errors = block.tasks.count_error(run.task)
    forgive = state.forgive_time(job, block)
    _count_host(block.error_hosts, worker.name, now, forgive)
    _count_host(block.task_errors.setdefault(run.task, {}), worker.name, now, forgive)
    state.touch_block(block)
    if forgive:
        watch_errors(state, job, block, now + forgive)
    sicken(state, job.user, run, now, out)
    what = result.message or result.status
    retries = state.retries(job, block)
    if errors <= retries and result.status is not RunStatus.FATAL:
        text = f"failed on {worker.name}: {what}; try {errors} of {retries} follows"
        note(out, job, now, text, block, run.task)
        return start_state(job, block, run.task), TaskFlag.RETRY
    note(out, job, now, f"failed on {worker.name}: {what}; no retry left", block, run.task)
    return FAILED, NO_FLAGS


def watch_errors(state: FarmState, job: Job, block: Block, at: float) -> None:
    """Have a block looked at again when errors are forgiven; a timer for each second is enough."""
    at = ceil(at)
    if at != block.forgive_at:
        block.forgive_at = at
        state.set_timer(at, "forgive", number=job.job_id)


def _count_host(hosts: dict[str, HostErrors], name: str, now: float, forgive: int) -> None:
    before = hosts.get(name)
    if before is not None and forgive and now >= before.last + forgive:
        before = None
    hosts[name] = HostErrors(count=1 + (before.count if before else 0), last=now)
    if len(hosts) > HOSTS_MAX:
        del hosts[min(hosts, key=lambda host: hosts[host].last)]


def note_frames(state: FarmState, cmd: NoteFrames, now: float, out: Outcome) -> None:
    """Let others use the frames that a run has finished already."""
    run = state.runs.get(cmd.run_id)
    if run is None or run.worker_id != cmd.worker_id or run.part is not Part.TASK:
        return
    job = state.jobs[run.job_id]
    block = job.blocks[run.block]
    if cmd.count > block.sub_frames.get(run.task, 0):
        block.sub_frames[run.task] = cmd.count
        follow_task(state, job, block, run.task, out)
