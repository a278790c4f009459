"""Runs of tasks of 0 s by simulated workers: how many the server acknowledges in a second."""

from __future__ import annotations

import time
from collections.abc import Callable

import msgspec
import psutil

from bench.server import Server
from bench.swarm.handle import Swarm
from bench.swarm.tally import Tally
from bench.swarm.worker import Plan
from grange.client import Client
from grange.model.spec import BlockSpec, JobSpec

MB = 1_000_000


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of the server."""

    workers: int = 50
    slots: int = 20  #: tasks of a worker at once
    seconds: float = 60.0
    frames: int = 100_000  #: of each job
    jobs: int = 4  #: that have tasks left at any time
    log_bytes: int = 0  #: of each run
    run_s: float = 0.0  #: of each task


class Second(msgspec.Struct, frozen=True, kw_only=True):
    """What one second brought."""

    at_s: float  #: since the first
    runs_per_s: float
    server_cpu: float  #: percent of a core
    server_mb: float  #: resident
    swarm_cpu: float  #: percent of a core


class Sustained(msgspec.Struct, frozen=True, kw_only=True):
    """What the whole time brought."""

    runs_per_s: float
    seconds: float
    least: float  #: runs in the worst second
    server_cpu: float  #: percent of a core
    server_mb: float  #: resident, at the end
    swarm_cpu: float
    twice: int  #: starts of tasks that had run
    trouble: str = ""


class Jobs:
    """Keeps the server in work.

    Args:
        client: of the server.
        load: what is asked of it.
    """

    def __init__(self, client: Client, load: Load) -> None:
        self._client = client
        self._load = load
        self._submitted = 0

    def feed(self, started: int) -> None:
        """Submit as many jobs as it takes, when so many tasks were started."""
        while self._submitted - started < (self._load.jobs - 1) * self._load.frames + 1:
            number = self._submitted // self._load.frames
            block = BlockSpec(frames=f"1-{self._load.frames}", command=("true",), capacity=1)
            name, user = f"load {number}", f"user{number % 10}"
            self._client.submit(JobSpec(name=name, user=user, blocks=(block,)))
            self._submitted += self._load.frames


def plan_of(server: Server, *, workers: int, run_s: float = 0.0, log_bytes: int = 0) -> Plan:
    """A swarm for a server."""
    host, _, port = server.where().url.removeprefix("http://").rpartition(":")
    return Plan(
        host=host,
        port=int(port),
        token=server.token(),
        workers=workers,
        run_s=run_s,
        log_bytes=log_bytes,
    )


def run(
    load: Load, show: Callable[[Second], None], begun: Callable[[int, int], None]
) -> Sustained:
    """Measure.

    Args:
        load: what is asked of the server.
        show: takes each second as it passes.
        begun: takes the pids of server and load generator.
    """
    with Server(slots=load.slots) as server, server.client() as client:
        plan = plan_of(server, workers=load.workers, run_s=load.run_s, log_bytes=load.log_bytes)
        with Swarm(plan) as swarm:
            begun(server.pid, swarm.pid)
            swarm.all_linked()
            jobs = Jobs(client, load)
            jobs.feed(0)
            first = swarm.until(lambda tally: tally.acknowledged)
            return _measure(load, server, swarm, jobs, first, show)


def _measure(
    load: Load,
    server: Server,
    swarm: Swarm,
    jobs: Jobs,
    first: Tally,
    show: Callable[[Second], None],
) -> Sustained:
    process = psutil.Process(server.pid)
    began = before = _Reading(first, process)
    seconds: list[Second] = []
    ends = time.monotonic() + load.seconds
    while time.monotonic() < ends:
        now = _Reading(swarm.next(), process)
        seconds.append(now.since(before, began))
        show(seconds[-1])
        jobs.feed(now.tally.started)
        before = now
    whole = before.since(began, began)
    return Sustained(
        runs_per_s=whole.runs_per_s,
        seconds=whole.at_s,
        least=min(second.runs_per_s for second in seconds),
        server_cpu=whole.server_cpu,
        server_mb=whole.server_mb,
        swarm_cpu=whole.swarm_cpu,
        twice=before.tally.twice,
        trouble=before.tally.trouble,
    )


class _Reading:
    """All counters at one moment."""

    def __init__(self, tally: Tally, process: psutil.Process) -> None:
        self.tally = tally
        spent = process.cpu_times()
        self.server_s = spent.user + spent.system
        self.server_mb = process.memory_info().rss / MB
        self.read_at = time.monotonic()

    def since(self, before: _Reading, began: _Reading) -> Second:
        """What lies between two."""
        passed = self.tally.at - before.tally.at
        return Second(
            at_s=self.tally.at - began.tally.at,
            runs_per_s=(self.tally.acknowledged - before.tally.acknowledged) / passed,
            server_cpu=100 * (self.server_s - before.server_s) / (self.read_at - before.read_at),
            server_mb=self.server_mb,
            swarm_cpu=100 * (self.tally.cpu_s - before.tally.cpu_s) / passed,
        )
