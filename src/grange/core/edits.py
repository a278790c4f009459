"""Rules that change a live job: its fields, its blocks, more blocks, more tasks."""

from __future__ import annotations

from typing import Any

import msgspec

from grange.core import deps
from grange.core.accept import (
    check_block_fields,
    check_blocks,
    check_command,
    check_job_fields,
    check_maintenance,
    check_tasks,
    edited,
)
from grange.core.build import (
    clean_path,
    leave_tree,
    new_block,
    next_position,
    place_job,
    reshape,
    watch_life,
)
from grange.core.commands import AppendBlocks, AppendTasks, EditJob
from grange.core.effects import Changed, Outcome
from grange.core.errors import DependencyCycle, InvalidField, NoSuchBranch, NoSuchUser
from grange.core.events import JobChanged, TasksChanged
from grange.core.gates import regate_job, reoffer_block
from grange.core.jobs import get_block, get_job
from grange.core.moves import note, refit_block, settle, settle_job
from grange.core.objects import Block, Job
from grange.core.pick import Picker
from grange.core.state import FarmState
from grange.core.supply import set_demand
from grange.core.tasks import CHUNK
from grange.model.frames import TaskSpace
from grange.model.spec import BLOCK_EDITABLE, BLOCKS_MAX, JOB_EDITABLE, TASKS_MAX, JobSpec
from grange.model.states import TaskState

#: Fields of a job by which jobs wait for each other.
LINKING = frozenset({"user", "depend_jobs", "depend_mask", "depend_mask_global"})


def edit(state: FarmState, cmd: EditJob, now: float, out: Outcome) -> None:
    """Change fields of a job or of one of its blocks."""
    job = get_job(state, cmd.job_id)
    if cmd.block is None:
        _edit_job(state, job, cmd.changes, now, out)
    else:
        _edit_block(state, job, get_block(job, cmd.block), cmd.changes, now, out)
    names = ", ".join(item.field for item in out.changed)
    if names:
        block = None if cmd.block is None else job.blocks[cmd.block]
        note(out, job, now, f"changed {names}", block)
        out.events.append(JobChanged(job.job_id))


def differences(before: msgspec.Struct, after: msgspec.Struct) -> list[Changed]:
    """The fields in which two specifications differ."""
    return [
        Changed(name, getattr(before, name), getattr(after, name))
        for name in before.__struct_fields__
        if getattr(before, name) != getattr(after, name)
    ]


def _edit_job(
    state: FarmState, job: Job, changes: dict[str, Any], now: float, out: Outcome
) -> None:
    before, spec = job.spec, edited(job.spec, changes, JOB_EDITABLE)
    spec = msgspec.structs.replace(spec, branch=clean_path(spec.branch))
    _check_job_edit(state, job, spec)
    out.changed = differences(before, spec)
    relinks = any(item.field in LINKING for item in out.changed)
    if relinks:
        targets = deps.job_targets(state, spec, spec.user, job.job_id)
        above = deps.job_dependants(state, spec.name, spec.user, job.job_id)
        deps.refuse_job_cycle(state, spec.name, targets, above | {job.job_id})
    moves = (spec.user, spec.branch) != (before.user, before.branch)
    if moves:
        _take_out(state, job)
    deps.register_masks(state, job, add=False)
    job.spec = spec
    deps.register_masks(state, job, add=True)
    if moves:
        _put_in(state, job, now)
    if relinks and not job.done:
        deps.link_job(state, job)
        for other in (*deps.unlink_job(state, job), *deps.relink_dependants(state, job)):
            regate_job(state, other, now)
            out.events.append(JobChanged(other.job_id))
    job.share.priority = spec.priority
    job.share.refresh()
    if spec.preview_approval is not before.preview_approval:
        for block in job.blocks:
            block.picker = Picker(
                block.space, block.spec.sequential, preview_only=spec.preview_approval
            )
    state.dirty.jobs.add(job.job_id)
    reshape(state, job, now)
    if now < spec.wait_until != before.wait_until:
        state.set_timer(spec.wait_until, "job", number=job.job_id)
    if (spec.user, spec.life_time_s) != (before.user, before.life_time_s):
        watch_life(state, job)


def _check_job_edit(state: FarmState, job: Job, spec: JobSpec) -> None:
    check_job_fields(state, spec, job.spec.depend_jobs)
    if spec.user not in state.users:
        raise NoSuchUser(f"no user {spec.user!r} to give the job to", "user")
    if spec.branch not in state.branches:
        raise NoSuchBranch(f"no branch {spec.branch!r}", "branch")
    moves = (spec.user, spec.branch) != (job.spec.user, job.spec.branch)
    if moves and job.share.running:
        raise InvalidField(
            "the job has running tasks: stop them before it changes user or branch",
            "user" if spec.user != job.spec.user else "branch",
        )
    if spec.maintenance:
        check_maintenance([block.spec for block in job.blocks], "maintenance")


def _take_out(state: FarmState, job: Job) -> None:
    leave_tree(state, job)
    del state.users[job.user].jobs[job.job_id]
    state.branches[job.spec.branch].jobs.discard(job.job_id)


def _put_in(state: FarmState, job: Job, now: float) -> None:
    job.user = job.spec.user
    job.position = next_position(state, state.users[job.user])
    state.users[job.user].jobs[job.job_id] = None
    state.branches[job.spec.branch].jobs.add(job.job_id)
    place_job(state, job, now)


