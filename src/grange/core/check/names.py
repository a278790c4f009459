"""Everything is found by its id, its name and its place, and nothing else is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import TypeVar

from grange.core.masks import literal
from grange.core.objects import Branch, Pool, parent_path, path_chain
from grange.core.state import FarmState
from grange.model.ids import JobId, WorkerId
from grange.model.states import Nimby

K = TypeVar("K")


def name_faults(state: FarmState) -> Iterator[str]:
    """Identifiers, names, paths, and the indexes by them."""
    yield from _id_faults(state)
    yield from _job_name_faults(state)
    names = {worker.name: worker.worker_id for worker in state.workers.values()}
    if state.worker_names != names:
        yield "workers are not found by their names"
    owners: dict[str, int] = {}
    for worker in state.workers.values():
        if worker.spec.nimby is Nimby.OWNER:
            owners[worker.spec.user] = owners.get(worker.spec.user, 0) + 1
    if state.owners != owners:
        yield f"users with machines of their own are {owners}, not {state.owners}"
    jobs: defaultdict[str, set[JobId]] = defaultdict(set)
    for job in state.jobs.values():
        jobs[job.user].add(job.job_id)
    for user in state.users.values():
        if user.jobs.keys() != jobs[user.user]:
            yield f"user {user.user}: knows other jobs than its own"
        places = [state.jobs[job_id].position for job_id in user.jobs if job_id in state.jobs]
        if sorted(set(places)) != places:
            yield f"user {user.user}: jobs are not in the order of their places"
    yield from _path_faults(state)
    made = [created for _, created in state.tokens.values()]
    if made != sorted(made):
        yield "tokens are not in the order of their making"


def _id_faults(state: FarmState) -> Iterator[str]:
    keys = (
        ("job", state.last_ids["job"], {k: v.job_id for k, v in state.jobs.items()}),
        ("run", state.last_ids["run"], {k: v.run_id for k, v in state.runs.items()}),
        ("worker", state.last_ids["worker"], {k: v.worker_id for k, v in state.workers.items()}),
    )
    for kind, last, ids in keys:
        for key, number in ids.items():
            if key != number:
                yield f"{kind} {number}: kept as {key}"
            if number > last:
                yield f"{kind} {number}: the last number given is {last}"


def _job_name_faults(state: FarmState) -> Iterator[str]:
    names: dict[str, set[JobId]] = {}
    masked: dict[str | JobId | None, set[JobId]] = {}
    for job in state.jobs.values():
        names.setdefault(job.spec.name, set()).add(job.job_id)
        keys: set[str | JobId | None] = {JobId(number) for number in job.spec.depend_jobs}
        masks = (job.spec.depend_mask, job.spec.depend_mask_global)
        for key in keys | {literal(mask) for mask in masks if mask}:
            masked.setdefault(key, set()).add(job.job_id)
    for job_id in _unlike(state.names, names):
        yield f"job {job_id}: not found by its name, or by another"
    for job_id in _unlike(state.masked, masked):
        yield f"job {job_id}: not found by whom it waits for, or by another"


def _unlike(kept: Mapping[K, set[JobId]], true: Mapping[K, set[JobId]]) -> list[JobId]:
    """Jobs that stand in one of two indexes only."""
    keys = kept.keys() | true.keys()
    return sorted({j for key in keys for j in kept.get(key, set()) ^ true.get(key, set())})


def _path_faults(state: FarmState) -> Iterator[str]:
    jobs: defaultdict[str, set[JobId]] = defaultdict(set)
    workers: defaultdict[str, set[WorkerId]] = defaultdict(set)
    for job in state.jobs.values():
        jobs[job.spec.branch].add(job.job_id)
    for worker in state.workers.values():
        workers[worker.pool].add(worker.worker_id)
    for branch in state.branches.values():
        if branch.jobs != jobs[branch.path]:
            yield f"branch {branch.path}: knows other jobs than its own"
        yield from _parent_faults("branch", branch, state.branches)
    for pool in state.pools.values():
        if pool.workers != workers[pool.path]:
            yield f"pool {pool.path}: knows other workers than its own"
        yield from _parent_faults("pool", pool, state.pools)


def _parent_faults(
    kind: str, place: Branch | Pool, places: dict[str, Branch] | dict[str, Pool]
) -> Iterator[str]:
    if places.get(place.path) is not place:
        yield f"{kind} {place.path}: not found by its path"
    above = parent_path(place.path)
    if above is not None and above not in places:
        yield f"{kind} {place.path}: there is nothing above it"
    if list(place.chain) != [places.get(path) for path in path_chain(place.path)]:
        yield f"{kind} {place.path}: those above it are others"
