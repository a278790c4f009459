"""Grange as `grange up` starts it: a server on SQLite, its worker beside it, a script's client."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence

from bench.peers.talk import COMMAND, REST_S, SLOTS, serve
from bench.server import Server
from grange.client import Client
from grange.client.requests import jobs
from grange.model.spec import BlockSpec, JobSpec


class Grange:
    """A farm of this machine.

    Args:
        client: of its server.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    def batch(self, tasks: int) -> float:
        """From submission until the last result is taken, as the farm's own clock says."""
        spec = _spec(COMMAND, f"1-{tasks}")
        began = time.time()
        job = self._client.submit(spec)
        seconds = job.wait().done - began
        job.delete()
        return seconds

    def once(self, command: Sequence[str]) -> float:
        """One job of one task; what is asked of the server after that is no part of it."""
        spec = _spec(command, "1")
        began = time.monotonic()
        found = self._client.send(jobs.submit(spec, secrets.token_urlsafe(16)))
        time.sleep(REST_S)
        job = self._client.job(found.job_id)
        job.wait()
        job.delete()
        return began


def _spec(command: Sequence[str], frames: str) -> JobSpec:
    block = BlockSpec(frames=frames, command=tuple(command), capacity=1)
    return JobSpec(name="measured", blocks=(block,))


if __name__ == "__main__":
    with Server(worker=True, slots=SLOTS) as server, server.client() as client:
        serve(Grange(client))
