"""What the world knows by itself: jobs, runs, machines. Kept from what the farm says and commits.

The checks count in these books, never in the farm's own.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

import msgspec

from grange.model.ids import JobId, RunId, WorkerId
from grange.model.run import RunResult
from grange.model.spec import BlockSpec, JobSpec
from grange.sim.drafts import Work
from grange.sim.studio import MachineKind

NOT_YET: Final = WorkerId(0)  # what a machine is to a farm that it has not joined
TaskKey = tuple[int, int, int]  # job, block, task


@dataclass(slots=True)
class BlockEntry:
    """A block of a job.

    Attributes:
        after: blocks that must be finished before.
        floor: when the last of those was; None: not asked yet.
        broken: tasks that fail wherever they run.
        done: tasks with a result that is on the disk.
        ready: tasks that became ready by themselves, and when.
        failed_on: machines where a run of it failed.
    """

    spec: BlockSpec
    work: Work
    mu: float  #: logarithm of the median duration
    after: tuple[int, ...] = ()
    floor: float | None = None
    running: int = 0
    broken: set[int] = field(default_factory=set)
    done: set[int] = field(default_factory=set)
    ready: dict[int, float] = field(default_factory=dict)
    failed_on: set[str] = field(default_factory=set)


@dataclass(slots=True)
class JobEntry:
    """A job that the farm has, on its disk.

    Attributes:
        kind: for the report.
        floor: before this nothing of it could start.
        finished: when its last task was done; 0 not yet.
    """

    job_id: JobId
    kind: str
    spec: JobSpec
    user: str
    created: float
    floor: float
    blocks: list[BlockEntry]
    running: int = 0
    finished: float = 0.0
    failed: bool = False
    counted: bool = False  #: its turnaround is in the figures


class Flight(msgspec.Struct, frozen=True):
    """A run that the farm believes in."""

    run_id: RunId
    job: JobEntry
    block: int
    task: int
    machine: Machine
    started: float
    capacity: int
    memory_mb: int
    gpus: tuple[int, ...]
    tickets: dict[str, int]
    helps: RunId = RunId(0)  #: run of a task that this one serves

    @property
    def key(self) -> TaskKey:
        """Which task it is; what serves one is by itself."""
        return (self.job.job_id, self.block, -self.run_id if self.helps else self.task)


@dataclass(slots=True)
class Process:
    """A run that a machine executes."""

    flight: Flight
    ends: float
    result: RunResult
    alive: bool = True
    told: bool = False  #: the farm has told it to stop


@dataclass(slots=True)
class Machine:
    """A computer with a worker.

    Attributes:
        boot: lives of its daemon so far.
        alive: its daemon runs.
        linked: it has a connection, as it believes.
        epoch: grows with each change of its link: what was meant for an older one is void.
        cut_until: until then nothing comes through, either way.
        runs: what it executes.
        believed: what the farm has given it; what is used of it is counted from these.
        ended: results that are not acknowledged.
        bad_until: until then most of what it runs fails.
        heard: the server has a link with it, as the server believes.
        joins: how often the server has let it in.
        offered: the farm may give it work: it is linked, and its user does not sit at it.
    """

    name: str
    kind: MachineKind
    worker_id: WorkerId = NOT_YET
    boot: int = 1
    alive: bool = True
    linked: bool = False
    epoch: int = 0
    lease_until: float = 0.0
    cut_until: float = 0.0
    runs: dict[RunId, Process] = field(default_factory=dict)
    believed: dict[RunId, Flight] = field(default_factory=dict)
    ended: dict[RunId, RunResult] = field(default_factory=dict)
    bad_until: float = 0.0
    heard: bool = False
    joins: int = 0
    taken: bool = False  #: its user sits at it
    offered: bool = False
    capacity_used: int = 0
    memory_used_mb: int = 0


class Books:
    """All of it, and the counts that limits are checked against."""

    def __init__(self) -> None:
        self.jobs: dict[JobId, JobEntry] = {}
        self.live: dict[JobId, JobEntry] = {}  # those that are not done
        self.flights: dict[RunId, Flight] = {}
        self.machines: dict[WorkerId, Machine] = {}
        self.running: dict[TaskKey, Flight] = {}
        self.by_user: dict[str, dict[JobId, None]] = {}
        self.waiting: dict[str, list[JobEntry]] = {}  # jobs by the name that they wait for
        self.user_running: Counter[str] = Counter()
        self.show_running: Counter[str] = Counter()
        self.tickets: Counter[str] = Counter()

    def add_job(self, job: JobEntry) -> None:
        """The farm has a job."""
        self.jobs[job.job_id] = job
        self.live[job.job_id] = job
        self.by_user.setdefault(job.user, {})[job.job_id] = None
        if job.spec.depend_mask:
            self.waiting.setdefault(job.spec.depend_mask, []).append(job)

    def drop_job(self, job_id: JobId, now: float) -> None:
        """The farm has forgotten a job."""
        job = self.jobs.pop(job_id)
        self.live.pop(job_id, None)
        del self.by_user[job.user][job_id]
        self._free(job, now)

    def finish(self, job: JobEntry, now: float) -> None:
        """A job is done: others may have waited for it."""
        job.finished = now
        self.live.pop(job.job_id, None)
        self._free(job, now)

    def reopen(self, job: JobEntry) -> None:
        """A job that was done is to be done again."""
        job.finished = 0.0
        self.live[job.job_id] = job

    def waits(self, job: JobEntry) -> bool:
        """Whether a job waits for another of its user."""
        mask = job.spec.depend_mask
        mine = self.by_user[job.user] if mask else ()
        return any(item in self.live and self.live[item].spec.name == mask for item in mine)

    def _free(self, job: JobEntry, now: float) -> None:
        for other in self.waiting.pop(job.spec.name, ()):
            other.floor = max(other.floor, now)

    def take_off(self, flight: Flight) -> Flight | None:
        """A run is given out. Returns the one that the task had already: there must be none."""
        before = self.running.get(flight.key)
        self.running[flight.key] = flight
        self.flights[flight.run_id] = flight
        machine = flight.machine
        machine.believed[flight.run_id] = flight
        self._count(flight, 1)
        return before

    def land(self, run_id: RunId) -> Flight:
        """A run is over, as the farm believes."""
        flight = self.flights.pop(run_id)
        if self.running.get(flight.key) is flight:
            del self.running[flight.key]
        machine = flight.machine
        del machine.believed[run_id]
        self._count(flight, -1)
        return flight

    def _count(self, flight: Flight, sign: int) -> None:
        job, machine = flight.job, flight.machine
        machine.capacity_used += sign * flight.capacity
        machine.memory_used_mb += sign * flight.memory_mb
        if flight.helps:
            return
        job.running += sign
        job.blocks[flight.block].running += sign
        self.user_running[job.user] += sign
        self.show_running[job.spec.branch] += sign
        for name, count in flight.tickets.items():
            self.tickets[name] += sign * count
