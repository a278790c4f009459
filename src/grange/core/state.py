"""The farm's data and indexes. Methods keep them consistent; rules live elsewhere."""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heappush
from typing import Literal

from grange.core.demand import Demand, DemandKey, Group, GroupKey
from grange.core.errors import NoSuchWorker
from grange.core.masks import Match
from grange.core.objects import Block, Branch, Job, Pool, Run, User, Worker
from grange.core.records import HostErrors, RunRecord
from grange.core.tree import Share
from grange.model.ids import JobId, RunId, WorkerId
from grange.model.nodes import ROOT_BRANCH, ROOT_POOL
from grange.model.states import READY, Part, TaskState

TimerKind = Literal["job", "life", "second", "forgive", "token", "rest", "wake", "test", "hosts"]


_TASK, _BESIDE = Part.TASK, Part.BESIDE


class Dirty:
    """What changed since the last commit."""

    def __init__(self) -> None:
        self.jobs: set[JobId] = set()
        self.blocks: set[tuple[JobId, int]] = set()
        self.chunks: set[tuple[JobId, int]] = set()  # blocks with changed tasks
        self.workers: set[WorkerId] = set()
        self.users: set[str] = set()
        self.branches: set[str] = set()
        self.pools: set[str] = set()
        self.runs: dict[RunId, RunRecord] = {}
        self.tokens: set[tuple[str, str]] = set()
        self.deleted_jobs: list[JobId] = []
        self.deleted_workers: list[WorkerId] = []
        self.deleted_users: list[str] = []
        self.deleted_branches: list[str] = []
        self.deleted_pools: list[str] = []
        self.deleted_tokens: list[tuple[str, str]] = []


