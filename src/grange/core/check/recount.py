"""What runs, counted anew from the runs alone."""

from __future__ import annotations

from collections import Counter, defaultdict

from grange.core.objects import Run
from grange.core.state import FarmState
from grange.model.ids import JobId, WorkerId
from grange.model.states import Part


class Recount:
    """The runs by what they are on, and tasks per host. Cost: O(runs x depth of branches)."""

    def __init__(self, state: FarmState) -> None:
        self.blocks: defaultdict[tuple[JobId, int], list[Run]] = defaultdict(list)
        self.workers: defaultdict[WorkerId, list[Run]] = defaultdict(list)
        self.running: Counter[str] = Counter()  # tasks, by user
        self.job_hosts: defaultdict[JobId, Counter[WorkerId]] = defaultdict(Counter)
        self.user_hosts: defaultdict[str, Counter[WorkerId]] = defaultdict(Counter)
        self.branch_hosts: defaultdict[str, Counter[WorkerId]] = defaultdict(Counter)
        for run in state.runs.values():
            job = state.jobs[run.job_id]
            self.workers[run.worker_id].append(run)
            if run.part is Part.BESIDE:
                continue
            self.blocks[run.job_id, run.block].append(run)
            self.running[job.user] += run.part is Part.TASK
            self.job_hosts[run.job_id][run.worker_id] += 1
            self.user_hosts[job.user][run.worker_id] += 1
            for branch in state.branch_chain(job.spec.branch):
                self.branch_hosts[branch.path][run.worker_id] += 1
