"""The rule for what people do to tasks: restart, skip, finish, suspend, continue, stop."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from grange.core import deps
from grange.core.commands import ChangeTasks, Span
from grange.core.effects import Outcome
from grange.core.errors import InvalidField, NoSuchTask
from grange.core.events import JobChanged, TasksChanged
from grange.core.jobs import get_block, get_job
from grange.core.moves import note, refit_block, set_state, settle
from grange.core.objects import Block, Job
from grange.core.runs import stop_run
from grange.core.state import FarmState
from grange.model.ids import RunId
from grange.model.states import TaskFilter, TaskFlag, TaskOp, TaskState

S = TaskState
#: Which states an operation touches. What is left out is as wished already, or cannot be.
TOUCHES: Final[dict[TaskOp, frozenset[TaskState]]] = {
    TaskOp.RESTART: frozenset({S.RUNNING, S.DONE, S.FAILED, S.SKIPPED, S.SUSPENDED}),
    TaskOp.SKIP: frozenset({S.WAITING, S.READY, S.RUNNING, S.FAILED, S.SUSPENDED}),
    TaskOp.DONE: frozenset({S.WAITING, S.READY, S.RUNNING, S.FAILED, S.SKIPPED, S.SUSPENDED}),
    TaskOp.SUSPEND: frozenset({S.WAITING, S.READY, S.RUNNING, S.SKIPPED, S.FAILED}),
    TaskOp.CONTINUE: frozenset({S.SUSPENDED}),
    TaskOp.STOP: frozenset({S.RUNNING}),
}
_LEADS_TO: Final = {
    TaskOp.SKIP: S.SKIPPED,
    TaskOp.DONE: S.DONE,
    TaskOp.SUSPEND: S.SUSPENDED,
}
_FILTER: Final[dict[TaskFilter, frozenset[TaskState]]] = {
    TaskFilter.ALL: frozenset(S),
    TaskFilter.WARNING: frozenset(S),
    TaskFilter.FAILED: frozenset({S.FAILED}),
    TaskFilter.RUNNING: frozenset({S.RUNNING}),
    TaskFilter.DONE: frozenset({S.DONE}),
    TaskFilter.SKIPPED: frozenset({S.SKIPPED}),
    TaskFilter.SUSPENDED: frozenset({S.SUSPENDED}),
}
PAST: Final = {
    TaskOp.RESTART: "restarted",
    TaskOp.SKIP: "skipped",
    TaskOp.DONE: "called done",
    TaskOp.SUSPEND: "suspended",
    TaskOp.CONTINUE: "continued",
    TaskOp.STOP: "stopped",
}


def change(state: FarmState, cmd: ChangeTasks, now: float, out: Outcome) -> None:
    """Do an operation to tasks. Replies with how many it touched. Cost: O(tasks touched)."""
    job = get_job(state, cmd.job_id)
    if cmd.tasks is not None and cmd.block is None:
        raise InvalidField("tasks are addressed within one block: say which", "block")
    blocks = job.blocks if cmd.block is None else [get_block(job, cmd.block)]
    spans = _spans(blocks[0], cmd.tasks) if cmd.tasks is not None else None
    touched = 0
    for block in blocks:
        count = _change_block(state, job, block, cmd, spans, now, out)
        if count:
            touched += count
            first, last = (spans[0][0], spans[-1][1]) if spans else (None, None)
            note(out, job, now, f"{count} tasks {PAST[cmd.op]}", block, first, last)
    out.reply = touched
    if touched:
        out.events.append(JobChanged(job.job_id))


def _change_block(
    state: FarmState,
    job: Job,
    block: Block,
    cmd: ChangeTasks,
    spans: list[Span] | None,
    now: float,
    out: Outcome,
) -> int:
    """Do an operation to a block: at once where all its tasks are meant, else one by one."""
    states = TOUCHES[cmd.op] & _FILTER[cmd.only]
    whole = [(0, block.tasks.size - 1)]
    one_by_one = cmd.only is TaskFilter.WARNING or cmd.with_depends
    if one_by_one or spans not in (None, whole):
        chosen = list(_chosen(block, whole if spans is None else spans, states, cmd.only))
        return _change_each(state, job, block, cmd, chosen, now, out)
    count = _change_column(state, job, block, cmd.op, states - {S.RUNNING}, now, out)
    running = list(block.tasks.indexes(S.RUNNING)) if S.RUNNING in states else []
    return count + _change_each(state, job, block, cmd, running, now, out)


def _spans(block: Block, tasks: tuple[Span, ...]) -> list[Span]:
    """Spans in order, none of which touch."""
    merged: list[Span] = []
    for first, last in sorted(tasks):
        if not 0 <= first <= last < block.tasks.size:
            raise NoSuchTask(
                f"block {block.job_id}/{block.number} has tasks 0-{block.tasks.size - 1}, "
                f"not {first}-{last}",
                "tasks",
            )
        if merged and first <= merged[-1][1] + 1:
            first, last = merged[-1][0], max(merged.pop()[1], last)
        merged.append((first, last))
    return merged


def _chosen(
    block: Block, spans: list[Span], states: frozenset[TaskState], only: TaskFilter
) -> Iterator[int]:
    for first, last in spans:
        for task in range(first, last + 1):
            if block.tasks.state[task] in states:
                if only is TaskFilter.WARNING and not block.tasks.flags[task] & TaskFlag.WARNING:
                    continue
                yield task


def _change_column(
    state: FarmState,
    job: Job,
    block: Block,
    op: TaskOp,
    states: frozenset[TaskState],
    now: float,
    out: Outcome,
) -> int:
    """Do an operation at once to all tasks of a block in some states; they do not run."""
    to = _LEADS_TO.get(op, S.READY)
    failed_before = [task for task in block.task_errors if block.tasks.state[task] in states]
    count = block.tasks.move_all(states, to)
    if count:
        state.touch_tasks(block)
        for task in failed_before:
            del block.task_errors[task]
        block.picker.restart()
        if to is S.READY:
            refit_block(state, job, block, out)
        for number in block.task_dependants:
            refit_block(state, job, job.blocks[number], out)
        out.events.append(TasksChanged(job.job_id, block.number))
        settle(state, job, block, now, out)
    return count


def _change_each(
    state: FarmState,
    job: Job,
    block: Block,
    cmd: ChangeTasks,
    tasks: list[int],
    now: float,
    out: Outcome,
) -> int:
    extra: dict[tuple[int, int], None] = {}
    for task in tasks:
        if cmd.with_depends and cmd.op is TaskOp.RESTART:
            for other, index in deps.targets_of_task(job, block, task):
                if other.tasks.state[index] in TOUCHES[TaskOp.RESTART]:
                    extra[other.number, index] = None
        change_task(state, job, block, cmd.op, task, now, out)
    for number, index in extra:
        change_task(state, job, job.blocks[number], cmd.op, index, now, out)
    return len(tasks) + len(extra)


def change_task(
    state: FarmState, job: Job, block: Block, op: TaskOp, task: int, now: float, out: Outcome
) -> None:
    """Do an operation to one task, whose state is one of `TOUCHES[op]`."""
    if block.tasks.state[task] == S.RUNNING:
        _stop(state, block, task, f"{PAST[op]} by request", now, out)
    block.tasks.forget_errors(task)
    block.task_errors.pop(task, None)
    block.tasks.set_flags(task, TaskFlag(0))
    set_state(state, job, block, task, _target(job, block, op, task), now, out)


def _target(job: Job, block: Block, op: TaskOp, task: int) -> TaskState:
    return _LEADS_TO.get(op) or deps.start_state(job, block, task)


def _stop(state: FarmState, block: Block, task: int, why: str, now: float, out: Outcome) -> None:
    stop_run(state, state.runs[RunId(block.tasks.last_run[task])], why, now, out)