class FarmState:
    """Everything the farm knows.

    Derived and rebuilt at a restart: shares, demands, groups, masks, timers, counts of all
    kinds, `names` and `masked`.
    """

    def __init__(self, services: frozenset[str] = frozenset()) -> None:
        self.services = services  # that a block may ask for; empty: any
        self.jobs: dict[JobId, Job] = {}
        self.users: dict[str, User] = {}
        self.branches: dict[str, Branch] = {}
        self.pools: dict[str, Pool] = {}
        self.workers: dict[WorkerId, Worker] = {}
        self.worker_names: dict[str, WorkerId] = {}
        self.resting: set[WorkerId] = set()  # whose machines sleep, or are to wake up
        self.next_wake = 0.0  # when to look again whom to wake; not durable
        self.runs: dict[RunId, Run] = {}
        self.helpers: dict[RunId, set[RunId]] = {}  # runs that serve others, by those
        #: machines that are kept for a block whose tasks need several at once; not durable
        self.held: set[WorkerId] = set()
        self.held_for: DemandKey | None = None
        self.holder: tuple[JobId, int] | None = None
        self.tokens: dict[tuple[str, str], tuple[JobId, float]] = {}
        self.last_ids: dict[str, int] = {"job": 0, "run": 0, "worker": 0}
        self.last_share = 0
        self.demands: dict[int, Demand] = {}
        self.demand_ids: dict[object, int] = {}
        self.open_demands: set[int] = set()
        self.groups: dict[GroupKey, Group] = {}
        self.masks: dict[tuple[str, str], tuple[int, Match]] = {}
        self.owners: dict[str, int] = {}  # users -> machines that serve them alone
        self.shares: dict[int, Job | tuple[str, str] | str] = {}  # job, (user, branch), branch
        self.names: dict[str, set[JobId]] = {}  # jobs by name
        #: jobs that wait for others: by an id, by the only name that a mask can mean, or None
        self.masked: dict[str | JobId | None, set[JobId]] = {}
        self.timers: list[tuple[float, TimerKind, str, int]] = []
        self.dirty = Dirty()
        self.branches["/"] = Branch(
            "/", ROOT_BRANCH, 0.0, Share(self.new_share(), None, 0, 0), None
        )
        self.shares[self.branches["/"].share.share_id] = "/"
        self.pools["/"] = Pool("/", ROOT_POOL, 0.0, None)

    def new_id(self, kind: Literal["job", "run", "worker"]) -> int:
        """Next identifier of a kind, never used before."""
        self.last_ids[kind] += 1
        return self.last_ids[kind]

    def new_share(self) -> int:
        """Next number of a share; not durable."""
        self.last_share += 1
        return self.last_share

    def set_timer(self, at: float, kind: TimerKind, name: str = "", number: int = 0) -> None:
        """Have something looked at again at a time."""
        heappush(self.timers, (at, kind, name, number))

    def branch_chain(self, path: str) -> tuple[Branch, ...]:
        """A branch and all above it, the nearest first."""
        return self.branches[path].chain

    def pool_chain(self, path: str) -> tuple[Pool, ...]:
        """A pool and all above it, the nearest first."""
        return self.pools[path].chain

    def worker(self, worker_id: WorkerId) -> Worker:
        """A worker by its id.

        Raises:
            NoSuchWorker: it was deleted or never joined.
        """
        worker = self.workers.get(worker_id)
        if worker is None:
            raise NoSuchWorker(f"no worker {worker_id}")
        return worker

    def start_run(self, run: Run) -> None:
        """Book a run on its task, block, job, user, branches and worker."""
        job = self.jobs[run.job_id]
        block = job.blocks[run.block]
        self.runs[run.run_id] = run
        if run.helps:
            self.helpers.setdefault(run.helps, set()).add(run.run_id)
        self._count_run(job, block, run, 1)
        worker = self.workers[run.worker_id]
        worker.runs.add(run.run_id)
        worker.gpus_used.update(run.gpus)

    def end_run(self, run: Run) -> None:
        """Forget a run. Its task is moved by the caller."""
        del self.runs[run.run_id]
        if run.helps:
            others = self.helpers[run.helps]
            others.discard(run.run_id)
            if not others:
                del self.helpers[run.helps]
        job = self.jobs[run.job_id]
        block = job.blocks[run.block]
        self._count_run(job, block, run, -1)
        worker = self.workers[run.worker_id]
        worker.runs.discard(run.run_id)
        worker.gpus_used.difference_update(run.gpus)

    def _count_run(self, job: Job, block: Block, run: Run, sign: int) -> None:
        user, worker = self.users[job.user], self.workers[run.worker_id]
        if run.part is _TASK:
            job.share.count(sign, sign * run.capacity, run.run_id if sign > 0 else 0)
            user.running += sign
        elif run.part is _BESIDE:
            worker.beside += sign
            return
        else:
            job.share.count(0, sign * run.capacity)
        block.capacity_used += sign * run.capacity
        worker.capacity_used += sign * run.capacity
        worker.memory_reserved_mb += sign * run.memory_mb
        chain = self.branch_chain(job.spec.branch)
        shared = (block.hosts, job.hosts, user.hosts, *(branch.hosts for branch in chain))
        _count(shared, run.worker_id, sign)
        if run.tickets:
            self.count_tickets(worker, run, sign)

    def count_tickets(self, worker: Worker, run: Run, sign: int) -> None:
        """Take or give back a run's tickets, on the worker and in all pools above it."""
        for name, count in run.tickets:
            worker.tickets_used[name] = worker.tickets_used.get(name, 0) + sign * count
            if not worker.tickets_used[name]:
                del worker.tickets_used[name]
            for pool in self.pool_chain(worker.pool):
                used = pool.tickets_used.setdefault(name, {})
                _count((used,), worker.worker_id, sign * count)

    def ticket_free(self, worker: Worker, name: str, count: int) -> bool:
        """Whether a worker can get so many of a ticket; one that nobody defined is free."""
        chain = self.pool_chain(worker.pool)
        for spec in (worker.spec, *(pool.spec for pool in chain)):
            limit = spec.tickets_host.get(name)
            if limit is not None:
                if worker.tickets_used.get(name, 0) + count > limit.count:
                    return False
                break
        for pool in chain:
            limit = pool.spec.tickets_pool.get(name)
            if limit is not None:
                used = pool.tickets_used.get(name, {})
                if sum(used.values()) + count > limit.count:
                    return False
                new_host = worker.worker_id not in used
                return not (new_host and 0 <= limit.max_hosts <= len(used))
        return True

    def forgive_time(self, job: Job, block: Block) -> int:
        """Seconds after which a host's errors are forgotten; 0 never."""
        own = block.spec.errors_forgive_time_s
        return own if own >= 0 else self.users[job.user].spec.errors_forgive_time_s

    def retries(self, job: Job, block: Block) -> int:
        """How often a failed task is tried again."""
        own = block.spec.errors_retries
        return own if own >= 0 else self.users[job.user].spec.errors_retries

    def avoids(self, job: Job, block: Block, host: str, now: float) -> bool:
        """Whether a block stays off a host for its errors there."""
        own = block.spec.errors_avoid_host
        limit = own if own >= 0 else self.users[job.user].spec.errors_avoid_host
        return self._remembers(block.error_hosts.get(host), limit, job, block, now)

    def task_avoids(
        self, job: Job, block: Block, errors: dict[str, HostErrors], host: str, now: float
    ) -> bool:
        """Whether a task stays off a host for its own errors there."""
        own = block.spec.errors_task_same_host
        limit = own if own >= 0 else self.users[job.user].spec.errors_task_same_host
        return self._remembers(errors.get(host), limit, job, block, now)

    def _remembers(
        self, entry: HostErrors | None, limit: int, job: Job, block: Block, now: float
    ) -> bool:
        if entry is None or limit <= 0 or entry.count < limit:
            return False
        forgive = self.forgive_time(job, block)
        return not forgive or now < entry.last + forgive

    def touch_tasks(self, block: Block) -> None:
        """Note that tasks of a block changed."""
        self.dirty.chunks.add((block.job_id, block.number))

    def touch_block(self, block: Block) -> None:
        """Note that a block's own record changed."""
        self.dirty.blocks.add((block.job_id, block.number))

    def move(self, block: Block, task: int, to: TaskState) -> None:
        """Move one task, and keep the block's order of starting."""
        block.tasks.move(task, to)
        self.touch_tasks(block)
        if to is READY:
            block.picker.returned(task)


def _count(all_counts: Iterable[dict[WorkerId, int]], worker_id: WorkerId, by: int) -> None:
    for counts in all_counts:
        if left := counts.get(worker_id, 0) + by:
            counts[worker_id] = left
        else:
            counts.pop(worker_id, None)
