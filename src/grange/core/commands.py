"""What can be asked of a farm. A door, the worker link or a timer builds these.

A command's rule has the same verb; `farm.RULES` pairs them.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from grange.model import patterns
from grange.model.ids import JobId, RunId, WorkerId
from grange.model.run import RunResult, Traits
from grange.model.spec import BlockSpec, JobSpec, TaskSpec
from grange.model.states import TaskFilter, TaskOp, TaskState

Span = tuple[int, int]  # first and last task, both included
Fields = dict[str, Any]  # field name -> new value, as decoded from JSON


class Cmd(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag=True):
    """Base of all commands; carries nothing."""


class SubmitJob(Cmd, frozen=True, kw_only=True):
    """Create a job. Replies with `Submitted`; a known token gives the same answer again."""

    spec: JobSpec
    user: str  #: the owner; the door has checked that the sender may act for it
    token: str = ""  #: the submitter's own word for this submission; "" none


class RestoredTasks(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What has become of some tasks already."""

    block: int
    first: int
    last: int  #: included
    state: TaskState  #: DONE, FAILED, SKIPPED or SUSPENDED


class RestoredRun(msgspec.Struct, frozen=True, kw_only=True):
    """The last run of a task, on a worker that this farm need not know."""

    block: int
    task: int
    worker: str  #: its name; "" not known
    attempt: int = 1  #: which start of the task it was
    started: float = 0.0  #: epoch seconds; 0 not known: when it ended
    ended: float = 0.0  #: epoch seconds; 0 not known: now
    result: RunResult


class RestoreJob(Cmd, frozen=True, kw_only=True):
    """Create a job some of whose tasks are over already. Replies with `Restored`."""

    spec: JobSpec
    user: str  #: the owner; the door has checked that the sender may act for it
    token: str = ""  #: as of `SubmitJob`
    tasks: tuple[RestoredTasks, ...] = ()  #: the others are as at a submission
    runs: tuple[RestoredRun, ...] = ()  #: at most one of a task


class DeleteJob(Cmd, frozen=True, kw_only=True):
    """Stop the runs of a job, run its post commands, forget it."""

    job_id: JobId


class PauseJob(Cmd, frozen=True, kw_only=True):
    """Hold a job back or let it go. Its running tasks go on."""

    job_id: JobId
    paused: bool


class EditJob(Cmd, frozen=True, kw_only=True):
    """Change fields of a job, or of one of its blocks."""

    job_id: JobId
    changes: Fields
    block: int | None = None


class ChangeTasks(Cmd, frozen=True, kw_only=True):
    """Restart, skip, finish, suspend, continue or stop tasks. Replies with their number."""

    job_id: JobId
    op: TaskOp
    block: int | None = None  #: None all blocks
    tasks: tuple[Span, ...] | None = None  #: None all tasks
    only: TaskFilter = TaskFilter.ALL
    with_depends: bool = False  #: restart also the tasks that these depend on


class AppendBlocks(Cmd, frozen=True, kw_only=True):
    """Add blocks to a live job. Replies with the numbers of the new blocks."""

    job_id: JobId
    blocks: tuple[BlockSpec, ...]


class AppendTasks(Cmd, frozen=True, kw_only=True):
    """Add named tasks to a block. Replies with the numbers of the new tasks."""

    job_id: JobId
    block: int
    tasks: tuple[TaskSpec, ...]


class TryNext(Cmd, frozen=True, kw_only=True):
    """Put tasks before all others of the job, or take them off that list."""

    job_id: JobId
    block: int
    tasks: tuple[int, ...]
    remove: bool = False


class ForgetErrors(Cmd, frozen=True, kw_only=True):
    """Forget which hosts a job or block avoids."""

    job_id: JobId
    block: int | None = None


class MoveJobs(Cmd, frozen=True, kw_only=True):
    """Change the order in which a user's jobs stand."""

    user: str
    job_ids: tuple[JobId, ...]
    where: Literal["up", "down", "top", "bottom"]


class EditUser(Cmd, frozen=True, kw_only=True):
    """Change what is set on a user; creates it when it is new."""

    user: str
    changes: Fields


class DeleteUser(Cmd, frozen=True, kw_only=True):
    """Forget a user that has no job."""

    user: str


class EditBranch(Cmd, frozen=True, kw_only=True):
    """Change what is set on a branch; creates it when it is new."""

    path: str
    changes: Fields


class DeleteBranch(Cmd, frozen=True, kw_only=True):
    """Forget a branch without jobs and branches below."""

    path: str


class EditPool(Cmd, frozen=True, kw_only=True):
    """Change what is set on a pool; creates it when it is new."""

    path: str
    changes: Fields


class DeletePool(Cmd, frozen=True, kw_only=True):
    """Forget a pool without workers and pools below."""

    path: str


