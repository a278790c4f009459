"""Figures of a world: how much of the farm is used, how long things wait."""

from __future__ import annotations

from array import array
from collections import defaultdict
from typing import Final

from grange.sim.agenda import Agenda
from grange.sim.books import Flight, JobEntry, Machine
from grange.sim.report import Turnaround, Use, Wait
from grange.sim.studio import KINDS

QUANTILES: Final = (0.5, 0.9, 0.99)


class Gauge:
    """A level over time, and the area under it."""

    __slots__ = ("area", "level", "since")

    def __init__(self, now: float) -> None:
        self.level = 0
        self.since = now
        self.area = 0.0

    def add(self, amount: int, now: float) -> None:
        """Change the level."""
        self.area += self.level * (now - self.since)
        self.since = now
        self.level += amount

    def take(self, now: float) -> float:
        """The area since this was last asked."""
        self.add(0, now)
        area, self.area = self.area, 0.0
        return area


class Measures:
    """Counts as the world goes on.

    Args:
        agenda: the clock.

    Attributes:
        hours: of each kind of machine, hour by hour: capacity in use, capacity offered.
    """

    def __init__(self, agenda: Agenda) -> None:
        self._agenda = agenda
        self._used = {kind.name: Gauge(agenda.now) for kind in KINDS}
        self._offered = {kind.name: Gauge(agenda.now) for kind in KINDS}
        self.hours: dict[str, list[tuple[float, float]]] = {kind.name: [] for kind in KINDS}
        self._waits: defaultdict[str, array[float]] = defaultdict(lambda: array("d"))
        self._turnarounds: defaultdict[str, array[float]] = defaultdict(lambda: array("d"))
        self._seconds: defaultdict[str, float] = defaultdict(float)  # of runs, by kind of job
        self._jobs: defaultdict[str, int] = defaultdict(int)
        self.longest_wait: tuple[float, str] = (0.0, "")

    def offer(self, machine: Machine, sign: int) -> None:
        """A machine may be given work, or may not any more; what runs there goes on."""
        left = machine.kind.capacity - machine.capacity_used
        self._offered[machine.kind.name].add(sign * left, self._agenda.now)

    def started(self, flight: Flight, ready: float) -> None:
        """A run is given out, of a task that was ready since a time."""
        now = self._agenda.now
        self.serves(flight)
        waited = now - ready
        self._waits[flight.job.kind].append(waited)
        if waited > self.longest_wait[0]:
            job_id, block, task = flight.key
            text = f"{job_id}/{block}/{task} of {flight.job.user} ({flight.job.kind})"
            self.longest_wait = (waited, text)

    def serves(self, flight: Flight) -> None:
        """A machine is loaded by a run."""
        now = self._agenda.now
        kind = flight.machine.kind.name
        self._used[kind].add(flight.capacity, now)
        if not flight.machine.offered:
            self._offered[kind].add(flight.capacity, now)

    def ended(self, flight: Flight) -> None:
        """A run is over."""
        now = self._agenda.now
        kind = flight.machine.kind.name
        self._used[kind].add(-flight.capacity, now)
        if not flight.machine.offered:
            self._offered[kind].add(-flight.capacity, now)
        self._seconds[flight.job.kind] += now - flight.started

    def submitted(self, job: JobEntry) -> None:
        """A job is there."""
        self._jobs[job.kind] += 1

    def done(self, job: JobEntry) -> None:
        """A job is done, for the first time."""
        if not job.counted:
            job.counted = True
            self._turnarounds[job.kind].append(self._agenda.now - job.created)

    def end_hour(self) -> None:
        """Begin the next hour."""
        now = self._agenda.now
        for name, hours in self.hours.items():
            hours.append((self._used[name].take(now), self._offered[name].take(now)))

    # --- what came of it

    def uses(self) -> list[Use]:
        """How much of each kind of machine was used, and of all, hour by hour."""
        found = [Use(kind=name, hours=_shares(hours)) for name, hours in self.hours.items()]
        rows = zip(*self.hours.values(), strict=True)
        both = [(sum(u for u, _ in row), sum(o for _, o in row)) for row in rows]
        total = [*found, Use(kind="all", hours=_shares(both))]
        whole = [*self.hours.values(), both]
        return [_with_mean(use, hours) for use, hours in zip(total, whole, strict=True)]

    def waits(self) -> list[Wait]:
        """Waiting times, by kind of job."""
        return [
            Wait(
                kind=kind,
                runs=len(waits),
                hours=round(self._seconds[kind] / 3_600, 3),
                seconds=_quantiles(waits),
            )
            for kind, waits in sorted(self._waits.items())
        ]

    def turnarounds(self) -> list[Turnaround]:
        """From submission to the last task's end, by kind of job."""
        return [
            Turnaround(
                kind=kind,
                jobs=count,
                done=len(self._turnarounds[kind]),
                seconds=_quantiles(self._turnarounds[kind]),
            )
            for kind, count in sorted(self._jobs.items())
        ]


def _shares(hours: list[tuple[float, float]]) -> tuple[float, ...]:
    return tuple(round(used / offered, 4) if offered else -1.0 for used, offered in hours)


def _with_mean(use: Use, hours: list[tuple[float, float]]) -> Use:
    used, offered = (sum(column) for column in zip(*hours, strict=True)) if hours else (0.0, 0.0)
    return Use(kind=use.kind, hours=use.hours, mean=round(used / offered, 4) if offered else -1.0)


def _quantiles(values: array[float]) -> tuple[float, ...]:
    """Quantiles as the values at their ranks; nothing of nothing."""
    line = sorted(values)
    if not line:
        return ()
    return tuple(round(line[min(len(line) - 1, int(q * len(line)))], 3) for q in QUANTILES)
