"""What the shell must do once the batch which asked for it is on disk."""

from __future__ import annotations

import msgspec

from grange.core.events import Event
from grange.core.records import NoteRecord
from grange.model.ids import JobId, RunId, WorkerId
from grange.model.patterns import Command
from grange.model.run import RunSpec


class StartRun(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Tell a worker to execute one task."""

    worker_id: WorkerId
    run: RunSpec


class StopRun(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Tell a worker to kill a run. Its report will be ignored."""

    worker_id: WorkerId
    run_id: RunId
    reason: str


class TellWorker(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Tell a worker to do something with its machine."""

    worker_id: WorkerId
    what: str


class Launch(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Have a worker start a command beside its tasks."""

    worker_id: WorkerId
    command: Command
    exit: bool  #: and leave


class WakeMachine(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Send a machine that sleeps the packet that wakes it."""

    worker_id: WorkerId
    macs: tuple[str, ...]  #: of its network interfaces


class DropFiles(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Remove the logs and thumbnails of a deleted job."""

    job_id: JobId


Effect = StartRun | StopRun | TellWorker | Launch | WakeMachine | DropFiles


class Changed(msgspec.Struct, frozen=True):
    """One field that a command changed, for the audit."""

    field: str
    before: object
    after: object


class Outcome(msgspec.Struct):
    """All that one command led to.

    Attributes:
        reply: the answer to the sender; its type is told by the command.
        events: facts, in order, for watchers.
        effects: work for the shell, in order.
        changed: fields that an edit changed, for the audit.
        notes: lines for the story of a job or task, in order.
    """

    reply: object = None
    events: list[Event] = msgspec.field(default_factory=list)
    effects: list[Effect] = msgspec.field(default_factory=list)
    changed: list[Changed] = msgspec.field(default_factory=list)
    notes: list[NoteRecord] = msgspec.field(default_factory=list)
