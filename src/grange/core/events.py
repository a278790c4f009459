"""What happened. Published after the commit; never the source of truth."""

from __future__ import annotations

from typing import Literal

import msgspec

from grange.model.ids import JobId, RunId, WorkerId
from grange.model.states import RunStatus, TaskState

Trouble = Literal["lost", "sick", "no-task", "overload"]  # what may befall a worker


class Ev(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Base of all events; carries nothing."""


class JobSubmitted(Ev, frozen=True):
    """A job was accepted."""

    job_id: JobId


class JobChanged(Ev, frozen=True):
    """A job's fields, blocks or headline changed."""

    job_id: JobId


class JobDone(Ev, frozen=True):
    """The last task of a job is done or skipped."""

    job_id: JobId


class JobFailed(Ev, frozen=True):
    """A task of a job used up its retries."""

    job_id: JobId


class JobDeleted(Ev, frozen=True):
    """A job is gone."""

    job_id: JobId


class TaskChanged(Ev, frozen=True):
    """A task has a new state."""

    job_id: JobId
    block: int
    task: int
    state: TaskState


class TasksChanged(Ev, frozen=True):
    """Many tasks of a block have new states: read them anew."""

    job_id: JobId
    block: int


class RunStarted(Ev, frozen=True):
    """A run was given to a worker."""

    run_id: RunId
    job_id: JobId
    block: int
    task: int
    worker_id: WorkerId


class RunEnded(Ev, frozen=True):
    """A run is over."""

    run_id: RunId
    job_id: JobId
    block: int
    task: int
    worker_id: WorkerId
    status: RunStatus


class WorkerChanged(Ev, frozen=True):
    """A worker joined, left, was edited or measured."""

    worker_id: WorkerId


class WorkerTroubled(Ev, frozen=True):
    """A person may have to see to a worker."""

    worker_id: WorkerId
    what: Trouble
    text: str  #: a sentence: what it is, since when


class WorkerDeleted(Ev, frozen=True):
    """A worker is forgotten."""

    worker_id: WorkerId


class UserChanged(Ev, frozen=True):
    """A user was created, edited or deleted."""

    user: str


class BranchChanged(Ev, frozen=True):
    """A branch was created, edited or deleted."""

    path: str


class PoolChanged(Ev, frozen=True):
    """A pool was created, edited or deleted."""

    path: str


Event = (
    JobSubmitted
    | JobChanged
    | JobDone
    | JobFailed
    | JobDeleted
    | TaskChanged
    | TasksChanged
    | RunStarted
    | RunEnded
    | WorkerChanged
    | WorkerTroubled
    | WorkerDeleted
    | UserChanged
    | BranchChanged
    | PoolChanged
)
