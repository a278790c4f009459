"""Deadlines: waiting and life times, starts per second, errors, tokens, machines that sleep."""

from __future__ import annotations

from heapq import heappop

from grange.core import health, many, rest
from grange.core.build import life_time
from grange.core.effects import Outcome
from grange.core.events import JobChanged
from grange.core.gates import regate_branch, regate_job, regate_user
from grange.core.jobs import TOKEN_KEEP_S, remove
from grange.core.objects import Job
from grange.core.state import FarmState, TimerKind
from grange.core.supply import reopen
from grange.model.ids import JobId, WorkerId

TOKENS_SWEEP = 1_000  # tokens forgotten in one go
TOKENS_PAUSE_S = 3_600  # between two looks at old tokens


def next_deadline(state: FarmState) -> float | None:
    """When `ring` should be called next; None: only after a command."""
    return state.timers[0][0] if state.timers else None


def ring(state: FarmState, now: float, out: Outcome) -> None:
    """Do what is due. A timer that does not hold any more does nothing."""
    while state.timers and state.timers[0][0] <= now:
        _, kind, _, number = heappop(state.timers)
        if kind == "token":
            forget_tokens(state, now)
        elif kind == "second":
            _ring_second(state, number, now)
        elif kind == "rest":
            rest.ring(state, WorkerId(number), now, out)
        elif kind == "test":
            health.ring(state, WorkerId(number), now, out)
        elif (job := state.jobs.get(JobId(number))) is not None:
            _ring_job(state, kind, job, now, out)


def _ring_job(state: FarmState, kind: TimerKind, job: Job, now: float, out: Outcome) -> None:
    if kind == "forgive":
        for block in job.blocks:
            reopen(state, block.demand)
    elif kind == "hosts":
        many.ring(state, job)
    elif kind == "job":
        regate_job(state, job, now)
        out.events.append(JobChanged(job.job_id))
    else:
        _ring_life(state, job, now, out)


def _ring_second(state: FarmState, share_id: int, now: float) -> None:
    at = state.shares.get(share_id)
    if isinstance(at, Job):
        regate_job(state, at, now)
    elif isinstance(at, str):
        regate_branch(state, state.branches[at], now)
    elif at is not None:
        regate_user(state, state.users[at[0]], now)


def _ring_life(state: FarmState, job: Job, now: float, out: Outcome) -> None:
    life = life_time(job, state.users[job.user])
    if life > 0 and now >= job.created + life:
        remove(state, job, now, out, f"life time of {life:.0f} s is over")


def forget_tokens(state: FarmState, now: float) -> None:
    """Forget old tokens of jobs that are gone. Cost: O(old tokens)."""
    if state.tokens:
        state.set_timer(now + TOKENS_PAUSE_S, "token")
    gone: list[tuple[str, str]] = []
    for key, (job_id, created) in state.tokens.items():
        if created + TOKEN_KEEP_S > now or len(gone) == TOKENS_SWEEP:
            break
        if job_id not in state.jobs:
            gone.append(key)
    for key in gone:
        del state.tokens[key]
        state.dirty.tokens.discard(key)
        state.dirty.deleted_tokens.append(key)
