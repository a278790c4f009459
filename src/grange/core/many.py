"""Tasks that need several machines at once: captured together, or not at all.

A task waits until as many machines as it needs at least are free in the same moment; nothing
is taken before, so that two such tasks cannot each hold what the other lacks. Lest small tasks
take every machine that becomes free, one block at a time may have machines kept for it once it
has lacked some for `KEEP_AFTER_S`.
"""

from __future__ import annotations

from itertools import islice
from typing import Final

from grange.core import match
from grange.core.choose import Found, candidates, pick_task
from grange.core.demand import Demand
from grange.core.objects import Block, Job, Worker
from grange.core.state import FarmState
from grange.core.supply import freshen

KEEP_AFTER_S: Final = 60.0  # of lacking machines, until those that become free are kept


def find(
    state: FarmState, job: Job, block: Block, demand: Demand, now: float
) -> tuple[Found | None, bool]:
    """The machines for a task of many; and whether there are enough for any of this demand.

    The first is the best one, and executes the task. Cost: O(machines that may fit).
    """
    least, most = block.spec.hosts_least, block.spec.hosts_most
    free = [w for w in candidates(state, demand) if not match.load_refusal(state, demand.key, w)]
    chosen, task = _choose(state, job, block, free, most, now)
    if len(chosen) < least:
        if _may_keep(state, job, block, demand, now):
            _keep(state, free, chosen)
        return None, len(free) >= least
    if len(chosen) < most and not _has_waited(state, job, block, now):
        return None, True
    return (chosen[0], task, tuple(chosen[1:])), True


def _choose(
    state: FarmState, job: Job, block: Block, free: list[Worker], most: int, now: float
) -> tuple[list[Worker], int]:
    """As many machines as may run one task together, the best first; and that task."""
    chosen: list[Worker] = []
    task = -1
    for worker in free:
        if match.host_refusal(state, job, block, worker, now):
            continue
        if not chosen:
            task = pick_task(state, job, block, worker, now)
            if task < 0:
                continue
        elif match.task_refusal(state, job, block, task, worker, now):
            continue
        chosen.append(worker)
        if len(chosen) == most:
            break
    return chosen, task


def captured(state: FarmState, job: Job, block: Block) -> None:
    """A task has its machines: what was kept for its block is free again."""
    block.gathering = block.lacking = 0.0
    if state.holder == (job.job_id, block.number):
        _release(state)


def _has_waited(state: FarmState, job: Job, block: Block, now: float) -> bool:
    """Whether a task has waited long enough for more than the least machines."""
    wait = block.spec.multihost_max_wait_s
    if not wait:
        return True
    if not block.gathering:
        block.gathering = now
        state.set_timer(now + wait, "hosts", number=job.job_id)
    return now >= block.gathering + wait


def _may_keep(state: FarmState, job: Job, block: Block, demand: Demand, now: float) -> bool:
    """There are too few machines: whether those that are free are kept, as after a while."""
    block.gathering = 0.0
    if not block.lacking or now >= block.lacking + KEEP_AFTER_S:
        if block.lacking and state.holder is None:
            state.holder, state.held_for = (job.job_id, block.number), demand.key
        block.lacking = now
        state.set_timer(now + KEEP_AFTER_S, "hosts", number=job.job_id)
        if state.held_for is demand.key and not _could_ever(state, job, block, demand, now):
            _release(state)
    return state.held_for is demand.key


def _keep(state: FarmState, free: list[Worker], chosen: list[Worker]) -> None:
    """Keep the machines that a task could use; give back those that it may not any more."""
    wanted = {worker.worker_id for worker in chosen}
    state.held |= wanted
    for worker in free:
        if worker.worker_id in state.held and worker.worker_id not in wanted:
            state.held.discard(worker.worker_id)
            freshen(state, worker)


def _could_ever(state: FarmState, job: Job, block: Block, demand: Demand, now: float) -> bool:
    """Whether there are machines enough, were they only free. Cost: O(machines that fit)."""
    groups = [group for _, ranked in demand.ranks for group in ranked]
    known = (state.workers[worker_id] for group in groups for worker_id in group.members)
    task = block.picker.peek(block.tasks)
    able = (
        worker
        for worker in known
        if worker.linked
        and match.could_take(state, demand.key, worker)
        and match.host_refusal(state, job, block, worker, now) != "avoided"
        and not match.task_refusal(state, job, block, task, worker, now)
    )
    needed = demand.key.hosts
    return sum(1 for _ in islice(able, needed)) == needed


def review(state: FarmState) -> None:
    """Give back machines that are kept for a block which could not start anyway."""
    if state.holder is None:
        return
    job = state.jobs.get(state.holder[0])
    if job is None or not _is_offered(state, job, state.holder[1]):
        _release(state)


def _is_offered(state: FarmState, job: Job, number: int) -> bool:
    block = job.blocks[number]
    if state.demands[block.demand].key is not state.held_for:
        return False
    if (number,) not in job.share.lines.get(block.demand, ()):
        return False
    share = job.share
    while share.parent is not None:
        if share.closed:
            return False
        share = share.parent
    return True


def _release(state: FarmState) -> None:
    held, state.held = state.held, set()
    state.holder = state.held_for = None
    for worker_id in sorted(held):
        worker = state.workers.get(worker_id)
        if worker is not None:
            freshen(state, worker)


def ring(state: FarmState, job: Job) -> None:
    """A time of waiting is over: look again at what waits for machines."""
    for block in job.blocks:
        if block.spec.hosts_least:
            state.open_demands.add(block.demand)
