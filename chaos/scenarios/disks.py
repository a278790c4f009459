"""Disks that are full, slow, locked or dead."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import partial
from random import Random
from typing import Final

from chaos.mounts import FrailDisk, SmallDisk
from chaos.processes import pause
from chaos.scenario import ALL, Scenario
from chaos.scenarios.farms import a_farm
from chaos.stage import SERVER, Stage

SMALL_MB: Final = 24
FULL_S: Final = (0.3, 3.0)  # for how long a disk is full
STALLS: Final = 10  # of one try
STALL_S: Final = (0.05, 1.5)
DEATHS: Final = 6  # of one try
DEAD_S: Final = 0.6  # most time from a disk's death to that of its machine
LOCKED_S: Final = (0.5, 4.0)
GIVEN_UP_S: Final = 33.0  # longer than the server waits for a lock
PATIENCE_S: Final = 60.0  # for a commit that fails; results wait half a minute for their logs


def full_database(stage: Stage, random: Random) -> None:
    """Fill the disk of the database; the server ends, and is started when there is room."""
    disk = stage.enter(SmallDisk(stage.state, SMALL_MB))
    a_farm(stage, "w1", "w2")
    with stage.load(random):
        for _ in stage.times(4):
            pause(random.uniform(0.3, 1.5))
            stage.did("filled", "disk")
            _down(stage)
            with disk.full():
                _end_by_itself(stage)
                pause(random.uniform(0.0, 1.0))
            stage.did("mended", "disk")
            stage.start_server()


def start_on_a_full_disk(stage: Stage, random: Random) -> None:
    """Start the server while its disk is full: it says so and ends, or it serves."""
    disk = stage.enter(SmallDisk(stage.state, SMALL_MB))
    a_farm(stage, "w1")
    with stage.load(random):
        for _ in stage.times(4):
            pause(random.uniform(0.3, 1.0))
            stage.kill_server()
            with disk.full():
                server = stage.start_server(wait=False)
                pause(random.uniform(1.0, 2.0))
                stage.note(f"on a full disk the server {'lives' if server.lives else 'ended'}")
            stage.kill_server()
            stage.start_server()


def full_logs(stage: Stage, random: Random) -> None:
    """Fill the disk of the logs; nobody else is to notice, and logs are whole afterwards."""
    (stage.state / "logs").mkdir(parents=True, mode=0o700)
    stage.state.chmod(0o700)
    disk = stage.enter(SmallDisk(stage.state / "logs", SMALL_MB))
    a_farm(stage, "w1", "w2")
    with stage.load(random, expects="unharmed"):
        for _ in stage.times(4):
            pause(random.uniform(0.3, 1.0))
            stage.did("filled", "disk")
            with disk.full():
                pause(random.uniform(*FULL_S))
            stage.did("mended", "disk")


def full_worker(stage: Stage, random: Random) -> None:
    """Fill the disk of one worker's state; the other goes on."""
    disk = stage.enter(SmallDisk(stage.folder / "w1", SMALL_MB))
    a_farm(stage, "w1", "w2")
    with stage.load(random, block={"errors_retries": 100}):
        for _ in stage.times(4):
            pause(random.uniform(0.3, 1.0))
            stage.did("filled", "disk")
            with disk.full():
                pause(random.uniform(*FULL_S))
            stage.did("mended", "disk")


def stalled_worker(stage: Stage, random: Random) -> None:
    """Let the disk of one worker's state stand still, for longer than its lease too."""
    disk = stage.enter(FrailDisk(stage.folder / "w1", stage.folder / "image"))
    a_farm(stage, "w1", "w2")
    with stage.load(random, seconds=(0.0, 4.0)):
        for _ in stage.times(4):
            stage.did("stalled", "disk")
            with disk.stalled():
                pause(random.uniform(0.05, 6.0))
            stage.did("mended", "disk")
            pause(random.uniform(0.2, 1.0))


def stalled_database(stage: Stage, random: Random) -> None:
    """Let the disk of database and logs stand still, again and again."""
    disk = stage.enter(FrailDisk(stage.state, stage.folder / "image"))
    a_farm(stage, "w1", "w2")
    with stage.load(random):
        for _ in stage.times(STALLS):
            stage.did("stalled", "disk")
            with disk.stalled():
                pause(random.uniform(*STALL_S))
            stage.did("mended", "disk")
            pause(random.uniform(0.0, 0.5))


def stalled_for_leases(stage: Stage, random: Random) -> None:
    """Let the server's disk stand still for longer than the leases of its workers."""
    disk = stage.enter(FrailDisk(stage.state, stage.folder / "image"))
    a_farm(stage, "w1", "w2")
    with stage.load(random):
        for _ in stage.times(2):
            pause(random.uniform(0.3, 1.0))
            _down(stage)
            with disk.stalled():
                pause(random.uniform(3.0, 6.0))
            stage.did("up", SERVER)


def dead_server_disk(stage: Stage, random: Random) -> None:
    """Let the server's disk give I/O errors, then start the server on a sound one.

    It has ended by itself if there was something to commit; results may wait for their logs.
    """
    disk = stage.enter(FrailDisk(stage.state, stage.folder / "image"))
    a_farm(stage, "w1", "w2")
    with stage.load(random, log=False):  # logs are not synchronised, as documented
        for _ in stage.times(4):
            pause(random.uniform(0.3, 1.5))
            _down(stage)
            disk.fail()
            pause(random.uniform(0.0, 3.0))
            stage.kill_server()
            disk.repair()
            stage.start_server()


