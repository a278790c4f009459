"""The end of a try: wait until all is over, write down how it stands, stop the farm."""

from __future__ import annotations

import signal
import time
from typing import Final, Protocol

from chaos.history import Census, Entry, Listed, Note, Recorded, States
from chaos.observer import OVER, Observer
from chaos.processes import Process, Processes, lives, pause
from chaos.submitting import Job, Submitter
from chaos.watcher import Watcher
from grange.client import Client
from grange.client.errors import NotFound
from grange.client.requests import jobs as job_requests
from grange.client.requests import tasks as task_requests
from grange.model.views import RunView

LOOK_S: Final = 0.15
LINGER_S: Final = 5.0  # for the last processes to go
PAGE: Final = 500  # jobs or tasks asked for at once
LOGS_MAX: Final = 400  # logs read in one try
FAREWELL_S: Final = 30.0  # for a worker or a server to stop in order


class Set(Protocol):
    """What is asked of a stage."""

    submitter: Submitter
    observer: Observer
    watcher: Watcher
    processes: Processes
    workers: dict[str, Process]
    server: Process | None

    def client(self, patience_s: float = 0.0) -> Client:
        """A client of the farm."""

    def write(self, event: Entry) -> None:
        """Note an event."""


class Ends:
    """Writes the last part of a history.

    Args:
        stage: whose.
    """

    def __init__(self, stage: Set) -> None:
        self._stage = stage
        self._logs = 0

    def write(self, *, patience_s: float, logs: bool) -> None:
        """Wait, write, and stop the farm; see `Stage.finish`."""
        with self._stage.client(patience_s=FAREWELL_S) as client:
            self._wait(client, patience_s)
            self._stage.observer.close()
            self._linger()
            self._list(client)
            for job in self._stage.submitter.jobs():
                if job.job:
                    self._record(client, job, logs=logs and job.log)
        self._stop()

    def _wait(self, client: Client, patience_s: float) -> None:
        give_up = time.monotonic() + patience_s
        while left := [job.token for job in self._stage.submitter.jobs() if _left(client, job)]:
            if time.monotonic() > give_up:
                self._stage.write(Note(text=f"not over after {patience_s:g} s: {left}"))
                return
            pause(LOOK_S)

    def _linger(self) -> None:
        """Give what is over a moment to be gone, then count."""
        give_up = time.monotonic() + LINGER_S
        while (census := self._stage.watcher.census()).left and time.monotonic() < give_up:
            pause(LOOK_S)
        self._stage.write(Census(left=census.left, final=True))

    def _list(self, client: Client) -> None:
        found: list[tuple[int, str, str]] = []
        after: int | None = None
        while True:
            page = client.send(job_requests.listed(limit=PAGE, after=after, hidden=True))
            found += [(view.job_id, view.name, view.state.value) for view in page]
            if len(page) < PAGE:
                break
            after = page[-1].job_id
        self._stage.write(Listed(jobs=tuple(found)))

    def _record(self, client: Client, job: Job, *, logs: bool) -> None:
        try:
            for block in range(len(job.blocks)):
                states = client.send(task_requests.states(job.job, block))
                numbers = tuple(int(state) for state in states)
                self._stage.write(States(job=job.job, block=block, states=numbers))
                for task in range(len(states)):
                    detail = client.send(task_requests.detail(job.job, block, task))
                    for run in detail.runs:
                        self._stage.write(self._run(client, run, logs=logs))
        except NotFound:
            self._stage.write(Note(text=f"{job.token} (job {job.job}) is not there in the end"))

    def _run(self, client: Client, run: RunView, *, logs: bool) -> Recorded:
        status = "" if run.result is None else run.result.status.value
        text: str | None = None
        if logs and status == "done" and self._logs < LOGS_MAX:
            self._logs += 1
            text = client.send(task_requests.run_log(run.run_id)).text
        return Recorded(
            run=run.run_id,
            job=run.job_id,
            block=run.block,
            task=run.task,
            worker=run.worker,
            status=status,
            message="" if run.result is None else run.result.message,
            log=text,
        )

    def _stop(self) -> None:
        """Stop the workers, then the server; write what should have gone with them."""
        stage = self._stage
        for process in [*stage.workers.values(), *([stage.server] if stage.server else [])]:
            process.send(signal.SIGTERM)
            process.wait(FAREWELL_S)
        mine = {process.pid for process in stage.workers.values()}
        left = [pid for pid in stage.processes.left() if pid not in mine]
        if left:
            give_up = time.monotonic() + LINGER_S
            while any(map(lives, left)) and time.monotonic() < give_up:
                pause(LOOK_S)
        stage.write(Census(final=True, others=tuple(pid for pid in left if lives(pid))))


def _left(client: Client, job: Job) -> bool:
    """Whether a job has tasks that are not over."""
    if not job.job or job.expects == "gone":
        return False
    try:
        for block in range(len(job.blocks)):
            if any(s not in OVER for s in client.send(task_requests.states(job.job, block))):
                return True
    except NotFound:
        return False
    return False
