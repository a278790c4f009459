"""A watch as values: what is sent, what is received, and what it says of one thing."""

from __future__ import annotations

from typing import Final

import msgspec

from grange.client.errors import ApiError, BadReply, JobDeleted
from grange.model.states import JobState
from grange.model.unreadable import UNREADABLE
from grange.model.views import ErrorBody, FarmView, JobView, TaskView, WorkerView
from grange.wire.watch import FromServer, Patch, Snapshot, Watch, WatchError

FINISHED: Final = frozenset({JobState.DONE, JobState.FAILED})  #: a job that goes on no more
_decoder: Final = msgspec.json.Decoder(FromServer)

Message = Snapshot | Patch


class Watching:
    """One watch, over as many connections as it takes.

    Args:
        want: what is watched.
    """

    def __init__(self, want: Watch) -> None:
        self._want = want
        self.number = 0  #: of the last message

    def opening(self) -> str:
        """Give the first message of a connection: what is wanted, and from where on."""
        want = msgspec.structs.replace(self._want, after=self.number)
        return msgspec.json.encode(want).decode()

    def received(self, data: str | bytes) -> Message:
        """Read a message.

        Raises:
            ApiError: the server does not understand what is wanted.
            BadReply: not a message of this protocol.
        """
        try:
            message: FromServer = _decoder.decode(data)
        except UNREADABLE as error:
            raise BadReply(f"a message of the watch cannot be understood: {error}") from error
        if isinstance(message, WatchError):
            raise ApiError(0, ErrorBody(code=message.code, message=message.message))
        self.number = message.number
        return message


class Mirror:
    """The farm as the messages of a watch tell it."""

    def __init__(self) -> None:
        self.farm: FarmView | None = None
        self.jobs: dict[int, JobView] = {}
        self.workers: dict[int, WorkerView] = {}
        self.tasks: dict[tuple[int, int, int], TaskView] = {}  #: by job, block, task

    def apply(self, message: Message) -> None:
        """Take over what a message says. Twice the same does no harm."""
        if isinstance(message, Snapshot):
            self.jobs.clear()
            self.workers.clear()
            self.tasks.clear()
        else:
            for job_id in message.jobs_gone:
                self.jobs.pop(job_id, None)
            for worker_id in message.workers_gone:
                self.workers.pop(worker_id, None)
        if message.farm is not None:
            self.farm = message.farm
        self.jobs |= {job.job_id: job for job in message.jobs}
        self.workers |= {worker.worker_id: worker for worker in message.workers}
        self.tasks |= {(task.job_id, task.block, task.task): task for task in message.tasks}


def job_in(message: Message, job_id: int) -> JobView | None:
    """Give what a message says of a job; None when nothing.

    Raises:
        JobDeleted: it says that there is no such job.
    """
    for job in message.jobs:
        if job.job_id == job_id:
            return job
    if isinstance(message, Patch) and job_id in message.jobs_gone:
        raise JobDeleted(job_id)
    return None


def tells_of_task(message: Message, job_id: int, block: int, task: int) -> bool:
    """Whether a message may tell something new about a task."""
    if isinstance(message, Snapshot) or (job_id, block) in message.tasks_stale:
        return True
    place = (job_id, block, task)
    return any((view.job_id, view.block, view.task) == place for view in message.tasks)


def tells_of_log(message: Message, run_id: int) -> bool:
    """Whether a message may tell of new text in a run's log."""
    if isinstance(message, Snapshot):
        return True
    return any(text.run_id == run_id for text in message.logs)
