"""Blocks: their columns, who waits for whom among them, what they hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from grange.core import deps
from grange.core.gates import OPEN, block_gate
from grange.core.objects import Block, Job
from grange.core.state import FarmState
from grange.core.supply import need_of
from grange.core.tasks import TaskTable
from grange.model.states import TaskFlag, TaskState


def block_faults(state: FarmState, job: Job, block: Block) -> Iterator[str]:
    """What a block says of its tasks, and what it offers and holds."""
    name, table = f"block {job.job_id}/{block.number}", block.tasks
    yield from _column_faults(name, block, table)
    if block.finished is not bool(block.done):
        yield f"{name}: done mark is off"
    lost = block.picker.lost(table)
    if lost:
        yield f"{name}: the picker has passed READY tasks {lost}"
    offered = (block.number,) in job.share.lines.get(block.demand, ())
    if offered is not (block_gate(job, block) == OPEN):
        yield f"{name}: offered is {offered}, gate says {block_gate(job, block)!r}"
    demand = state.demands.get(block.demand)
    if demand is None or need_of(state, job, block) != demand.key:
        yield f"{name}: its demand is of other needs"
    runs = [r for r in state.runs.values() if (r.job_id, r.block) == (job.job_id, block.number)]
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
    if table.warned != sum(1 for flag in table.flags if flag & TaskFlag.WARNING):
        yield f"{name}: count of warnings is off"


def readiness_faults(job: Job, block: Block) -> Iterator[str]:
    """Who waits for whom is what the masks and the states of tasks say."""
    name, table = f"block {job.job_id}/{block.number}", block.tasks
    targets = _targets(job, block)
    waits = {number for number in targets if not job.blocks[number].finished}
    if waits != block.waits:
        yield f"{name}: waits for {block.waits}, should for {waits}"
    for number, other in enumerate(job.blocks):
        if (block.number in other.dependants) is not (number in targets):
            yield f"{name}: block {number} does not know whether it waits for it"
        if (block.number in other.task_dependants) is not (number in block.task_waits):
            yield f"{name}: block {number} does not know whether tasks wait for it"
    specs = [other.spec for other in job.blocks]
    if set(block.task_waits) != set(
        deps.block_targets(specs, block.number, block.spec.tasks_depend_mask)
    ):
        yield f"{name}: its tasks wait for blocks {block.task_waits}"
    if block.task_waits:
        for task in range(table.size):
            fits = deps.start_state(job, block, task) == table.state[task]
            if not fits and table.state[task] in (TaskState.WAITING, TaskState.READY):
                yield f"{name}: readiness of task {task} is off"
    elif table.counts[TaskState.WAITING]:
        yield f"{name}: tasks wait for nothing"


def _targets(job: Job, block: Block) -> set[int]:
    """Blocks that a block waits for as a whole, finished or not."""
    specs = [other.spec for other in job.blocks]
    targets = set(deps.block_targets(specs, block.number, block.spec.depend_mask))
    if block.pre_for is None:
        targets |= {b.number for b in job.blocks if b.pre_for in (-1, block.number)}
    return targets
