"""Wall clocks that are wrong, and change."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from random import Random
from typing import Final

from chaos.processes import pause
from chaos.programs.faults import Faults
from chaos.scenario import ALL, Scenario
from chaos.stage import Stage

HOUR_S: Final = 3600
MOVES: Final = 8  # of one try


class Clock:
    """The wall clock of one process."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.set(0)

    def set(self, offset_s: int) -> None:
        """Have it wrong by so many seconds."""
        new = self._path.with_suffix(".new")
        new.write_text(str(offset_s))
        new.replace(self._path)

    @property
    def fault(self) -> Faults:
        """What a process is told that is to have this clock."""
        return Faults(clock=str(self._path))


def move_clocks(who: tuple[str, ...], stage: Stage, random: Random) -> None:
    """Move clocks by an hour, there and back, while the farm works."""
    clocks = {name: Clock(stage.folder / f"clock-{name}") for name in ("server", "w1", "w2")}
    stage.start_server(faults=clocks["server"].fault)
    for name in ("w1", "w2"):
        stage.start_worker(name, faults=clocks[name].fault)
    stage.until_online("w1", "w2")
    with stage.load(random):
        for _ in stage.times(MOVES):
            pause(random.uniform(0.3, 1.5))
            name, offset_s = random.choice(who), random.choice((-HOUR_S, 0, HOUR_S))
            stage.did("clock set", name, note=f"{offset_s:+d} s")
            clocks[name].set(offset_s)


def start_at_other_times(stage: Stage, random: Random) -> None:
    """Kill the server, and start it an hour earlier or later."""
    clock = Clock(stage.folder / "clock-server")
    stage.start_server(faults=clock.fault)
    for name in ("w1", "w2"):
        stage.start_worker(name)
    stage.until_online("w1", "w2")
    with stage.load(random):
        for _ in stage.times(6):
            pause(random.uniform(0.3, 1.2))
            stage.kill_server()
            offset_s = random.choice((-HOUR_S, 0, HOUR_S))
            clock.set(offset_s)
            stage.note(f"the server's clock is wrong by {offset_s:+d} s")
            stage.start_server(faults=clock.fault)


_scenario = partial(Scenario, promises=(*ALL, "P8"), family="clock", tries=2)
SCENARIOS: Final = (
    _scenario(
        name="server-clock-moved",
        does="the server's wall clock is moved by +1 h and -1 h while it works",
        run=partial(move_clocks, ("server",)),
        tries=3,
    ),
    _scenario(
        name="worker-clock-moved",
        does="workers' wall clocks are moved by +1 h and -1 h while they work",
        run=partial(move_clocks, ("w1", "w2")),
    ),
    _scenario(
        name="restarted-at-another-time",
        does="the server is killed and started an hour earlier or later",
        run=start_at_other_times,
        tries=4,
    ),
)
