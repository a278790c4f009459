"""The farm's objects in memory. Plain data; `FarmState` keeps them consistent."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

import msgspec

from grange.core.demand import Group, Place
from grange.core.pick import Picker
from grange.core.records import HostErrors
from grange.core.tasks import TaskTable
from grange.core.tree import Share
from grange.model.frames import TaskSpace
from grange.model.ids import JobId, RunId, WorkerId
from grange.model.nodes import BranchSpec, PoolSpec, UserSpec, WorkerSpec
from grange.model.patterns import fill
from grange.model.run import Traits
from grange.model.spec import BlockSpec, JobSpec, TaskSpec
from grange.model.states import ONLINE, Part, Presence, Rest

PATHS_MAX = 20_000  # paths of branches and pools whose levels are remembered

HostCounts = dict[WorkerId, int]  # running tasks per worker


@dataclass(slots=True)
class Block:
    """A block of a job.

    Attributes:
        spec: as asked for; its `tasks` are kept in `named`.
        pre_for: made from the pre command of that block, or -1 of the job; else None.
        waits: blocks of this job that must be finished before.
        task_waits: blocks whose tasks must be done where frames meet.
        dependants: blocks that wait for this one; `task_dependants` task by task.
        sub_frames: frames finished by running tasks, where others may use them.
        demand: id of the kind of work.
    """

    job_id: JobId
    number: int
    spec: BlockSpec
    space: TaskSpace
    tasks: TaskTable
    picker: Picker
    pre_for: int | None = None
    named: list[TaskSpec] = field(default_factory=list)
    waits: set[int] = field(default_factory=set)
    task_waits: tuple[int, ...] = ()
    dependants: list[int] = field(default_factory=list)
    task_dependants: list[int] = field(default_factory=list)
    sub_frames: dict[int, int] = field(default_factory=dict)
    demand: int = 0
    capacity_used: int = 0
    hosts: HostCounts = field(default_factory=dict)
    error_hosts: dict[str, HostErrors] = field(default_factory=dict)
    task_errors: dict[int, dict[str, HostErrors]] = field(default_factory=dict)
    dirty_names: set[int] = field(default_factory=set)
    gathering: float = 0.0  # since when as many machines are free as a task needs at least
    lacking: float = 0.0  # since when there are fewer
    forgive_at: float = 0.0  # the time of the timer that was set last for its errors
    run_time_min: float = 0.0
    run_time_max: float = 0.0
    run_time_sum: float = 0.0
    started: float = 0.0
    done: float = 0.0

    @property
    def finished(self) -> bool:
        """Whether every task is done or skipped."""
        return self.tasks.finished() == self.tasks.size

    def task_name(self, task: int) -> str:
        """What people call a task."""
        if self.named:
            name = self.named[task].name
            pattern = self.spec.tasks_name
            return pattern.replace("@#@", name) if pattern else name or f"task {task}"
        if self.spec.tasks_name:
            return fill(self.spec.tasks_name, self.space[task], task)
        return self.space.default_name(task)


@dataclass(slots=True)
class Job:
    """A submitted job.

    Attributes:
        spec: as asked for; its `blocks` are kept in `blocks`.
        share: its place in the tree of shares.
        waits: jobs that must be done before; `dependants` wait for this one.
        try_next: (block, task) to start before all others.
    """

    job_id: JobId
    spec: JobSpec
    user: str
    created: float
    share: Share
    blocks: list[Block] = field(default_factory=list)
    started: float = 0.0
    done: float = 0.0
    position: int = 0
    token: str = ""
    report: str = ""
    waits: set[JobId] = field(default_factory=set)
    dependants: set[JobId] = field(default_factory=set)
    try_next: list[tuple[int, int]] = field(default_factory=list)
    hosts: HostCounts = field(default_factory=dict)
    starts: tuple[int, int] = (0, 0)  # second, starts within it

    @property
    def finished(self) -> bool:
        """Whether every block is finished."""
        return all(block.finished for block in self.blocks)


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One execution of one task on one worker. Forgotten when it ends."""

    run_id: RunId
    job_id: JobId
    block: int
    task: int
    worker_id: WorkerId
    attempt: int
    started: float  # epoch seconds
    capacity: int  # units taken, the coefficient counted
    coeff: int
    memory_mb: int  # reserved
    gpus: tuple[int, ...]
    tickets: tuple[tuple[str, int], ...]
    part: Part = Part.TASK
    helps: RunId = RunId(0)  # run of the task that this one serves


