"""HyperQueue by its Python package: server and worker of 8 cores in one process, no journal.

Nothing is durable and no output is kept. Its own wait looks once a second only, and asking more
often slows it down: the end of a batch is told by a last task that depends on all others.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hyperqueue import Job, LocalCluster
from hyperqueue.cluster import WorkerConfig

from bench.peers.talk import COMMAND, REST_S, SLOTS, serve, since

LOOK_S = 0.005  # between two looks for the last task's file


class HyperQueue:
    """A cluster of this machine.

    Args:
        client: of its server.
        folder: where its tasks run.
    """

    def __init__(self, client: Any, folder: str) -> None:
        self._client = client
        self._folder = folder

    def batch(self, tasks: int) -> float:
        """One job; its description is made before the clock starts."""
        job = self._job(COMMAND, tasks)
        ended = Path(self._folder, "ended")
        job.program(["touch", str(ended)], stdout=None, stderr=None, deps=list(job.tasks))
        began = time.monotonic()
        submitted = self._client.submit(job)
        while not ended.exists():
            time.sleep(LOOK_S)
        seconds = since(began)
        self._forget(submitted.id)
        ended.unlink()
        return seconds

    def once(self, command: Sequence[str]) -> float:
        """One job of one task."""
        job = self._job(command, 1)
        began = time.monotonic()
        submitted = self._client.submit(job)
        self._forget(submitted.id)
        return began

    def _job(self, command: Sequence[str], tasks: int) -> Any:
        job = Job(default_workdir=self._folder)
        for _ in range(tasks):
            job.program(list(command), stdout=None, stderr=None)
        return job

    def _forget(self, job_id: int) -> None:
        """Let go of a job as soon as it is over."""
        while True:
            time.sleep(REST_S)
            try:
                self._client.connection.forget_job(job_id)
            except RuntimeError:
                continue
            return


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        config = WorkerConfig(cores=SLOTS)
        with LocalCluster(f"{folder}/server", config) as cluster:
            serve(HyperQueue(cluster.client(), folder))
