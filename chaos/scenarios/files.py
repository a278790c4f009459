"""Processes that may open no further file."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from random import Random
from typing import Final

from chaos.processes import eventually, pause
from chaos.scenario import ALL, Scenario
from chaos.scenarios.farms import a_farm
from chaos.stage import SERVER, Stage

OUT_S: Final = (0.3, 3.0)


@contextmanager
def out_of_files(pid: int, spare: int = 0) -> Iterator[None]:
    """A process may open no file meanwhile, or only a few.

    Args:
        pid: of it.
        spare: files it may have beyond those that are open.
    """
    was = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    numbers = [int(path.name) for path in Path(f"/proc/{pid}/fd").iterdir()]
    least = min(set(range(max(numbers) + 2)) - set(numbers))  # the next that would be given
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (least + spare, was[1]))
    try:
        yield
    finally:
        with suppress(ProcessLookupError):  # it has died of it
            resource.prlimit(pid, resource.RLIMIT_NOFILE, was)


def starve_the_server(stage: Stage, random: Random) -> None:
    """Let the server open no file, or only a few, for a while."""
    a_farm(stage, "w1", "w2")
    assert stage.server is not None
    with stage.load(random):
        for _ in stage.times(5):
            pause(random.uniform(0.3, 1.0))
            spare = random.choice((0, 0, 2, 8))
            stage.did("paused", SERVER, note=f"no files but {spare}")
            with out_of_files(stage.server.pid, spare):
                pause(random.uniform(*OUT_S))
            pause(1.5)  # a server that could take nobody looks again after a second
            stage.did("continued", SERVER)


def starve_a_worker(stage: Stage, random: Random) -> None:
    """Let a worker or its warden open no file, or only a few, for a while."""
    a_farm(stage, "w1", "w2")
    with stage.load(random, block={"errors_retries": 100}):
        for _ in stage.times(5):
            pause(random.uniform(0.3, 1.0))
            kind, spare = random.choice(("worker", "warden")), random.choice((0, 2, 8))
            pid = _warden(stage) if kind == "warden" else stage.workers["w1"].pid
            stage.did("starved", f"{kind}:w1", note=f"no files but {spare}")
            with out_of_files(pid, spare):
                pause(random.uniform(*OUT_S))
            stage.did("fed", f"{kind}:w1")


def _warden(stage: Stage) -> int:
    """The process of the worker's warden, a new one if the last has died of it."""
    eventually(lambda: stage.warden("w1") > 0, "w1 has a warden")
    return stage.warden("w1")


_scenario = partial(Scenario, promises=ALL, family="files", tries=3)
SCENARIOS: Final = (
    _scenario(
        name="server-out-of-files",
        does="the server may open no further file for a while",
        run=starve_the_server,
    ),
    _scenario(
        name="worker-out-of-files",
        does="a worker or its warden may open no further file for a while",
        run=starve_a_worker,
    ),
)
