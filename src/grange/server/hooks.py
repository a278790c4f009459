"""A studio's own commands, executed when something happens: to send a mail, to write to a chat.

What happened is on disk by then. A command that fails is not tried again, and what happens
while the server stops may be told to nobody.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from queue import Queue
from typing import Any, Final

import msgspec

from grange.core import events as ev
from grange.core.farm import Farm
from grange.core.objects import Job
from grange.model.ids import JobId
from grange.model.states import FAILED
from grange.server.config import Happening, Hook
from grange.server.views import Views

log = logging.getLogger(__name__)

AT_ONCE: Final = 4  # commands that run
WAITING_MAX: Final = 1_000  # that run or wait; more are left out
PATIENCE_S: Final = 60.0  # for one command
OWN_PREFIX: Final = "GRANGE_"  # of variables of our own settings, secrets among them

_OF_JOBS: Final[Mapping[type, Happening]] = {
    ev.JobSubmitted: "job-submitted",
    ev.JobDone: "job-done",
    ev.JobFailed: "job-failed",
    ev.JobDeleted: "job-deleted",
}
_JobEvent = ev.JobSubmitted | ev.JobDone | ev.JobFailed | ev.JobDeleted
_Told = _JobEvent | ev.WorkerTroubled
_OF_WORKERS: Final[Mapping[ev.Trouble, Happening]] = {
    "lost": "worker-lost",
    "sick": "worker-sick",
    "no-task": "worker-no-task",
    "overload": "worker-overload",
}


class Hooks:
    """Executes them, in threads that nobody waits for.

    Args:
        commands: what is executed, by what happened; it gets the story as JSON by its input.
        farm: the farm; read only.
        views: shows jobs and workers.
        clock: epoch seconds.
    """

    def __init__(
        self,
        commands: Mapping[Happening, Hook],
        farm: Farm,
        views: Views,
        clock: Callable[[], float],
    ) -> None:
        self._commands = commands
        self._farm = farm
        self._views = views
        self._clock = clock
        self._waiting: Queue[tuple[Hook, bytes]] = Queue(WAITING_MAX)
        self._threads: list[threading.Thread] = []
        self._full = False  # that was told

    def publish(self, events: Sequence[ev.Event]) -> None:
        """Have the commands executed that are set for what happened."""
        if self._commands:
            for what, event in self._wanted(events):
                if not self._is_full():
                    story = {"event": what, "at": self._clock(), **self._story(event)}
                    self._submit(self._commands[what], msgspec.json.encode(story))

    def _wanted(self, events: Sequence[ev.Event]) -> Iterator[tuple[Happening, _Told]]:
        """What happened that a command is set for."""
        failures = Counter(item.job_id for item in events if isinstance(item, ev.JobFailed))
        for event in events:
            if isinstance(event, ev.WorkerTroubled):
                what = _OF_WORKERS[event.what]
                wanted = event.worker_id in self._farm.state.workers
            elif isinstance(event, _JobEvent):
                what = _OF_JOBS[type(event)]
                wanted = what != "job-failed" or self._begins(event.job_id, failures)
            else:
                continue
            if wanted and what in self._commands:
                yield what, event

    def _begins(self, job_id: JobId, failures: Counter[JobId]) -> bool:
        """Whether no task of a job had failed before these failures; once for all of them."""
        job = self._farm.state.jobs.get(job_id)
        if job is None or not failures[job_id]:
            return False
        return _failed(job) <= failures.pop(job_id)

    def _story(self, event: _Told) -> dict[str, Any]:
        if isinstance(event, ev.WorkerTroubled):
            return {"text": event.text, "worker": self._views.worker(event.worker_id)}
        job = self._farm.state.jobs.get(event.job_id)
        if job is None:
            return {"job_id": event.job_id}
        user = self._farm.state.users.get(job.user)
        data = {"job": job.spec.custom_data, "user": user.spec.custom_data if user else ""}
        shown = self._views.job(event.job_id)
        return {"job_id": event.job_id, "job": shown, "custom_data": data}

    def _is_full(self) -> bool:
        was, self._full = self._full, self._waiting.full()
        if self._full and not was:
            log.warning("%d commands for events wait: more are left out", WAITING_MAX)
        return self._full

    def _submit(self, command: Hook, told: bytes) -> None:
        self._waiting.put_nowait((command, told))
        if len(self._threads) < AT_ONCE:
            self._threads.append(threading.Thread(target=self._work, daemon=True))
            self._threads[-1].start()

    def _work(self) -> None:
        while True:
            command, told = self._waiting.get()
            fault = execute(command, told, PATIENCE_S)
            if fault:
                log.error("command for an event: %s: %s", command[0], fault)
            self._waiting.task_done()


def _failed(job: Job) -> int:
    return sum(block.tasks.counts[FAILED] for block in job.blocks)


def execute(command: Hook, told: bytes, patience_s: float) -> str:
    """Execute a command with something to read; what went wrong, "" nothing.

    Its own errors go where ours go. When it takes too long, it is killed with its children.
    """
    own = {name: text for name, text in os.environ.items() if not name.startswith(OWN_PREFIX)}
    try:
        process = subprocess.Popen(  # noqa: S603 (a setting of the server)
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            env=own,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        return str(error)
    with process:
        try:
            process.communicate(told, patience_s)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return f"it took more than {patience_s:g} s, and was killed"
    return f"exit status {process.returncode}" if process.returncode else ""
