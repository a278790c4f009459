"""Faults: how often what breaks, and what becomes of messages."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Final, NamedTuple

from grange.sim.agenda import DAY_S, HOUR_S

BAD_PART: Final = 0.003  # of all machines turn bad in a week, faults or not
BAD_FAILS: Final = 0.6  # of the runs of a bad machine fail
BAD_S: Final = 6 * HOUR_S  # so long
AT_LEAST: Final = 12.0  # faults of each kind a day, however few machines there are


class Rates(NamedTuple):
    """How often what happens."""

    killed: float = 0.004  #: daemons killed, of all machines a day; they come back at once
    rebooted: float = 0.006  #: machines that lose power; back in minutes
    cut: float = 0.01  #: machines that cannot be reached, from seconds to many minutes
    switches: float = 2.0  #: switches that fail a day: a hundredth of all machines at once
    restarts: float = 2.0  #: ends of the server a day, between commits or at one
    instructed: float = 0.002  #: machines that are told to reboot
    late: float = 0.01  #: reports that are delayed, each by up to minutes
    twice: float = 0.01  #: reports that come twice
    unheard: float = 0.005  #: acknowledgements that are lost


class Mishap(NamedTuple):
    """Something that breaks."""

    at: float
    what: str
    machines: tuple[int, ...]  #: by their place in the list
    lasts_s: float


def mishaps(
    rng: Random, rates: Rates, machines: int, start: float, seconds: float
) -> Iterator[Mishap]:
    """All that breaks in a world, in no order."""
    days = seconds / DAY_S
    for what in ("killed", "rebooted", "cut", "instructed"):
        count = round(days * max(AT_LEAST, getattr(rates, what) * machines))
        for _ in range(count):
            at = start + rng.random() * seconds
            yield Mishap(at, what, (rng.randrange(machines),), _lasts(rng, what))
    for _ in range(round(days * rates.switches)):
        hit = tuple(rng.sample(range(machines), max(2, machines // 100)))
        yield Mishap(start + rng.random() * seconds, "cut", hit, _lasts(rng, "cut"))
    for _ in range(round(days * max(2.0, rates.restarts))):
        yield Mishap(start + rng.random() * seconds, "restart", (), _lasts(rng, "restart"))


def _lasts(rng: Random, what: str) -> float:
    """How long it lasts, in seconds: from moments to far longer than a lease."""
    match what:
        case "killed":
            return rng.uniform(1.0, 20.0)
        case "cut":
            return rng.choice((rng.uniform(1, 14), rng.uniform(14, 60), rng.uniform(60, 1_800)))
        case "restart":
            return rng.choice((rng.uniform(1, 5), rng.uniform(1, 5), rng.uniform(5, 90)))
        case _:
            return rng.uniform(60, 600)


def bad_machines(
    rng: Random, machines: int, start: float, seconds: float
) -> Iterator[tuple[float, int]]:
    """When which machine turns bad."""
    for _ in range(max(1, round(BAD_PART * machines * seconds / (7 * DAY_S)))):
        yield start + rng.random() * seconds, rng.randrange(machines)
