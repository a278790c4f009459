"""Processes that die at chosen places of their programs: at every step of a commit or a run."""

from __future__ import annotations

from random import Random
from typing import Final

from chaos.processes import Process, Stuck, pause
from chaos.programs import failpoints
from chaos.programs.faults import Faults
from chaos.scenario import ALL, Scenario
from chaos.scenarios.farms import a_farm
from chaos.stage import Stage

FAMILY: Final = "failpoints"
WORKERS: Final = ("w1", "w2")
SERVER_S: Final = 12.0  # for the server to come to a place so often
WORKER_S: Final = 2.0
SLOWLY_S: Final = 0.3  # enough for an answer, or a run's start, to get out


def server_at_each_step(stage: Stage, random: Random) -> None:
    """Have the server die at each place of a commit in turn."""
    a_farm(stage, *WORKERS)
    with stage.load(random):
        for place in _some(stage, random, failpoints.SERVER):
            _die(stage, Faults(die_at=place, die_after=random.randint(1, 25)))
            pause(random.uniform(0.0, 0.5))


def server_in_a_slow_commit(stage: Stage, random: Random) -> None:
    """Have the server die in commits that take long: nothing of them may have been told."""
    a_farm(stage, *WORKERS)
    with stage.load(random):
        for _ in stage.times(8):
            place = random.choice(failpoints.BEFORE_DURABLE)
            count = random.randint(1, 25)
            _die(stage, Faults(die_at=place, die_after=count, die_slowly_s=SLOWLY_S))
            pause(random.uniform(0.0, 0.5))


def _die(stage: Stage, faults: Faults) -> None:
    """Have the server die of a fault, then start it without."""
    stage.kill_server()
    server = stage.start_server(faults=faults, wait=False)
    _until_dead(stage, server, SERVER_S)
    stage.start_server()


def worker_at_each_step(stage: Stage, random: Random) -> None:
    """Have a worker die at each place of a run in turn: exited but not reported, and so on."""
    a_farm(stage, *WORKERS)
    with stage.load(random):
        for place in _some(stage, random, failpoints.WORKER):
            name = random.choice(WORKERS)
            stage.kill_worker(name)
            faults = Faults(die_at=place, die_after=random.randint(1, 6))
            worker = stage.start_worker(name, faults=faults)
            if not _until_dead(stage, worker, WORKER_S, give_up=False):
                stage.kill_server()  # a result that is not acknowledged is kept on disk
                stage.start_server()
                if not _until_dead(stage, worker, WORKER_S, give_up=False):
                    stage.note(f"worker {name} did not come to {place}")
                    stage.kill_worker(name)
            stage.start_worker(name)
            stage.until_online(name)


def _some(stage: Stage, random: Random, places: tuple[str, ...]) -> list[str]:
    """All places, or some of them in a brief try, in any order."""
    chosen = random.sample(places, len(places))
    return [chosen[number] for number in stage.times(len(places))]


def _until_dead(
    stage: Stage, process: Process, patience_s: float, *, give_up: bool = True
) -> bool:
    """Whether a process died at its place in time."""
    try:
        stage.until_dead(process, patience_s)
    except Stuck:
        if give_up:
            raise
        return False
    return True


SCENARIOS: Final = (
    Scenario(
        name="server-at-each-step",
        does="the server dies at each step of a commit: before, within, after, before it acts",
        promises=ALL,
        run=server_at_each_step,
        family=FAMILY,
        tries=3,
        short=True,
    ),
    Scenario(
        name="server-in-a-slow-commit",
        does="the server dies in a commit that takes long, and may have told nothing of it",
        promises=ALL,
        run=server_in_a_slow_commit,
        family=FAMILY,
        tries=1,
    ),
    Scenario(
        name="worker-at-each-step",
        does="a worker dies at each step of a run: exited but not reported, reported, kept, ...",
        promises=ALL,
        run=worker_at_each_step,
        family=FAMILY,
        tries=3,
        short=True,
    ),
)
