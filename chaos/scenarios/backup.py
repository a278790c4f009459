"""A farm that is put back to what it was."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from random import Random
from typing import Final

from chaos.history import Restored
from chaos.processes import pause
from chaos.scenario import ALL, Scenario
from chaos.scenarios.farms import a_farm
from chaos.stage import Stage

WORKERS: Final = ("w1", "w2")
SETTLE_S: Final = 0.7  # what the old server has given out has begun by then


def restore(stage: Stage, random: Random) -> None:
    """Copy the store while it is in use, go on, and restore the copy."""
    a_farm(stage, *WORKERS)
    for _ in range(3):
        stage.submit(tasks=30, seconds=random.uniform(0.1, 0.5))
    for number in stage.times(4):
        pause(random.uniform(0.0, 1.0))
        copy = stage.folder / f"copy{number}.db"
        since = time.monotonic_ns()
        _copy(stage, copy)
        pause(random.uniform(0.2, 1.0))
        lost = [stage.submit(tasks=4, seconds=0.1) for _ in range(2)]
        pause(random.uniform(0.0, 1.0))
        stage.kill_server()
        for name in ("farm.db", "farm.db-wal", "farm.db-shm"):
            (stage.state / name).unlink(missing_ok=True)
        copy.rename(stage.state / "farm.db")
        for token in lost:
            stage.submitter.forget(token)
        stage.observer.forget()
        pause(SETTLE_S)
        stage.write(Restored(to=since))
        stage.start_server()


def _copy(stage: Stage, path: object) -> None:
    with (
        closing(sqlite3.connect(stage.state / "farm.db")) as old,
        closing(sqlite3.connect(str(path))) as new,
    ):
        old.backup(new)


SCENARIOS: Final = (
    Scenario(
        name="restored",
        does="a back-up made while the farm worked is restored while its workers work",
        promises=ALL,
        run=restore,
        family="back-up",
        tries=2,
        short=True,
    ),
)
