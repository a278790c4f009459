"""Sends jobs to the farm, each until it is known that the farm has it, once."""

from __future__ import annotations

import itertools
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec

from chaos.history import Acked, History, Refused, Submitting, Unanswered
from chaos.processes import PATIENCE_S, Stuck, pause
from grange.client import Client
from grange.client.errors import ApiError, BadReply, Unreachable
from grange.client.requests import jobs as job_requests
from grange.model.spec import BlockSpec, JobSpec

TASK: Final = Path(__file__).with_name("task.py")
AGAIN_S: Final = 0.1  # between two tries
CAPACITY: Final = 100  # that a task takes; a worker has 1,100 and starts four


class Job(msgspec.Struct, kw_only=True):
    """A job as its submitter knows it.

    Attributes:
        blocks: number of tasks of each.
        job: its id; 0 before the server has said it.
    """

    token: str
    blocks: tuple[int, ...]
    expects: str
    free: bool
    log: bool = True
    job: int = 0


class Submitter:
    """Submits jobs and notes what was answered. Several threads may use it.

    Args:
        history: where it writes.
        client: makes a client.
        folder: of the stage.
    """

    def __init__(self, history: History, client: Callable[[], Client], folder: Path) -> None:
        self._history = history
        self._client = client
        self._folder = folder
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._jobs: dict[str, Job] = {}

    def jobs(self) -> list[Job]:
        """All jobs that were submitted so far, or are being."""
        with self._lock:
            return list(self._jobs.values())

    def job(self, token: str) -> Job:
        """What is known of a job."""
        with self._lock:
            return self._jobs[token]

    def forget(self, token: str) -> None:
        """Expect nothing any more of a job that a restored back-up does not know."""
        with self._lock:
            del self._jobs[token]

    def submit(
        self,
        *,
        tasks: int = 10,
        seconds: float = 0.1,
        tree: bool = False,
        then: int = 0,
        expects: str = "done",
        free: bool = True,
        log: bool = True,
        block: dict[str, Any] | None = None,
        give_up: Callable[[], bool] | None = None,
        **fields: Any,
    ) -> str:
        """Submit a job of tasks that note their lives, until the server has it.

        Args:
            tasks: of its first block.
            seconds: that each takes.
            tree: whether each leaves a process behind.
            then: tasks of a second block that waits for the first.
            expects: see `chaos.history.Submitting`.
            free: see there.
            log: see there.
            block: fields of the blocks.
            give_up: asked between two tries.
            **fields: of the job.

        Returns:
            Its token, which is its name.
        """
        options = ("tree",) if tree else ()
        path = str(self._folder / "history.jsonl")
        command = (sys.executable, "-I", "-S", str(TASK), path, f"{seconds:.3f}", *options)
        more = {"command": command, "capacity": CAPACITY, **(block or {})}
        blocks = [BlockSpec(name="first", frames=f"1-{tasks}", **more)]
        if then:
            blocks.append(BlockSpec(name="then", frames=f"1-{then}", depend_mask="first", **more))
        return self.send(
            tuple(blocks), expects=expects, free=free, log=log, give_up=give_up, **fields
        )

    def send(
        self,
        blocks: tuple[BlockSpec, ...],
        *,
        expects: str = "done",
        free: bool = True,
        log: bool = True,
        give_up: Callable[[], bool] | None = None,
        **fields: Any,
    ) -> str:
        """Submit a job of any blocks, until the server has it. Returns its token.

        Raises:
            Stuck: the server does not take it.
        """
        with self._lock:
            token = f"job-{next(self._numbers)}"
            sizes = tuple(len(block.space()) for block in blocks)
            job = Job(token=token, blocks=sizes, expects=expects, free=free, log=log)
            self._jobs[token] = job
        self._history.write(
            Submitting(token=token, tasks=sizes, expects=expects, free=free, log=log)
        )
        spec = JobSpec(name=token, blocks=blocks, **fields)
        until = time.monotonic() + PATIENCE_S
        while not self._try(spec, job):
            if give_up is not None and give_up():
                return token
            if time.monotonic() > until:
                raise Stuck(f"the server does not take {token}")
            pause(AGAIN_S)
        return token

    def _try(self, spec: JobSpec, job: Job) -> bool:
        """Send it once. Returns whether the server said that it has it."""
        token = spec.name
        try:
            with self._client() as client:
                found = client.send(job_requests.submit(spec, token))
        except ApiError as why:
            self._history.write(Refused(token=token, code=why.code))
            if why.status < 500 and why.status != 429:
                raise
            return False
        except (Unreachable, BadReply, OSError) as why:
            self._history.write(Unanswered(token=token, error=f"{type(why).__name__}: {why}"))
            return False
        job.job = found.job_id
        self._history.write(Acked(token=token, job=found.job_id, again=found.again))
        return True
