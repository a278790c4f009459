"""Looks at the farm all the time, as a person would, and notes what the server shows."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from chaos.aside import Aside
from chaos.history import History, Looked, Probe, Shown
from chaos.submitting import Job, Submitter
from grange.client import Client
from grange.client.errors import GrangeError, NotFound
from grange.client.requests import farm as farm_requests
from grange.client.requests import tasks as task_requests
from grange.model.states import FINISHED, TaskState

LOOK_S: Final = 0.15  # between two looks
OVER: Final = FINISHED | {TaskState.FAILED}


class Observer(Aside):
    """A thread that writes `Looked`, `Shown` and `Probe`; a context.

    Args:
        history: where it writes.
        client: makes a client.
        submitter: knows the jobs.
    """

    def __init__(
        self, history: History, client: Callable[[], Client], submitter: Submitter
    ) -> None:
        super().__init__("observer")
        self._history = history
        self._client = client
        self._submitter = submitter
        self._states: dict[tuple[int, int], tuple[TaskState, ...]] = {}

    def forget(self) -> None:
        """Forget what was shown: the farm was put back."""
        self._states.clear()

    def left(self) -> int:
        """How many submitted tasks are not known to be over."""
        total = sum(sum(job.blocks) for job in self._submitter.jobs() if job.expects != "gone")
        known = list(self._states.values())
        return total - sum(state in OVER for states in known for state in states)

    def done(self) -> int:
        """How many tasks were shown as done."""
        known = list(self._states.values())
        return sum(state is TaskState.DONE for states in known for state in states)

    def _run(self) -> None:
        client: Client | None = None
        try:
            while not self._stop.wait(LOOK_S):
                try:
                    client = client or self._client()
                    self._look(client)
                except OSError:
                    continue  # there is no farm yet, or its disk is dead
                except GrangeError:
                    if client is not None:
                        client.close()
                    client = None
        finally:
            if client is not None:
                client.close()

    def _look(self, client: Client) -> None:
        began = time.monotonic()
        try:
            farm = client.send(farm_requests.summary())
        except GrangeError as error:
            took_s = time.monotonic() - began
            self._history.write(Probe(took_s=took_s, error=f"{type(error).__name__}: {error}"))
            raise
        self._history.write(Probe(took_s=time.monotonic() - began))
        ready = 0
        for job in self._submitter.jobs():
            if job.job:
                ready += self._look_at(client, job)
        self._history.write(
            Looked(
                ready=ready,
                idle=farm.workers_online - farm.workers_busy,
                online=farm.workers_online,
                left=self.left(),
            )
        )

    def _look_at(self, client: Client, job: Job) -> int:
        """Look at a job. Returns how many of its tasks could run, if no limit holds them."""
        ready, waits = 0, False
        for block in range(len(job.blocks)):
            before = self._states.get((job.job, block), ())
            if before and all(state in FINISHED for state in before) and self._rests(job):
                continue
            try:
                now = client.send(task_requests.states(job.job, block))
            except NotFound:
                continue  # the judge sees whether it should be there
            self._states[job.job, block] = now
            self._note(job.job, block, before, now)
            if not waits:  # a later block may wait for an earlier one, on a worker that is cut off
                ready += sum(state is TaskState.READY for state in now)
            waits = waits or not all(state in FINISHED for state in now)
        return ready if job.free else 0

    def _rests(self, job: Job) -> bool:
        """Whether a job that is over is looked at only now and then."""
        return (time.monotonic_ns() // 100_000_000 + job.job) % 10 != 0

    def _note(
        self,
        job: int,
        block: int,
        before: tuple[TaskState, ...],
        now: tuple[TaskState, ...],
    ) -> None:
        done = {index for index, state in enumerate(now) if state is TaskState.DONE}
        had = {index for index, state in enumerate(before) if state is TaskState.DONE}
        if done != had:
            self._history.write(
                Shown(
                    job=job,
                    block=block,
                    done=tuple(sorted(done - had)),
                    undone=tuple(sorted(had - done)),
                )
            )