class JoinWorker(Cmd, frozen=True, kw_only=True):
    """A worker's link is up. Replies with `Joined`."""

    name: str
    boot_id: str
    traits: Traits
    home: str = ""  #: its state folder's own id; an older life of the same is surely over
    runs: tuple[RunId, ...] = ()  #: whose processes live there
    ended: tuple[RunId, ...] = ()  #: whose results it will send
    last_run: RunId = RunId(0)  #: the highest run it remembers, be it of another farm
    nimby: str = ""  #: asked for at its start; a life that was there already is left as it is
    user: str = ""
    launched: float = 0.0  #: when its process was started, by its own clock; 0 not known
    address: str = ""  #: where its connection comes from


class UnlinkWorker(Cmd, frozen=True, kw_only=True):
    """A worker's link is down. Its runs are kept until `LoseWorker`."""

    worker_id: WorkerId


class LoseWorker(Cmd, frozen=True, kw_only=True):
    """A worker's lease is over, or it said good-bye: its runs go back to READY."""

    worker_id: WorkerId
    reason: str = "lease ended"


class EditWorker(Cmd, frozen=True, kw_only=True):
    """Change what is set on a worker."""

    worker_id: WorkerId
    changes: Fields
    why: str = ""  #: for the audit, where no person does it


class DeleteWorker(Cmd, frozen=True, kw_only=True):
    """Forget a worker that is offline."""

    worker_id: WorkerId


class EjectWorker(Cmd, frozen=True, kw_only=True):
    """Stop the runs of a worker; they become READY."""

    worker_id: WorkerId
    keep_own: bool = False  #: leave those of the worker's user


class HealWorker(Cmd, frozen=True, kw_only=True):
    """Trust a sick worker again."""

    worker_id: WorkerId


class InstructWorker(Cmd, frozen=True, kw_only=True):
    """Have a worker do something with its machine, or wake that."""

    worker_id: WorkerId
    what: Literal["exit", "restart", "reboot", "shutdown", "sleep", "wake", "self-test"]
    why: str = ""  #: for the audit, where no person does it


class LaunchCommand(Cmd, frozen=True, kw_only=True):
    """Have a worker start a command beside its tasks, which the farm does not watch."""

    worker_id: WorkerId
    command: patterns.Command
    exit: bool = False  #: and leave, once the command is started


class NoteHealth(Cmd, frozen=True, kw_only=True):
    """What a worker has found wrong with its machine."""

    worker_id: WorkerId
    faults: tuple[str, ...] = ()  #: a sentence each; none: it is well


class NoteTrouble(Cmd, frozen=True, kw_only=True):
    """A worker's figures say what its pool wants to be told of."""

    worker_id: WorkerId
    what: Literal["no-task", "overload"]
    text: str  #: a sentence: what it is, since when


class MeasureWorker(Cmd, frozen=True, kw_only=True):
    """A worker's free memory or disk changed by more than a little."""

    worker_id: WorkerId
    free_memory_mb: int
    free_hdd_gb: int


class EndRun(Cmd, frozen=True, kw_only=True):
    """A worker reports the end of a run. Ignored when the run was superseded."""

    worker_id: WorkerId
    run_id: RunId
    result: RunResult


class NoteFrames(Cmd, frozen=True, kw_only=True):
    """A run has finished its first `count` frames; others may use them already."""

    worker_id: WorkerId
    run_id: RunId
    count: int


Command = (
    SubmitJob
    | RestoreJob
    | DeleteJob
    | PauseJob
    | EditJob
    | ChangeTasks
    | AppendBlocks
    | AppendTasks
    | TryNext
    | ForgetErrors
    | MoveJobs
    | EditUser
    | DeleteUser
    | EditBranch
    | DeleteBranch
    | EditPool
    | DeletePool
    | JoinWorker
    | UnlinkWorker
    | LoseWorker
    | EditWorker
    | DeleteWorker
    | EjectWorker
    | HealWorker
    | InstructWorker
    | LaunchCommand
    | MeasureWorker
    | NoteHealth
    | NoteTrouble
    | EndRun
    | NoteFrames
)


class Submitted(msgspec.Struct, frozen=True, kw_only=True):
    """Reply to `SubmitJob`."""

    job_id: JobId
    again: bool = False  #: the token was known: this is the job of the first submission


class Restored(Submitted, frozen=True, kw_only=True):
    """Reply to `RestoreJob`. The runs have numbers one after the other, as they were named."""

    first_run: RunId = RunId(0)  #: 0 there are none, or none is as it was restored any more


class Joined(msgspec.Struct, frozen=True, kw_only=True):
    """Reply to `JoinWorker`."""

    worker_id: WorkerId
    keep: tuple[RunId, ...]  #: runs it holds that are still its own
