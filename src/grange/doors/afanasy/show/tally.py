"""What runs now, counted by user, branch and pool in one look at the runs."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from grange.core.objects import path_chain
from grange.core.state import FarmState
from grange.model.ids import JobId
from grange.model.states import Part


@dataclass(slots=True)
class Sum:
    """Runs of one user, branch or pool."""

    tasks: int = 0
    capacity: int = 0
    services: dict[str, int] = field(default_factory=dict)
    jobs: set[JobId] = field(default_factory=set)

    def count(self, service: str, capacity: int, job_id: JobId) -> None:
        """Count a run."""
        self.tasks += 1
        self.capacity += capacity
        self.services[service] = self.services.get(service, 0) + 1
        self.jobs.add(job_id)


@dataclass(slots=True)
class Tally:
    """All sums; of branches and pools with what is below them.

    Attributes:
        shares: of users in one branch, without those below.
    """

    users: dict[str, Sum] = field(default_factory=lambda: defaultdict(Sum))
    branches: dict[str, Sum] = field(default_factory=lambda: defaultdict(Sum))
    pools: dict[str, Sum] = field(default_factory=lambda: defaultdict(Sum))
    shares: dict[tuple[str, str], Sum] = field(default_factory=lambda: defaultdict(Sum))


def tally(state: FarmState) -> Tally:
    """Count the tasks that run. Cost: O(runs)."""
    found = Tally()
    for run in state.runs.values():
        if run.part is not Part.TASK:
            continue
        job = state.jobs[run.job_id]
        path, service = job.spec.branch, job.blocks[run.block].spec.service
        sums = [found.users[job.user], found.shares[path, job.user]]
        sums += [found.branches[at] for at in path_chain(path)]
        sums += [found.pools[at] for at in path_chain(state.workers[run.worker_id].pool)]
        for item in sums:
            item.count(service, run.capacity, run.job_id)
    return found
