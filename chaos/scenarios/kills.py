"""Processes that are killed at any time: of the server, of a worker, of all."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Final

from chaos.ground import SETTINGS
from chaos.processes import pause
from chaos.scenario import ALL, Scenario
from chaos.scenarios.farms import a_farm
from chaos.stage import Stage
from chaos.verdicts.results import KEPT_S
from grange.client.requests import pools, users

FAMILY: Final = "kills"
WORKERS: Final = ("w1", "w2")
LEASE_S: Final = SETTINGS["lease_s"]
LONG_LEASE_S: Final = 20.0  # for the worker to be back within it, also where the machine is busy


def kill_the_server(stage: Stage, random: Random) -> None:
    """Kill the server again and again while jobs come in and run."""
    a_farm(stage, *WORKERS)
    with stage.load(random):
        for _ in stage.times(16):
            pause(random.uniform(0.0, 1.0))
            stage.kill_server()
            stage.start_server()


def restart_loop(stage: Stage, random: Random) -> None:
    """Kill the server while it starts, again and again, as a supervisor with a bad day does."""
    a_farm(stage, *WORKERS)
    with stage.load(random):
        for _ in stage.times(16):
            stage.kill_server()
            stage.start_server(wait=False)
            pause(random.uniform(0.1, 1.6))
        stage.kill_server()
        stage.start_server()


def many_submitters(stage: Stage, random: Random) -> None:
    """Kill the server while little else is done than sending it jobs, under tokens."""
    a_farm(stage, "w1")
    with (
        stage.load(random, low=100, tasks=(1, 3), seconds=(0.0, 0.01), trees=0.0),
        stage.load(random, low=100, tasks=(1, 3), seconds=(0.0, 0.01), trees=0.0),
    ):
        for _ in stage.times(10):
            pause(random.uniform(0.0, 0.6))
            stage.kill_server()
            stage.start_server()


def kill_a_worker(stage: Stage, random: Random) -> None:
    """Kill a worker, and start it again after a while, sometimes later than its lease."""
    _kill_and_start(stage, random, stage.kill_worker)


def lose_a_machine(stage: Stage, random: Random) -> None:
    """End all processes of a worker at once, and start it again after a while."""
    _kill_and_start(stage, random, stage.kill_machine)


def _kill_and_start(stage: Stage, random: Random, kill: Callable[[str], None]) -> None:
    a_farm(stage, *WORKERS)
    with stage.load(random, seconds=(0.0, 1.5)):
        for _ in stage.times(16):
            pause(random.uniform(0.0, 1.0))
            name = random.choice(WORKERS)
            kill(name)
            late = random.random() < 0.2
            pause(random.uniform(LEASE_S, LEASE_S + 2) if late else random.uniform(0.0, 0.5))
            stage.start_worker(name)
            stage.until_online(name)


def kill_a_warden(stage: Stage, random: Random) -> None:
    """Kill the process that owns a worker's tasks."""
    a_farm(stage, *WORKERS)
    with stage.load(random, seconds=(0.0, 1.5)):
        for _ in stage.times(16):
            pause(random.uniform(0.1, 1.2))
            stage.kill_warden(random.choice(WORKERS))


def kill_all(stage: Stage, random: Random) -> None:
    """Kill server and workers together, and start them in any order."""
    a_farm(stage, *WORKERS)
    with stage.load(random):
        for _ in stage.times(8):
            pause(random.uniform(0.0, 1.2))
            kills = [
                stage.kill_server,
                *(lambda n=name: _kill_any(stage, random, n) for name in WORKERS),
            ]
            starts: list[Callable[[], object]] = [
                lambda: stage.start_server(wait=False),
                *(lambda n=name: stage.start_worker(n) for name in WORKERS),
            ]
            for steps in (kills, starts):
                random.shuffle(steps)
                for step in steps:
                    step()
            stage.until_up()
            stage.until_online(*WORKERS)


def _kill_any(stage: Stage, random: Random, name: str) -> None:
    """Kill a worker, or all that runs on its machine."""
    random.choice((stage.kill_worker, stage.kill_machine))(name)


def kill_anything(stage: Stage, random: Random) -> None:
    """Kill one after the other whatever the dice say; several may be away at once."""
    a_farm(stage, *WORKERS)
    with stage.load(random, seconds=(0.0, 1.0)):
        for _ in stage.times(20):
            pause(random.uniform(0.0, 0.8))
            victim = random.choice(("server", "server", "worker", "warden", "machine"))
            name = random.choice(WORKERS)
            if victim == "server":
                stage.kill_server()
                stage.start_server(wait=random.random() < 0.7)
            elif victim == "warden":
                stage.kill_warden(name)
            else:
                (stage.kill_worker if victim == "worker" else stage.kill_machine)(name)
                stage.start_worker(name)
        stage.until_up()
        stage.until_online(*WORKERS)


