"""What must hold after every command. Used by tests, by the simulator and by `grange doctor`.

Every index and every count is made anew from the data and compared.
"""

from __future__ import annotations

from collections.abc import Iterator

from grange.core.check.blocks import block_faults, link_faults, readiness_faults
from grange.core.check.jobs import job_faults
from grange.core.check.kinds import demand_faults, group_faults
from grange.core.check.names import name_faults
from grange.core.check.recount import Recount
from grange.core.check.shares import gate_faults, share_faults, tree_faults
from grange.core.check.timers import timer_faults
from grange.core.check.workers import (
    helper_faults,
    host_faults,
    rest_faults,
    run_faults,
    ticket_faults,
    worker_faults,
)
from grange.core.state import FarmState


def faults(state: FarmState) -> Iterator[str]:
    """Each broken invariant, as a sentence. Reads the whole farm: O(tasks + demands x workers)."""
    recount = Recount(state)
    for job in state.jobs.values():
        for block in job.blocks:
            yield from block_faults(state, job, block, recount)
            yield from readiness_faults(job, block)
        yield from link_faults(job)
        yield from job_faults(state, job, recount)
    yield from run_faults(state)
    yield from helper_faults(state)
    yield from worker_faults(state, recount)
    yield from rest_faults(state)
    yield from ticket_faults(state)
    yield from host_faults(state, recount)
    yield from name_faults(state)
    yield from tree_faults(state)
    yield from share_faults(state)
    yield from gate_faults(state)
    yield from timer_faults(state)
    yield from group_faults(state)
    yield from demand_faults(state)