def _edit_block(
    state: FarmState,
    job: Job,
    block: Block,
    changes: dict[str, Any],
    now: float,
    out: Outcome,
) -> None:
    path = f"blocks[{block.number}]"
    before, spec = block.spec, edited(block.spec, changes, BLOCK_EDITABLE, f"{path}.")
    check_block_fields(state, spec, path)
    if job.spec.maintenance:
        check_maintenance([spec], path)
    check_command(spec.command, f"{path}.command")
    check_tasks(spec.command, block.named, path)
    if spec.frames and not spec.command:
        raise InvalidField("a block with frames needs a command", f"{path}.command")
    specs = [spec if other is block else other.spec for other in job.blocks]
    deps.refuse_block_cycle(specs)
    if block.pre_for is not None and (spec.depend_mask or spec.tasks_depend_mask):
        raise DependencyCycle("a pre command comes before the blocks: it waits for none", "blocks")
    out.changed = differences(before, spec)
    block.spec = spec
    if spec.sequential != before.sequential:
        block.picker = Picker(block.space, spec.sequential, preview_only=job.spec.preview_approval)
    state.touch_block(block)
    deps.link_blocks(job)
    for other in job.blocks:
        if other.task_waits or other.tasks.counts[TaskState.WAITING]:
            _fit_tasks(state, job, other, out)
    reshape(state, job, now)


def _fit_tasks(state: FarmState, job: Job, block: Block, out: Outcome) -> None:
    """Make a block's tasks WAITING or READY after its dependencies changed."""
    if block.task_waits:
        refit_block(state, job, block, out)
    else:
        for task in list(block.tasks.indexes(TaskState.WAITING)):
            state.move(block, task, TaskState.READY)
        out.events.append(TasksChanged(job.job_id, block.number))


def append_blocks(state: FarmState, cmd: AppendBlocks, now: float, out: Outcome) -> None:
    """Add blocks to a live job. A job that was done is not done any more."""
    job = get_job(state, cmd.job_id)
    start = len(job.blocks)
    if not cmd.blocks:
        raise InvalidField("no blocks to append", "blocks")
    if start + len(cmd.blocks) > BLOCKS_MAX:
        raise InvalidField(f"at most {BLOCKS_MAX} blocks in a job", "blocks")
    if job.spec.maintenance:
        check_maintenance(cmd.blocks, "blocks")
    if any(block.command_pre for block in cmd.blocks):
        raise InvalidField("an appended block cannot have a pre command", "command_pre")
    check_blocks(state, cmd.blocks, start, sum(block.tasks.size for block in job.blocks))
    deps.refuse_block_cycle([*(block.spec for block in job.blocks), *cmd.blocks])
    for number, spec in enumerate(cmd.blocks, start):
        block = new_block(job.job_id, number, spec, None, job.spec.preview_approval)
        job.blocks.append(block)
    deps.link_blocks(job)
    for block in job.blocks[start:]:
        set_demand(state, job, block)
        state.touch_block(block)
        block.tasks.dirty.update(range(-(-block.tasks.size // CHUNK)))
        state.touch_tasks(block)
    for block in job.blocks:
        refit_block(state, job, block, out)
        reoffer_block(job, block)
    settle_job(state, job, now, out)
    note(out, job, now, f"{len(cmd.blocks)} blocks appended")
    out.reply = tuple(range(start, len(job.blocks)))


def append_tasks(state: FarmState, cmd: AppendTasks, now: float, out: Outcome) -> None:
    """Add named tasks to a block of a live job."""
    job = get_job(state, cmd.job_id)
    block = get_block(job, cmd.block)
    path = f"blocks[{block.number}]"
    if block.spec.frames:
        raise InvalidField("a block of frames cannot be given named tasks", f"{path}.tasks")
    if not cmd.tasks:
        raise InvalidField("no tasks to append", "tasks")
    start = block.tasks.size
    if sum(other.tasks.size for other in job.blocks) + len(cmd.tasks) > TASKS_MAX:
        raise InvalidField(f"at most {TASKS_MAX} tasks in a job", "tasks")
    check_tasks(block.spec.command, cmd.tasks, path, start)
    held = block.spec.suspend_new_tasks
    block.named.extend(cmd.tasks)
    block.space = TaskSpace((), block.spec.frames_per_task, len(block.named))
    block.tasks.append(len(cmd.tasks), TaskState.SUSPENDED if held else TaskState.READY)
    block.picker.grown(block.space)
    block.dirty_names.update(range(start // CHUNK, (block.tasks.size - 1) // CHUNK + 1))
    if not held:
        for task in range(start, block.tasks.size):
            if deps.start_state(job, block, task) is TaskState.WAITING:
                block.tasks.move(task, TaskState.WAITING)
    for number in block.task_dependants:
        refit_block(state, job, job.blocks[number], out)
    state.touch_tasks(block)
    state.touch_block(block)
    settle(state, job, block, now, out)
    note(out, job, now, f"{len(cmd.tasks)} tasks appended", block, start, block.tasks.size - 1)
    out.reply = tuple(range(start, block.tasks.size))
    out.events.append(TasksChanged(job.job_id, block.number))
