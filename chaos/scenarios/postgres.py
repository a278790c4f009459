"""A farm on PostgreSQL, and a PostgreSQL that goes away."""

from __future__ import annotations

from functools import partial
from random import Random
from typing import Final

from chaos.database import MODES, Database
from chaos.processes import pause
from chaos.scenario import ALL, Scenario
from chaos.scenarios.farms import a_farm
from chaos.stage import SERVER, Stage

FAMILY: Final = "postgres"
PAUSED_S: Final = (0.3, 3.0)
PATIENCE_S: Final = 30.0  # for a commit that fails


def _on_postgres(stage: Stage) -> Database:
    database = stage.enter(Database())
    a_farm(stage, "w1", "w2", database=database.url)
    return database


def stop_postgres(stage: Stage, random: Random) -> None:
    """Stop PostgreSQL in order or as a crash does; the server ends, and both are started."""
    database = _on_postgres(stage)
    with stage.load(random):
        for _ in stage.times(6):
            pause(random.uniform(0.3, 1.5))
            _down(stage)
            database.stop(random.choice(MODES))
            _until_ended(stage)
            pause(random.uniform(0.0, 1.0))
            database.start()
            stage.start_server()


def start_without_postgres(stage: Stage, random: Random) -> None:
    """Start the server while PostgreSQL is away: it says so and ends."""
    database = _on_postgres(stage)
    with stage.load(random):
        for _ in stage.times(2):
            pause(random.uniform(0.3, 1.0))
            stage.kill_server()
            database.stop(random.choice(MODES))
            status = stage.start_server(wait=False).wait()
            stage.note(f"without PostgreSQL the server ended with {status}")
            database.start()
            stage.start_server()


def end_connections(stage: Stage, random: Random) -> None:
    """End the server's connections, its lock among them: it ends rather than write."""
    database = _on_postgres(stage)
    with stage.load(random):
        for _ in stage.times(6):
            pause(random.uniform(0.3, 1.5))
            _down(stage)
            stage.note(f"{database.end_connections()} connections ended")
            _until_ended(stage)
            stage.start_server()


def pause_postgres(stage: Stage, random: Random) -> None:
    """Let PostgreSQL stand still for up to a lease."""
    database = _on_postgres(stage)
    with stage.load(random):
        for _ in stage.times(5):
            pause(random.uniform(0.2, 1.0))
            stage.did("paused", "database")
            database.pause()
            pause(random.uniform(*PAUSED_S))
            database.go_on()
            stage.did("continued", "database")


def _down(stage: Stage) -> None:
    """Note that the server is not sure to answer from now on, until it is up."""
    assert stage.server is not None
    stage.did("stopping", SERVER, pid=stage.server.pid)


def _until_ended(stage: Stage) -> None:
    """Wait until the server has ended because a commit failed."""
    assert stage.server is not None
    stage.until_dead(stage.server, PATIENCE_S)


_scenario = partial(Scenario, promises=ALL, family=FAMILY, tries=2)
SCENARIOS: Final = (
    _scenario(
        name="postgres-stopped",
        does="PostgreSQL is stopped, or crashes, and is started again",
        run=stop_postgres,
    ),
    _scenario(
        name="started-without-postgres",
        does="the server is started while PostgreSQL is away",
        run=start_without_postgres,
        tries=1,
    ),
    _scenario(
        name="connections-ended",
        does="an administrator ends the server's connections to PostgreSQL",
        run=end_connections,
    ),
    _scenario(
        name="postgres-paused",
        does="PostgreSQL stands still for up to a lease",
        run=pause_postgres,
        promises=(*ALL, "P8"),
    ),
)