def cut_power_of_server(stage: Stage, random: Random) -> None:
    """Cut the server's power: what was not synchronised is lost."""
    disk = stage.enter(FrailDisk(stage.state, stage.folder / "image"))
    a_farm(stage, "w1", "w2")
    with stage.load(random, log=False):  # logs are not synchronised, as documented
        for _ in stage.times(DEATHS):
            pause(random.uniform(0.3, 1.5))
            stage.pause(SERVER)
            disk.lose_power()
            stage.kill_server()
            disk.repair()
            stage.start_server()


def dead_worker_disk(stage: Stage, random: Random) -> None:
    """Let a worker's disk give I/O errors, then start its machine on a sound one."""
    disk = stage.enter(FrailDisk(stage.folder / "w1", stage.folder / "image"))
    a_farm(stage, "w1", "w2")
    with stage.load(random, block={"errors_retries": 100}):
        for _ in stage.times(DEATHS):
            pause(random.uniform(0.3, 1.5))
            stage.did("failed", "disk")
            disk.fail()
            pause(random.uniform(0.0, DEAD_S))
            _again(stage, disk)


def cut_power_of_worker(stage: Stage, random: Random) -> None:
    """Cut the power of a worker's machine: what was not synchronised is lost."""
    disk = stage.enter(FrailDisk(stage.folder / "w1", stage.folder / "image"))
    a_farm(stage, "w1", "w2")
    with stage.load(random):
        for _ in stage.times(DEATHS):
            pause(random.uniform(0.3, 1.5))
            stage.pause("worker:w1")
            disk.lose_power()
            _again(stage, disk)


def _again(stage: Stage, disk: FrailDisk) -> None:
    """Kill the machine of w1 and start it on a disk that is sound again."""
    stage.kill_machine("w1")
    disk.repair()
    stage.start_worker("w1")
    stage.until_online("w1")


def locked_database(stage: Stage, random: Random) -> None:
    """Hold the database locked, as a foreign program does that copies it badly."""
    a_farm(stage, "w1", "w2")
    with stage.load(random):
        for _ in stage.times(4):
            pause(random.uniform(0.2, 1.0))
            _hold_locked(stage, random.uniform(*LOCKED_S))


def locked_for_long(stage: Stage, random: Random) -> None:
    """Hold the database locked for longer than the server waits: it ends and is started."""
    a_farm(stage, "w1")
    with stage.load(random):
        pause(random.uniform(0.2, 1.0))
        _down(stage)
        _hold_locked(stage, GIVEN_UP_S)
        _end_by_itself(stage)
        stage.start_server()


def _down(stage: Stage) -> None:
    """Note that the server is not sure to answer from now on, until it is up."""
    assert stage.server is not None
    stage.did("stopping", SERVER, pid=stage.server.pid)


def _end_by_itself(stage: Stage) -> None:
    """Wait until the server has ended because a commit failed."""
    assert stage.server is not None
    stage.until_dead(stage.server, PATIENCE_S)


def _hold_locked(stage: Stage, seconds: float) -> None:
    with closing(sqlite3.connect(stage.state / "farm.db", isolation_level=None)) as other:
        other.execute("PRAGMA busy_timeout = 10000")
        stage.did("locked", "database")
        other.execute("BEGIN IMMEDIATE")
        pause(seconds)
        other.execute("ROLLBACK")
        stage.did("mended", "database")


_scenario = partial(Scenario, promises=ALL, family="disks", tries=2)
SCENARIOS: Final = (
    _scenario(
        name="database-disk-full",
        does="the database's disk is full: the server ends, and is started when there is room",
        run=full_database,
        tries=4,
    ),
    _scenario(
        name="started-on-full-disk",
        does="the server is killed, and started while its disk is full",
        run=start_on_a_full_disk,
    ),
    _scenario(
        name="log-disk-full",
        does="the disk of the server's logs is full for a while; logs are whole afterwards",
        run=full_logs,
        promises=(*ALL, "P8"),
    ),
    _scenario(
        name="worker-disk-full",
        does="the disk of a worker's state is full for a while",
        run=full_worker,
    ),
    _scenario(
        name="worker-disk-stalled",
        does="the disk of a worker's state stands still, for up to two leases",
        run=stalled_worker,
        tries=3,
    ),
    _scenario(
        name="disk-stalled",
        does="the disk of database and logs stands still for up to 1.5 s, again and again",
        run=stalled_database,
        promises=(*ALL, "P8"),
    ),
    _scenario(
        name="disk-stalled-for-leases",
        does="the server's disk stands still for longer than the leases",
        run=stalled_for_leases,
    ),
    _scenario(
        name="server-disk-dies",
        does="the server's disk gives I/O errors; it is started on a sound one",
        run=dead_server_disk,
        tries=3,
    ),
    _scenario(
        name="server-power-cut",
        does="the server's power is cut; what was not synchronised is lost",
        run=cut_power_of_server,
        tries=5,
    ),
    _scenario(
        name="worker-disk-dies",
        does="a worker's disk gives I/O errors; its machine is started on a sound one",
        run=dead_worker_disk,
        tries=3,
    ),
    _scenario(
        name="worker-power-cut",
        does="the power of a worker's machine is cut; what was not synchronised is lost",
        run=cut_power_of_worker,
        tries=5,
    ),
    _scenario(
        name="database-locked",
        does="a foreign program holds the database locked for up to 4 s",
        run=locked_database,
        promises=(*ALL, "P8"),
    ),
    _scenario(
        name="database-locked-for-long",
        does="a foreign program holds it for longer than the server waits",
        run=locked_for_long,
        tries=1,
    ),
)
