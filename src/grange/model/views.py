"""What is shown: the answers of the native API, shared by server, client and CLI.

Times are epoch seconds, 0 when it has not happened.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from grange.model.nodes import BranchSpec, PoolSpec, UserSpec, WorkerSpec
from grange.model.patterns import Command
from grange.model.run import Progress, Resources, RunResult, Traits
from grange.model.spec import JobSpec
from grange.model.states import JobState, Part, Presence, Role, TaskState, WorkerState


class View(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all views; carries nothing."""


class Counts(View, frozen=True, kw_only=True):
    """Number of tasks in each state."""

    waiting: int = 0
    ready: int = 0
    running: int = 0
    done: int = 0
    failed: int = 0
    skipped: int = 0
    suspended: int = 0

    @property
    def total(self) -> int:
        """All tasks."""
        return sum(getattr(self, name) for name in self.__struct_fields__)


class BlockView(View, frozen=True, kw_only=True):
    """A block in a list."""

    number: int
    name: str
    service: str
    state: JobState
    tasks: Counts
    frames: str  #: frame list; "" where tasks are named
    frames_per_task: int
    percent: float  #: 0-100, parts of running tasks counted
    warnings: int = 0  #: tasks whose last run warned
    avoided_hosts: tuple[str, ...] = ()
    run_time_min_s: float = 0.0
    run_time_mean_s: float = 0.0
    run_time_max_s: float = 0.0
    started: float = 0.0
    done: float = 0.0
    pre: bool = False  #: made from a pre command
    why: str = ""  #: one sentence when nothing of it runs and something is left


class JobView(View, frozen=True, kw_only=True):
    """A job in a list."""

    job_id: int
    name: str
    user: str
    host: str
    state: JobState
    priority: int
    branch: str
    project: str = ""
    department: str = ""
    annotation: str = ""
    paused: bool = False
    hidden: bool = False
    report: str = ""
    tasks: Counts
    percent: float
    blocks: tuple[BlockView, ...]
    created: float
    started: float = 0.0
    done: float = 0.0
    eta_s: float | None = None  #: seconds left at the present pace; None unknown
    why: str = ""  #: one sentence when nothing of it runs and something is left


class JobDetail(View, frozen=True, kw_only=True):
    """A job, whole."""

    job: JobView
    spec: JobSpec  #: as it is now, edits included
    waits_for: tuple[int, ...] = ()  #: jobs
    try_next: tuple[tuple[int, int], ...] = ()


class TaskView(View, frozen=True, kw_only=True):
    """A task in a list."""

    job_id: int
    block: int
    task: int
    name: str
    state: TaskState
    flags: tuple[str, ...] = ()
    errors: int = 0
    starts: int = 0
    frame_first: int = 0
    frame_last: int = 0
    frame_inc: int = 1
    run_id: int = 0  #: its last run, 0 never ran
    worker: str = ""
    started: float = 0.0
    ended: float = 0.0
    percent: int = -1
    activity: str = ""
    status: str = ""  #: how its last run ended
    message: str = ""


class RunView(View, frozen=True, kw_only=True):
    """One run of a task."""

    run_id: int
    job_id: int
    block: int
    task: int
    attempt: int
    worker_id: int
    worker: str
    started: float
    ended: float = 0.0
    result: RunResult | None = None  #: None while it runs
    progress: Progress | None = None
    user: str = ""  #: who owns the job; this and the next only where a worker's runs are shown
    job_name: str = ""  #: what the job is called
    part: Part = Part.TASK  #: what it does for the task
    helps: int = 0  #: run of the task that this one serves


class TaskDetail(View, frozen=True, kw_only=True):
    """A task, whole."""

    task: TaskView
    command: Command  #: exactly as it will run, before a worker maps its program and paths
    working_directory: str
    files: tuple[str, ...]
    runs: tuple[RunView, ...]  #: newest first
    avoided_hosts: tuple[str, ...] = ()


