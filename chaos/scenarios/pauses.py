"""Processes that stand still for a while, and what is there twice."""

from __future__ import annotations

from random import Random
from typing import Any, Final

from chaos.ground import SETTINGS
from chaos.processes import free_port, pause
from chaos.proxy import Proxy
from chaos.scenario import ALL, Scenario
from chaos.scenarios.farms import a_farm
from chaos.stage import Stage

FAMILY: Final = "pauses"
WORKERS: Final = ("w1", "w2")
LEASE_S: Final = SETTINGS["lease_s"]
#: Tasks of which some outlast two leases, and few of them: what is given back starts at once.
LONG: Final[dict[str, Any]] = {"seconds": (0.1, LEASE_S * 2.5), "tasks": (1, 3), "low": 5}
TWIN_LEASE_S: Final = 8.0  # longer than a worker needs to start
PAUSES: Final = (0.7, 2.3)  # in leases


def pause_a_worker(stage: Stage, random: Random) -> None:
    """Let a worker stand still for up to two leases and more."""
    _pause(stage, random, "worker")


def pause_a_warden(stage: Stage, random: Random) -> None:
    """Let the process that owns the tasks stand still."""
    _pause(stage, random, "warden")


def _pause(stage: Stage, random: Random, kind: str) -> None:
    a_farm(stage, *WORKERS)
    with stage.load(random, **LONG):
        for _ in stage.times(5):
            pause(random.uniform(0.2, 1.0))
            who = f"{kind}:{random.choice(WORKERS)}"
            stage.pause(who)
            pause(random.uniform(*PAUSES) * LEASE_S)
            stage.go_on(who)


def pause_the_server(stage: Stage, random: Random) -> None:
    """Let the server stand still for up to two leases and more."""
    a_farm(stage, *WORKERS)
    with stage.load(random, **LONG):
        for _ in stage.times(5):
            pause(random.uniform(0.2, 1.0))
            stage.pause("server")
            pause(random.uniform(*PAUSES) * LEASE_S)
            stage.go_on("server")


def stop_the_server(stage: Stage, random: Random) -> None:
    """Have the server away for longer than a lease, after a kill or in order."""
    a_farm(stage, *WORKERS)
    with stage.load(random, **LONG):
        for _ in stage.times(4):
            pause(random.uniform(0.2, 1.0))
            if random.random() < 0.5:
                stage.kill_server()
            else:
                stage.stop_server()
            pause(random.uniform(0.5, 2.0) * LEASE_S)
            stage.start_server()


def two_of_one_name(stage: Stage, random: Random) -> None:
    """Start a second worker of a name that is taken; then kill the first."""
    a_farm(stage, "w1", "w2")
    with stage.load(random, seconds=(0.1, 1.0)):
        for number in stage.times(4):
            twin = f"twin{number}"
            stage.start_worker(twin, called="w1")
            pause(random.uniform(0.5, 2.0))
            stage.kill_worker("w1")
            pause(random.uniform(0.0, LEASE_S * 1.5))
            stage.start_worker("w1")
            pause(random.uniform(0.0, 1.0))
            stage.kill_worker(twin)
            stage.until_online("w1")


def twin_takes_over(stage: Stage, random: Random) -> None:
    """Cut a worker off, and let another machine of its name come before its lease has ended."""
    stage.start_server(lease_s=TWIN_LEASE_S)
    proxy = stage.enter(Proxy(stage.port, Random(random.random())))
    stage.start_worker("w1", server=proxy.url)
    stage.start_worker("w2")
    stage.until_online("w1", "w2")
    with stage.load(random, **LONG):
        for number in stage.times(4):
            twin = f"twin{number}"
            stage.start_worker(twin, called="w1")  # it is refused, and tries again
            pause(random.uniform(1.0, 3.0))
            stage.did("cut", "network", note="w1")
            proxy.refuse(refused=True)
            proxy.cut()
            pause(random.uniform(0.5, 1.2) * TWIN_LEASE_S)
            proxy.refuse(refused=False)
            stage.did("mended", "network", note="w1")
            stage.kill_worker(twin)
            stage.until_online("w1")


def two_servers(stage: Stage, random: Random) -> None:
    """Start a second server on the same store: it must refuse, whatever the first one does."""
    a_farm(stage, *WORKERS)
    with stage.load(random):
        for _ in stage.times(4):
            paused = random.random() < 0.5
            if paused:
                stage.pause("server")
            stage.intrude(port=free_port() if random.random() < 0.5 else stage.port)
            if paused:
                stage.go_on("server")
            pause(random.uniform(0.0, 0.5))
            stage.kill_server()
            stage.start_server()


SCENARIOS: Final = (
    Scenario(
        name="worker-paused",
        does="a worker stands still (SIGSTOP) for up to two leases and goes on",
        promises=ALL,
        run=pause_a_worker,
        family=FAMILY,
        tries=2,
        short=True,
    ),
    Scenario(
        name="warden-paused",
        does="the process that owns a worker's tasks stands still and goes on",
        promises=ALL,
        run=pause_a_warden,
        family=FAMILY,
        tries=1,
    ),
    Scenario(
        name="server-paused",
        does="the server stands still (SIGSTOP) for up to two leases and goes on",
        promises=ALL,
        run=pause_the_server,
        family=FAMILY,
        tries=1,
    ),
    Scenario(
        name="server-away",
        does="the server is away for longer than a lease",
        promises=ALL,
        run=stop_the_server,
        family=FAMILY,
        tries=1,
    ),
    Scenario(
        name="two-of-one-name",
        does="a second worker comes under a name that is taken, and the first one is killed",
        promises=ALL,
        run=two_of_one_name,
        family=FAMILY,
        tries=1,
    ),
    Scenario(
        name="twin-takes-over",
        does="a worker is cut off, and another machine of its name comes within its lease",
        promises=ALL,
        run=twin_takes_over,
        family=FAMILY,
        tries=1,
    ),
    Scenario(
        name="two-servers",
        does="a second server is started on the same store",
        promises=ALL,
        run=two_servers,
        family=FAMILY,
        tries=1,
    ),
)
