"""Which things an action means: by ids, or by a regular expression over their names."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from grange.core.masks import find, regex
from grange.core.objects import Branch, Job, Pool, User, Worker
from grange.doors.afanasy.actions.outcome import NotDone
from grange.doors.afanasy.asked import Action
from grange.doors.afanasy.monitors import Monitor
from grange.doors.afanasy.numbers import SYSTEM_JOB, meant_job
from grange.doors.afanasy.parts import Parts
from grange.model.ids import WorkerId

T = TypeVar("T")

NO_TARGET = "JSON action should have nodes ids or mask to operate with."
Found = tuple[list[T], list[str]]  # what is meant, and a sentence for each that is not there


def jobs(parts: Parts, action: Action) -> Found[Job]:
    """The jobs that are meant."""
    known = parts.state.jobs
    by_name = ((job.spec.name, job) for job in known.values())
    found, unknown = _meant(action, "Jobs", lambda number: known.get(meant_job(number)), by_name)
    if SYSTEM_JOB in (action.ids or ()):
        unknown = [*unknown, "Grange has no system job."]
    return found, unknown


def workers(parts: Parts, action: Action) -> Found[Worker]:
    """The workers that are meant."""
    known = parts.state.workers
    by_name = ((worker.name, worker) for worker in known.values())
    return _meant(action, "Renders", lambda number: known.get(WorkerId(number)), by_name)


def users(parts: Parts, action: Action) -> Found[User]:
    """The users that are meant."""
    return _meant(action, "Users", parts.user, parts.state.users.items())


def branches(parts: Parts, action: Action) -> Found[Branch]:
    """The branches that are meant."""
    return _meant(action, "Branches", parts.branch, parts.state.branches.items())


def pools(parts: Parts, action: Action) -> Found[Pool]:
    """The pools that are meant."""
    return _meant(action, "Pools", parts.pool, parts.state.pools.items())


def monitors(parts: Parts, action: Action) -> Found[Monitor]:
    """The monitors that are meant."""
    now = parts.now()
    by_name = ((monitor.name, monitor) for monitor in parts.monitors.all(now))
    return _meant(action, "Monitors", lambda number: parts.monitors.get(number, now), by_name)


def _meant(
    action: Action,
    title: str,
    by_number: Callable[[int], T | None],
    by_name: Iterable[tuple[str, T]],
) -> Found[T]:
    if action.ids:
        found = {number: by_number(number) for number in action.ids}
        unknown = [
            f"Action node ID not found: {n}." for n, thing in found.items() if thing is None
        ]
        return [thing for thing in found.values() if thing is not None], unknown
    if not action.mask:
        raise NotDone(NO_TARGET)
    try:
        match = regex(action.mask)
    except ValueError as why:
        text = f"mask '{action.mask[:80]}' is not a regular expression: {why}"
        raise NotDone(text) from why
    chosen = [thing for name, thing in by_name if match(name)]
    if not chosen:
        raise NotDone(f"{title}: No node matches '{action.mask[:200]}' found.")
    return chosen, []


def blocks(job: Job, action: Action) -> list[int] | None:
    """Numbers of the blocks of a job that are meant; None: the job itself is.

    Raises:
        NotDone: there is no such block.
    """
    if action.block_mask:
        match = find(action.block_mask)
        chosen = [block.number for block in job.blocks if match(block.spec.name)]
        if not chosen:
            raise NotDone(f"job '{job.spec.name}' has no block '{action.block_mask[:200]}'")
        return chosen
    if not action.block_ids:
        return None
    if action.block_ids == [-1]:
        return [block.number for block in job.blocks]
    for number in action.block_ids:
        if not 0 <= number < len(job.blocks):
            raise NotDone(f"Invalid block number = {number}: job '{job.spec.name}'")
    return list(dict.fromkeys(action.block_ids))