class ThumbnailView(View, frozen=True, kw_only=True):
    """A small picture of what a run has made."""

    run_id: int
    block: int
    task: int
    number: int  #: in its run, from 1 on
    name: str  #: of the file that it shows
    size_bytes: int  #: of the JPEG
    made: float  #: when the server got it


class Reason(View, frozen=True, kw_only=True):
    """Why something does not start, and for how many workers that holds."""

    code: str  #: stable, kebab-case
    text: str  #: a sentence: what, which, what to do
    workers: int = 0  #: 0 where it is not about workers
    names: tuple[str, ...] = ()  #: a few of them


class WhyView(View, frozen=True, kw_only=True):
    """Why a job, block or task is not running."""

    summary: str  #: one sentence
    reasons: tuple[Reason, ...] = ()


class StoryLine(View, frozen=True, kw_only=True):
    """One thing that happened to a task or job."""

    at: float
    text: str
    by: str = ""


class WorkerView(View, frozen=True, kw_only=True):
    """A worker."""

    worker_id: int
    name: str
    state: WorkerState
    presence: Presence
    spec: WorkerSpec
    traits: Traits
    pool: str
    capacity: int
    capacity_used: int
    max_tasks: int
    runs: tuple[RunView, ...] = ()
    resources: Resources | None = None
    sick: str = ""
    address: str = ""  #: where its connection came from last
    address_family: Literal["", "IPv4", "IPv6"] = ""  #: of that address
    registered: float = 0.0  #: when the farm met it first
    joined: float = 0.0  #: when its link was last made
    launched: float = 0.0  #: when its process was started, by its own clock; 0 it did not tell
    updated: float = 0.0  #: when its last figures came; 0 none since the server started
    rested: float = 0.0  #: when it was last put to sleep or woken, or fell asleep; 0 never
    seen: float = 0.0  #: when its link was last made or lost
    dirty: tuple[str, ...] = ()  #: fields with values of its own instead of its pool's
    trouble: str = ""  #: what its pool wants people to be told of, as long as it lasts
    why: str = ""  #: one sentence when it gets no task although there is work


class UserView(View, frozen=True, kw_only=True):
    """A user."""

    user: str
    spec: UserSpec
    jobs: int
    running: int  #: tasks
    created: float = 0.0


class BranchView(View, frozen=True, kw_only=True):
    """A branch."""

    path: str
    spec: BranchSpec
    jobs: int
    running: int
    created: float = 0.0


class TicketView(View, frozen=True, kw_only=True):
    """A licence and who holds it."""

    name: str
    count: int
    used: int
    max_hosts: int
    hosts: tuple[str, ...] = ()


class PoolView(View, frozen=True, kw_only=True):
    """A pool."""

    path: str
    spec: PoolSpec
    workers: int
    online: int
    busy: int
    tickets: tuple[TicketView, ...] = ()
    created: float = 0.0


class FarmView(View, frozen=True, kw_only=True):
    """The farm in one line."""

    version: str
    now: float
    jobs: int
    jobs_running: int
    tasks: Counts
    workers: int
    workers_online: int
    workers_busy: int
    #: names of the services that can be asked for
    services: tuple[str, ...] = ()


class Whoami(View, frozen=True, kw_only=True):
    """Who the sender is."""

    user: str
    role: Role


class CredentialView(View, frozen=True, kw_only=True):
    """A token, a worker's credential or a join code; never its secret."""

    credential_id: str
    kind: str
    name: str
    role: str
    state: str
    created: float
    expires: float = 0.0
    note: str = ""


class AuditView(View, frozen=True, kw_only=True):
    """One change that somebody made."""

    at: float
    user: str
    role: str
    address: str
    action: str
    target: str
    details: str
    outcome: str
    audit_id: int = 0  #: grows; `before` of a request takes it for the next page


class ErrorBody(View, frozen=True, kw_only=True):
    """What is wrong, as every refused request says it."""

    code: str  #: stable, kebab-case
    message: str
    field: str = ""  #: path of the field at fault, such as blocks[0].frames
    hint: str = ""  #: what to do


class ErrorView(View, frozen=True, kw_only=True):
    """The one error shape."""

    error: ErrorBody