def keep_results(stage: Stage, random: Random) -> None:
    """Let runs end while no server is there, and lose their machine before it is back."""
    a_farm(stage, *WORKERS, lease_s=LONG_LEASE_S)
    with stage.load(random, seconds=(0.2, 1.5)):
        for _ in stage.times(4):
            pause(random.uniform(0.3, 1.5))
            stage.kill_server()
            pause(random.uniform(KEPT_S + 1.5, KEPT_S + 3.0))
            for name in WORKERS:
                _kill_any(stage, random, name)
                stage.start_worker(name)
            stage.start_server()
            stage.until_online(*WORKERS)


def kill_beside(stage: Stage, random: Random) -> None:
    """Kill the server of `grange up`; the worker beside it goes on and is adopted."""
    stage.start_server(beside=True)
    stage.until_one_is_online()
    with stage.load(random):
        for _ in stage.times(8):
            pause(random.uniform(0.2, 1.2))
            stage.kill_server()
            stage.start_server(beside=True)


def keep_limits(stage: Stage, random: Random) -> None:
    """Kill all sorts while limits of a worker, a job, a user and a licence bind."""
    stage.start_server()
    with stage.client() as client:
        client.send(pools.edit("/", tickets_pool={"film": {"count": 2}}, max_tasks_host=3))
        client.send(users.edit("bound", max_running_tasks=3))
    for name in WORKERS:
        stage.start_worker(name)
    stage.until_online(*WORKERS)
    for name in WORKERS:
        stage.limit(f"slots of {name}", 3, workers=(name,))
    long = {"seconds": 0.4, "tasks": 16, "free": False}
    job = stage.submit(max_running_tasks=2, **long)
    mine = [stage.submit(user="bound", **long) for _ in range(2)]
    licensed = [stage.submit(block={"tickets": {"film": 1}}, **long) for _ in range(2)]
    stage.limit("one job", 2, tokens=(job,))
    stage.limit("one user", 3, tokens=mine)
    stage.limit("one licence", 2, tokens=licensed)
    for _ in stage.times(8):
        pause(random.uniform(0.2, 1.2))
        victim, name = random.choice(("server", "worker", "machine")), random.choice(WORKERS)
        if victim == "server":
            stage.kill_server()
            stage.start_server()
        else:
            (stage.kill_worker if victim == "worker" else stage.kill_machine)(name)
            stage.start_worker(name)
            stage.until_online(name)


SCENARIOS: Final = (
    Scenario(
        name="server-killed",
        does="the server is killed at any point while jobs come in and run",
        promises=ALL,
        run=kill_the_server,
        family=FAMILY,
        tries=3,
        short=True,
    ),
    Scenario(
        name="restart-loop",
        does="the server is killed while it starts, again and again",
        promises=ALL,
        run=restart_loop,
        family=FAMILY,
        tries=2,
    ),
    Scenario(
        name="submissions",
        does="the server is killed while little else is done than sending it jobs",
        promises=ALL,
        run=many_submitters,
        family=FAMILY,
        tries=2,
    ),
    Scenario(
        name="worker-killed",
        does="a worker is killed, and started again before or after its lease has ended",
        promises=ALL,
        run=kill_a_worker,
        family=FAMILY,
        tries=2,
    ),
    Scenario(
        name="machine-lost",
        does="all processes of a worker end at once, and it is started again",
        promises=ALL,
        run=lose_a_machine,
        family=FAMILY,
        tries=2,
    ),
    Scenario(
        name="warden-killed",
        does="the process that owns a worker's tasks is killed",
        promises=ALL,
        run=kill_a_warden,
        family=FAMILY,
        tries=2,
    ),
    Scenario(
        name="farm-killed",
        does="server and workers are killed together and started in any order",
        promises=ALL,
        run=kill_all,
        family=FAMILY,
        tries=3,
        short=True,
    ),
    Scenario(
        name="anything-killed",
        does="server, workers and wardens are killed as the dice say",
        promises=ALL,
        run=kill_anything,
        family=FAMILY,
        tries=3,
    ),
    Scenario(
        name="results-kept",
        does="runs end while the server is away, and their machine is lost before it is back",
        promises=ALL,
        run=keep_results,
        family=FAMILY,
        tries=2,
    ),
    Scenario(
        name="beside-killed",
        does="the server of `grange up` is killed; the worker beside it is adopted",
        promises=ALL,
        run=kill_beside,
        family=FAMILY,
        tries=1,
    ),
    Scenario(
        name="limits-kept",
        does="anything is killed while limits of worker, job, user and licence bind",
        promises=ALL,
        run=keep_limits,
        family=FAMILY,
        tries=2,
    ),
)
