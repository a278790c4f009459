"""Jobs: whom they wait for, where they stand, what they hold."""

from __future__ import annotations

from collections.abc import Iterator

from grange.core import deps
from grange.core.check.recount import Recount
from grange.core.objects import Job
from grange.core.state import FarmState


def job_faults(state: FarmState, job: Job, recount: Recount) -> Iterator[str]:
    """What a job says of itself, and who knows it."""
    name = f"job {job.job_id}"
    if job.finished is not bool(job.done):
        yield f"{name}: done mark is off"
    if [block.number for block in job.blocks] != list(range(len(job.blocks))):
        yield f"{name}: its blocks are not numbered as they stand"
    yield from _wait_faults(state, job)
    if job.job_id not in state.users[job.user].jobs:
        yield f"{name}: unknown to its user"
    if job.job_id not in state.branches[job.spec.branch].jobs:
        yield f"{name}: unknown to its branch"
    if job.hosts != recount.job_hosts[job.job_id]:
        yield f"{name}: tasks per host are off"
    for number, task in job.try_next:
        if number >= len(job.blocks) or task >= job.blocks[number].tasks.size:
            yield f"{name}: there is no task {number}/{task} to try next"
    if len(job.try_next) != len(set(job.try_next)):
        yield f"{name}: a task is to be tried next twice"


def _wait_faults(state: FarmState, job: Job) -> Iterator[str]:
    name = f"job {job.job_id}"
    if job.done and job.waits:
        yield f"{name}: is done and waits"
    for other in (state.jobs[job_id] for job_id in job.waits):
        if other.done:
            yield f"{name}: waits for job {other.job_id} that is done"
        if job.job_id not in other.dependants:
            yield f"{name}: unknown to job {other.job_id} that it waits for"
        if not deps.waits_on(job, other.spec.name, other.user, other.job_id):
            yield f"{name}: waits for job {other.job_id} though no rule of it says so"
    yield from _missing_faults(state, job)


def _missing_faults(state: FarmState, job: Job) -> Iterator[str]:
    name = f"job {job.job_id}"
    for job_id in job.dependants:
        if job_id not in state.jobs or job.job_id not in state.jobs[job_id].waits:
            yield f"{name}: job {job_id} does not wait for it"
    if not job.done:
        for target in deps.job_targets(state, job.spec, job.user, job.job_id) - job.waits:
            if not deps.closes_circle(state, job, target):
                yield f"{name}: does not wait for job {target}"
