"""States of tasks, jobs, runs and workers, and the legal moves between them.

The tables below are the only place where a transition is declared legal;
docs/reference/states.md is generated from them.
"""

from __future__ import annotations

from enum import IntEnum, IntFlag, StrEnum
from typing import Final


class TaskState(IntEnum):
    """Where a task stands. The value is what `TaskTable` stores, one byte per task."""

    WAITING = 0  #: a task it depends on is not done
    READY = 1  #: can be given to a worker
    RUNNING = 2  #: a worker has it
    DONE = 3  #: finished well
    FAILED = 4  #: its error retries are used up
    SKIPPED = 5  #: left out by a person or because its files exist; counts as done
    SUSPENDED = 6  #: held back by a person until continued


#: The states by themselves: to read one from its class takes much longer (Python 3.11).
WAITING, READY, RUNNING, DONE, FAILED, SKIPPED, SUSPENDED = TaskState

_S = TaskState
TASK_MOVES: Final[dict[TaskState, frozenset[TaskState]]] = {
    _S.WAITING: frozenset({_S.READY, _S.SKIPPED, _S.DONE, _S.SUSPENDED}),
    _S.READY: frozenset({_S.RUNNING, _S.WAITING, _S.SKIPPED, _S.DONE, _S.SUSPENDED}),
    _S.RUNNING: frozenset({_S.DONE, _S.READY, _S.WAITING, _S.FAILED, _S.SKIPPED, _S.SUSPENDED}),
    _S.DONE: frozenset({_S.READY, _S.WAITING}),
    _S.FAILED: frozenset({_S.READY, _S.WAITING, _S.SKIPPED, _S.DONE, _S.SUSPENDED}),
    _S.SKIPPED: frozenset({_S.READY, _S.WAITING, _S.DONE, _S.SUSPENDED}),
    _S.SUSPENDED: frozenset({_S.READY, _S.WAITING, _S.SKIPPED, _S.DONE}),
}

FINISHED: Final = frozenset({_S.DONE, _S.SKIPPED})  #: what a dependant waits for


class TaskFlag(IntFlag):
    """What a task's last run left behind; one byte per task."""

    WARNING = 1  #: the parser or the output check warned
    PARSER_ERROR = 2  #: the parser saw an error in the output
    BAD_RESULT = 4  #: the parser judged the result bad
    BAD_FILES = 8  #: an expected file is missing or of a wrong size
    FAILED_POST = 16  #: work after the process failed (never a thumbnail); the task is done
    PARSER_SUCCESS = 32  #: the parser ended the process early and called it a success
    FATAL = 64  #: an error that no retry can mend
    RETRY = 128  #: failed before, ready to be tried again


class RunStatus(StrEnum):
    """How a run ended."""

    DONE = "done"  #: the process ended well and its files passed the check
    SKIPPED = "skipped"  #: the service found that there was nothing to do
    PARSER_SUCCESS = "parser-success"  #: the parser called it done and the process was ended
    FAILED_POST = "failed-post"  #: done, but the work after the process failed
    FAILED = "failed"  #: a bad exit status
    PARSER_ERROR = "parser-error"  #: the parser saw an error
    FATAL = "fatal"  #: the parser saw an error that no retry can mend
    BAD_RESULT = "bad-result"  #: the parser judged the result bad
    BAD_FILES = "bad-files"  #: an expected file is missing or of a wrong size
    START_FAILED = "start-failed"  #: the process could not be started
    TIMED_OUT = "timed-out"  #: it ran longer than it may
    NO_PROGRESS = "no-progress"  #: its progress stood still for too long
    TOO_FAST = "too-fast"  #: it ended sooner than it can have done its work
    OUT_OF_MEMORY = "out-of-memory"  #: it was killed for memory
    KILLED = "killed"  #: a signal that nobody here sent ended it
    STOPPED = "stopped"  #: the server asked for it
    LEASE_ENDED = "lease-ended"  #: the worker lost the server and gave the run up
    LOST = "lost"  #: the worker is gone


class Part(StrEnum):
    """What a run does for its task."""

    TASK = "task"  #: executes it: of each running task there is one
    HELPER = "helper"  #: serves it on another machine for as long as it runs
    BESIDE = "beside"  #: the same on the task's own machine, where it takes no room of its own
    KEPT = "kept"  #: starts nothing: a machine is kept for the task's program


RUN_OK: Final = frozenset(
    {RunStatus.DONE, RunStatus.SKIPPED, RunStatus.PARSER_SUCCESS, RunStatus.FAILED_POST}
)
#: The run is nobody's fault: the task is ready again and no error is counted.
RUN_UNCOUNTED: Final = frozenset({RunStatus.STOPPED, RunStatus.LEASE_ENDED, RunStatus.LOST})

