"""Blocks: their columns, who waits for whom among them, what they hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from grange.core import deps
from grange.core.check.recount import Recount
from grange.core.gates import OPEN, block_gate
from grange.core.objects import Block, Job
from grange.core.state import FarmState
from grange.core.supply import need_of
from grange.core.tasks import TaskTable
from grange.model.states import TaskFlag, TaskState

_WARNING = int(TaskFlag.WARNING)  # an enum's own operators are slow


def block_faults(state: FarmState, job: Job, block: Block, recount: Recount) -> Iterator[str]:
    """What a block says of its tasks, and what it offers and holds."""
    name, table = f"block {job.job_id}/{block.number}", block.tasks
    yield from _column_faults(name, block, table)
    if block.finished is not bool(block.done):
        yield f"{name}: done mark is off"
    lost = block.picker.lost(table)
    if lost >= 0:
        yield f"{name}: the picker has passed task {lost}, which is READY"
    offered = (block.number,) in job.share.lines.get(block.demand, ())
    if offered is not (block_gate(job, block) == OPEN):
        yield f"{name}: offered is {offered}, gate says {block_gate(job, block)!r}"
    demand = state.demands.get(block.demand)
    if demand is None or need_of(state, job, block) != demand.key:
        yield f"{name}: its demand is of other needs"
    runs = recount.blocks[job.job_id, block.number]
    if block.capacity_used != sum(run.capacity for run in runs):
        yield f"{name}: capacity used is off"
    if block.hosts != Counter(run.worker_id for run in runs):
        yield f"{name}: tasks per host are off"
    if not block.sub_frames.keys() <= {run.task for run in runs}:
        yield f"{name}: has frames of tasks that do not run"


def _column_faults(name: str, block: Block, table: TaskTable) -> Iterator[str]:
    columns = (table.state, table.flags, table.errors, table.starts, table.last_run)
    sizes = {table.size, block.space.size, *(len(column) for column in columns)}
    if block.named:
        sizes.add(len(block.named))
    if len(sizes) > 1:
        yield f"{name}: its sizes differ: {sorted(sizes)}"
    for task_state in TaskState:
        if table.counts[task_state] != table.state.count(task_state):
            yield f"{name}: count of {task_state.name} is off"
    if table.warned != sum(1 for flag in table.flags if flag & _WARNING):
        yield f"{name}: count of warnings is off"


def link_faults(job: Job) -> Iterator[str]:
    """Which blocks of a job wait for which is what their masks say."""
    specs = [block.spec for block in job.blocks]
    dependants: dict[int, set[int]] = {block.number: set() for block in job.blocks}
    task_dependants: dict[int, set[int]] = {block.number: set() for block in job.blocks}
    for block in job.blocks:
        name, spec = f"block {job.job_id}/{block.number}", block.spec
        targets = set(deps.block_targets(specs, block.number, spec.depend_mask))
        if block.pre_for is None:
            targets |= {b.number for b in job.blocks if b.pre_for in (-1, block.number)}
        waits = {number for number in targets if not job.blocks[number].finished}
        if waits != block.waits:
            yield f"{name}: waits for {block.waits}, should for {waits}"
        task_waits = deps.block_targets(specs, block.number, spec.tasks_depend_mask)
        if set(task_waits) != set(block.task_waits):
            yield f"{name}: tasks wait for {block.task_waits}, should for {task_waits}"
        for number in targets:
            dependants[number].add(block.number)
        for number in task_waits:
            task_dependants[number].add(block.number)
    for block in job.blocks:
        known = (set(block.dependants), set(block.task_dependants))
        if known != (dependants[block.number], task_dependants[block.number]):
            yield f"block {job.job_id}/{block.number}: blocks that wait for it are off"


def readiness_faults(job: Job, block: Block) -> Iterator[str]:
    """A task waits as long as one that it depends on is not finished."""
    name, table = f"block {job.job_id}/{block.number}", block.tasks
    if block.task_waits:
        for task in range(table.size):
            fits = deps.start_state(job, block, task) == table.state[task]
            if not fits and table.state[task] in (TaskState.WAITING, TaskState.READY):
                yield f"{name}: readiness of task {task} is off"
    elif table.counts[TaskState.WAITING]:
        yield f"{name}: tasks wait for nothing"