@dataclass(slots=True)
class Worker:
    """A machine that executes runs. Values from its pools are resolved here."""

    worker_id: WorkerId
    name: str
    spec: WorkerSpec
    traits: Traits
    pool: str
    registered: float
    boot_id: str = ""
    home: str = ""  # of its state folder
    address: str = ""  # where its connection came from last
    joined: float = 0.0  # when its link was last made
    launched: float = 0.0  # when its process was started, by its own clock
    presence: Presence = Presence.OFFLINE
    seen: float = 0.0
    rest: Rest = Rest.AWAKE
    rested: float = 0.0  # when that began; 0: it never slept
    sick: str = ""
    test_at: float = 0.0  # when a sick one examines its machine next
    sick_users: dict[str, None] = field(default_factory=dict)  # users whose tasks failed in a row
    runs: set[RunId] = field(default_factory=set)
    beside: int = 0  # runs of these that serve another one here, and count for nothing
    capacity: int = -1
    max_tasks: int = -1
    capacity_used: int = 0
    memory_reserved_mb: int = 0
    gpus_used: set[int] = field(default_factory=set)
    tickets_used: dict[str, int] = field(default_factory=dict)
    measured_memory_mb: int = -1
    measured_hdd_gb: int = -1
    changed: float = 0.0  # last start or end of a run
    group: Group | None = None
    place: Place | None = None  # in the group's line of free workers

    @property
    def tasks(self) -> int:
        """How many tasks it has."""
        return len(self.runs) - self.beside

    @property
    def linked(self) -> bool:
        """Whether it has a connection."""
        return self.presence is ONLINE

    @property
    def memory_free_mb(self) -> int:
        """What a new task could reserve."""
        free = self.traits.memory_mb - self.memory_reserved_mb
        return free if self.measured_memory_mb < 0 else min(free, self.measured_memory_mb)

    @property
    def hdd_free_gb(self) -> int:
        """Free space of the work folder's disk."""
        return self.traits.hdd_gb if self.measured_hdd_gb < 0 else self.measured_hdd_gb


@dataclass(slots=True)
class User:
    """Somebody who owns jobs. Has a share in each branch where he has jobs."""

    user: str
    spec: UserSpec
    created: float
    jobs: dict[JobId, None] = field(default_factory=dict)  # in the order he gave them
    shares: dict[str, Share] = field(default_factory=dict)  # by branch
    running: int = 0
    hosts: HostCounts = field(default_factory=dict)
    starts: tuple[int, int] = (0, 0)


@dataclass(slots=True)
class Branch:
    """A place in the studio's tree of shows.

    Attributes:
        above: the branch that it is in; None for the root.
        chain: itself and all above it, the nearest first.
    """

    path: str
    spec: BranchSpec
    created: float
    share: Share
    above: Branch | None = field(repr=False)
    chain: tuple[Branch, ...] = field(init=False, repr=False, compare=False)
    jobs: set[JobId] = field(default_factory=set)
    hosts: HostCounts = field(default_factory=dict)
    starts: tuple[int, int] = (0, 0)

    def __post_init__(self) -> None:
        self.chain = (self, *(self.above.chain if self.above is not None else ()))


@dataclass(slots=True)
class Pool:
    """A set of workers with common settings.

    Attributes:
        above: the pool that it is in; None for the root.
        chain: itself and all above it, the nearest first.
    """

    path: str
    spec: PoolSpec
    created: float
    above: Pool | None = field(repr=False)
    chain: tuple[Pool, ...] = field(init=False, repr=False, compare=False)
    workers: set[WorkerId] = field(default_factory=set)
    tickets_used: dict[str, dict[WorkerId, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.chain = (self, *(self.above.chain if self.above is not None else ()))


def parent_path(path: str) -> str | None:
    """The path above; None for the root."""
    if path == "/":
        return None
    return path.rpartition("/")[0] or "/"


@lru_cache(PATHS_MAX)
def path_chain(path: str) -> tuple[str, ...]:
    """A path and all above it, the nearest first."""
    found = [path]
    while (above := parent_path(found[-1])) is not None:
        found.append(above)
    return tuple(found)