STATUS_FLAG: Final[dict[RunStatus, TaskFlag]] = {
    RunStatus.PARSER_SUCCESS: TaskFlag.PARSER_SUCCESS,
    RunStatus.FAILED_POST: TaskFlag.FAILED_POST,
    RunStatus.PARSER_ERROR: TaskFlag.PARSER_ERROR,
    RunStatus.FATAL: TaskFlag.FATAL,
    RunStatus.BAD_RESULT: TaskFlag.BAD_RESULT,
    RunStatus.BAD_FILES: TaskFlag.BAD_FILES,
}


class JobState(StrEnum):
    """The one word that a list shows for a job or a block; derived, never stored."""

    PAUSED = "paused"  #: held by a person
    WAITING = "waiting"  #: for a time, a job, a block or a task
    APPROVAL = "approval"  #: its preview is rendered and awaits a person's word
    READY = "ready"  #: could run now
    RUNNING = "running"  #: at least one task runs
    SUSPENDED = "suspended"  #: all that is left is suspended
    FAILED = "failed"  #: nothing runs or can run, and at least one task failed
    DONE = "done"  #: every task is done or skipped


class Presence(StrEnum):
    """What the farm knows of a worker's link."""

    OFFLINE = "offline"  #: no link, and no run of it is believed alive
    MISSING = "missing"  #: no link; its runs are kept until its lease ends
    ONLINE = "online"  #: linked


ONLINE: Final = Presence.ONLINE  # as the states of tasks
_P = Presence
PRESENCE_MOVES: Final[dict[Presence, frozenset[Presence]]] = {
    _P.OFFLINE: frozenset({_P.ONLINE}),
    _P.MISSING: frozenset({_P.ONLINE, _P.OFFLINE}),
    _P.ONLINE: frozenset({_P.MISSING, _P.OFFLINE}),
}


class Rest(StrEnum):
    """Whether a machine sleeps to save power (Afanasy: WOL falling, sleeping, waking)."""

    AWAKE = "awake"  #: it does not sleep, as far as the farm knows
    FALLING = "falling"  #: told to sleep, and its link still stands
    ASLEEP = "asleep"  #: off the net until a packet wakes it
    WAKING = "waking"  #: the packet was sent, and it has not come back yet


REST_MOVES: Final[dict[Rest, frozenset[Rest]]] = {
    Rest.AWAKE: frozenset({Rest.FALLING, Rest.WAKING}),
    Rest.FALLING: frozenset({Rest.ASLEEP, Rest.AWAKE}),
    Rest.ASLEEP: frozenset({Rest.WAKING, Rest.AWAKE}),
    Rest.WAKING: frozenset({Rest.ASLEEP, Rest.AWAKE}),
}


class Nimby(StrEnum):
    """Whom a worker serves (Afanasy: free, nimby, NIMBY)."""

    FREE = "free"  #: everybody
    OWNER = "owner"  #: only the user it belongs to (nimby)
    NOBODY = "nobody"  #: nobody (NIMBY)


class WorkerState(StrEnum):
    """The one word that a list shows for a worker; derived from its parts."""

    PENDING = "pending"  #: joined with a code, waits to be accepted
    REVOKED = "revoked"  #: its credential was taken away
    OFFLINE = "offline"
    MISSING = "missing"  #: out of touch, its lease not yet over
    FALLING = "falling"  #: told to sleep
    ASLEEP = "asleep"  #: a packet wakes it
    WAKING = "waking"  #: the packet was sent
    SICK = "sick"  #: failed tasks of several users; gets none until healed
    PAUSED = "paused"
    NIMBY = "nimby"  #: its user works on it
    BUSY = "busy"
    IDLE = "idle"


class Role(StrEnum):
    """What a principal may do, from least to most."""

    SUBMIT = "submit"  #: submit jobs, see its own
    VIEWER = "viewer"  #: see everything, change nothing
    ARTIST = "artist"  #: change its own jobs
    WRANGLER = "wrangler"  #: change every job and worker
    ADMIN = "admin"  #: everything, people and tokens included
    WORKER = "worker"  #: a machine; only the worker link


class TaskOp(StrEnum):
    """What a person can do to tasks (Afanasy's operations)."""

    RESTART = "restart"
    SKIP = "skip"
    DONE = "done"
    SUSPEND = "suspend"
    CONTINUE = "continue"
    STOP = "stop"


class TaskFilter(StrEnum):
    """Which of the addressed tasks an operation touches."""

    ALL = "all"
    FAILED = "failed"
    RUNNING = "running"
    DONE = "done"
    SKIPPED = "skipped"
    WARNING = "warning"
    SUSPENDED = "suspended"
