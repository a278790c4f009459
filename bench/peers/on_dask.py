"""Dask distributed: a scheduler, and one worker process of 8 threads. Nothing is durable."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Sequence
from typing import Any

from distributed import Client, LocalCluster, wait

from bench.peers.talk import COMMAND, SLOTS, serve, since


def run(_: int, command: Sequence[str]) -> int:
    """Run a command on the worker."""
    return subprocess.run(command, check=True).returncode


class Dask:
    """A cluster of this machine.

    Args:
        client: of its scheduler.
    """

    def __init__(self, client: Any) -> None:
        self._client = client

    def batch(self, tasks: int) -> float:
        """As one map."""
        began = time.monotonic()
        wait(self._client.map(run, range(tasks), command=COMMAND, pure=False))
        return since(began)

    def once(self, command: Sequence[str]) -> float:
        """As one future."""
        began = time.monotonic()
        self._client.submit(run, 0, command=tuple(command), pure=False).result()
        return began


if __name__ == "__main__":
    with (
        LocalCluster(
            n_workers=1, threads_per_worker=SLOTS, processes=True, dashboard_address=None
        ) as cluster,
        Client(cluster) as client,
    ):
        serve(Dask(client))
