"""Small studios, in a hurry and with faults: every promise is kept, and twice the same."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from functools import cache

import msgspec
import pytest

from grange.model.states import RunStatus
from grange.sim.report import Report
from grange.sim.told import report
from grange.sim.weather import Rates
from grange.sim.world import Wish, World

pytestmark = pytest.mark.slow
SEEDS = (1, 2, 3, 4)


def lived(wish: Wish, rates: Rates | None = None) -> Report:
    world = World(wish, rates=rates)
    world.run()
    return report(world)


@cache
def stormy(seed: int) -> Report:
    rates = Rates(late=0.06, twice=0.05, unheard=0.05)
    return lived(Wish(50, 1.0, seed, faults=True, haste=10), rates)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_promise_is_kept_whatever_breaks(seed: int) -> None:
    found = stormy(seed)
    assert (found.broken, found.violations, found.starved_s) == ({}, (), 0)
    assert found.statuses[RunStatus.DONE] > 1_000
    assert found.checked.keys() == {"P1", "P2", "P3", "P5", "P6", "soundness"}


def test_everything_that_can_break_does() -> None:
    events: Counter[str] = Counter()
    for seed in SEEDS:
        events.update(stormy(seed).events)
    assert events.keys() >= {
        *("ends of the server", "submissions sent again", "machines rebooted", "machines killed"),
        *("machines cut", "machines instructed", "machines gone bad", "reports delayed"),
        *("reports that came twice", "reports of older connections"),
        *("runs killed at the end of a lease", "changes of mind", "jobs sent anew"),
    }


def test_a_quiet_week_loses_no_run() -> None:
    found = lived(Wish(40, 7.0, seed=5))
    lost = {RunStatus.LOST, RunStatus.LEASE_ENDED}
    assert (found.broken, lost & found.statuses.keys()) == ({}, set())
    assert len(found.use[-1].hours) == 7 * 24


def test_the_same_seed_tells_the_same() -> None:
    wish = Wish(30, 0.6, seed=7, faults=True, haste=10)
    assert msgspec.json.encode(lived(wish)) == msgspec.json.encode(lived(wish))


def test_another_seed_tells_something_else() -> None:
    assert stormy(1).runs != stormy(2).runs


def test_hashes_of_another_process_change_nothing() -> None:
    words = ["simulate", "--nodes", "40", "--days", "1", "--seed", "3", "--faults", "--json"]

    def said(seed: str) -> bytes:
        done = subprocess.run(
            [sys.executable, "-m", "grange", *words],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            timeout=100,
            check=True,
        )
        return done.stdout

    assert said("1") == said("2")
