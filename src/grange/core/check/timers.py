"""Timers: whatever ends by itself is looked at when it ends."""

from __future__ import annotations

from collections.abc import Iterator

from grange.core.build import life_time
from grange.core.check.shares import LATE
from grange.core.gates import OPEN, branch_gate, job_gate, user_gate
from grange.core.state import FarmState
from grange.core.tree import Share


def timer_faults(state: FarmState) -> Iterator[str]:
    """What is held back for a time only, and what has a last day, has a timer."""
    times = [timer[0] for timer in state.timers]
    if any(times[(place - 1) // 2] > time for place, time in enumerate(times) if place):
        yield "timers are not in order"
    if state.tokens and not any(kind == "token" for _, kind, _, _ in state.timers):
        yield "tokens are never forgotten"
    seconds = {number for _, kind, _, number in state.timers if kind == "second"}
    waits = {number for _, kind, _, number in state.timers if kind == "job"}
    lives = {(number, at) for at, kind, _, number in state.timers if kind == "life"}
    for job in state.jobs.values():
        held = job.share.closed and not job.done and job_gate(state, job, LATE) == OPEN
        if held and job.job_id not in waits and job.share.share_id not in seconds:
            yield f"job {job.job_id}: held back for ever"
        life = life_time(job, state.users[job.user])
        if life > 0 and (job.job_id, job.created + life) not in lives:
            yield f"job {job.job_id}: never dies"
    for user in state.users.values():
        if user_gate(user, LATE) == OPEN and not _rings(list(user.shares.values()), seconds):
            yield f"user {user.user}: held back for ever"
    for branch in state.branches.values():
        root = branch.share.parent is None
        if branch_gate(branch, LATE) == OPEN and not root and not _rings([branch.share], seconds):
            yield f"branch {branch.path}: held back for ever"


def _rings(shares: list[Share], seconds: set[int]) -> bool:
    """Whether none is closed, or one has a timer."""
    numbers = {share.share_id for share in shares}
    return not any(share.closed for share in shares) or not numbers.isdisjoint(seconds)
