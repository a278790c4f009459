"""A farm that is changed to another version while it works."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from random import Random
from typing import Final

from chaos.history import Finding
from chaos.processes import pause
from chaos.scenario import ALL, Scenario
from chaos.scenarios.farms import a_farm
from chaos.stage import Stage
from grange.wire.worker import VERSION, VERSION_MIN

FAMILY: Final = "upgrade"
WORKERS: Final = ("w1", "w2")
LONG_LEASE_S: Final = 20.0  # a restart is shorter, also where the machine is busy
NEWER: Final = "9999"  # a schema that this version does not know


def replace_the_server(stage: Stage, random: Random) -> None:
    """Stop the server in order and start it again; no run is harmed by it."""
    a_farm(stage, *WORKERS, lease_s=LONG_LEASE_S)
    with stage.load(random, seconds=(0.1, 3.0), expects="unharmed"):
        for _ in stage.times(8):
            pause(random.uniform(0.0, 1.0))
            stage.stop_server()
            pause(random.uniform(0.0, 1.0))
            stage.start_server()


def roll_back(stage: Stage, random: Random) -> None:
    """Start a version that is older than the store: it must refuse and touch nothing."""
    a_farm(stage, *WORKERS, lease_s=LONG_LEASE_S)
    with stage.load(random, seconds=(0.1, 3.0), expects="unharmed"):
        for _ in stage.times(4):
            pause(random.uniform(0.0, 1.0))
            stage.stop_server()
            before = _stamp(stage, NEWER)
            stage.intrude(port=stage.port)
            _stamp(stage, before)
            stage.start_server()


def _stamp(stage: Stage, version: str) -> str:
    """Say which schema the store has. Returns which it had."""
    with closing(sqlite3.connect(stage.state / "farm.db")) as database:
        ((before,),) = database.execute("SELECT version_num FROM alembic_version").fetchall()
        database.execute("UPDATE alembic_version SET version_num = ?", (version,))
        database.commit()
    return str(before)


def foreign_versions(stage: Stage, random: Random) -> None:
    """Have workers join that speak an older or newer protocol: they are refused, for good."""
    a_farm(stage, *WORKERS)
    with stage.load(random, expects="unharmed"):
        for _ in stage.times(4):
            version = random.choice((VERSION_MIN - 1, VERSION + 1))
            worker = stage.start_worker("other", version=version)
            if worker.wait() != 1:
                text = f"a worker of version {version} ended with {worker.child.returncode}"
                stage.write(Finding(promise="P8", text=text))
            if "update the worker" not in stage.said():
                stage.write(Finding(promise="P8", text="it was not said that it must be updated"))
            pause(random.uniform(0.0, 0.5))


SCENARIOS: Final = (
    Scenario(
        name="server-replaced",
        does="the server is stopped in order and started again while tasks run",
        promises=(*ALL, "P8"),
        run=replace_the_server,
        family=FAMILY,
        tries=1,
        short=True,
    ),
    Scenario(
        name="rolled-back",
        does="a version that does not know the store's schema is started, refuses, and leaves",
        promises=(*ALL, "P8"),
        run=roll_back,
        family=FAMILY,
        tries=1,
    ),
    Scenario(
        name="foreign-versions",
        does="workers come that speak an older or a newer protocol",
        promises=(*ALL, "P8"),
        run=foreign_versions,
        family=FAMILY,
        tries=1,
    ),
)
