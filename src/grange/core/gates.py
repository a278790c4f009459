"""What holds a job or block back whatever the workers; keeps its offers to the tree true.

`job_gate` and `block_gate` decide, and their codes are what `why.py` explains.
"""

from __future__ import annotations

from grange.core.objects import Block, Branch, Job, User
from grange.core.state import FarmState
from grange.model.states import READY, RUNNING, WAITING

OPEN = ""


def job_gate(state: FarmState, job: Job, now: float) -> str:
    """Why no task of a job may start; the empty string: they may."""
    spec = job.spec
    if spec.paused:
        return "paused"
    if not spec.priority:
        return "priority"
    if now < spec.wait_until:
        return "wait-until"
    if job.waits:
        return "depends-on-jobs"
    if 0 <= spec.max_running_tasks <= job.share.running:
        return "job-limit"
    if not may_start(job.starts, spec.max_tasks_per_second, now):
        return "job-rate"
    return OPEN


def block_gate(job: Job, block: Block) -> str:
    """Why no task of a block may start although its job could; empty: they may."""
    if block.waits:
        return "depends-on-blocks"
    counts = block.tasks.counts
    if not counts[READY]:
        return "tasks-wait" if counts[WAITING] else "nothing-ready"
    if 0 <= block.spec.max_running_tasks <= counts[RUNNING]:
        return "block-limit"
    if block.picker.preview_only and block.picker.peek(block.tasks) < 0:
        return "approval"
    return OPEN


def user_gate(user: User, now: float) -> str:
    """Why no task of a user may start."""
    spec = user.spec
    if spec.paused:
        return "user-paused"
    if not spec.priority:
        return "user-priority"
    if 0 <= spec.max_running_tasks <= user.running:
        return "user-limit"
    if not may_start(user.starts, spec.max_tasks_per_second, now):
        return "user-rate"
    return OPEN


def branch_gate(branch: Branch, now: float) -> str:
    """Why no task of a branch may start."""
    spec = branch.spec
    if spec.paused:
        return "branch-paused"
    if not spec.priority:
        return "branch-priority"
    if 0 <= spec.max_running_tasks <= branch.share.running:
        return "branch-limit"
    if not may_start(branch.starts, spec.max_tasks_per_second, now):
        return "branch-rate"
    return OPEN


def may_start(starts: tuple[int, int], limit: int, now: float) -> bool:
    """Whether a limit of starts per second leaves room in this second."""
    if limit < 0:
        return True
    second, count = starts
    return limit > (count if second == int(now) else 0)


def count_start(starts: tuple[int, int], now: float) -> tuple[int, int]:
    """Count one start in this second."""
    second, count = starts
    return (second, count + 1) if second == int(now) else (int(now), 1)


def reoffer_block(job: Job, block: Block) -> None:
    """Offer a block, or take its offer back. Cost: O(1)."""
    item = (block.number,)
    if block_gate(job, block) == OPEN:
        job.share.offer(block.demand, item)
    else:
        job.share.withdraw(block.demand, item)


def regate_job(state: FarmState, job: Job, now: float) -> None:
    """Open or close a job. Cost: O(demands)."""
    job.share.close(bool(job_gate(state, job, now)))
    if job.starts[0] == int(now) and job.spec.max_tasks_per_second >= 0 and job.share.closed:
        state.set_timer(int(now) + 1.0, "second", number=job.share.share_id)


def regate_user(state: FarmState, user: User, now: float) -> None:
    """Open or close all shares of a user."""
    closed = bool(user_gate(user, now))
    for share in user.shares.values():
        share.close(closed)
    if closed and user.starts[0] == int(now) and user.spec.max_tasks_per_second >= 0:
        for share in user.shares.values():
            state.set_timer(int(now) + 1.0, "second", number=share.share_id)
            break


def regate_branch(state: FarmState, branch: Branch, now: float) -> None:
    """Open or close a branch. The root cannot be closed: `dispatch` asks its gate."""
    closed = bool(branch_gate(branch, now))
    branch.share.close(closed)
    if closed and branch.starts[0] == int(now) and branch.spec.max_tasks_per_second >= 0:
        state.set_timer(int(now) + 1.0, "second", number=branch.share.share_id)


def reoffer(state: FarmState, job: Job, now: float) -> None:
    """Make a job's and all its blocks' offers true. Cost: O(blocks)."""
    for block in job.blocks:
        reoffer_block(job, block)
    regate_job(state, job, now)
