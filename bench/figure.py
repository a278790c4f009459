"""What a figure is made of: rows with their goals; medians, spreads, the machine's load."""

from __future__ import annotations

import os
import statistics
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from tools.evidence import Table

COLUMNS: Final = ("what", "median", "least, most", "goal", "met")
ROUNDS, ROUNDS_QUICK = 5, 2
CORES: Final = 2  # that everything which is measured shares

Row = tuple[str | int | float, ...]


class Size(msgspec.Struct, frozen=True):
    """How much is measured."""

    quick: bool = False  #: sizes to try things with, not to show

    @property
    def rounds(self) -> int:
        """How often everything is done."""
        return ROUNDS_QUICK if self.quick else ROUNDS

    def of(self, full: int, quick: int) -> int:
        """One of two sizes."""
        return quick if self.quick else full


Measure = Callable[[Size], list[Table]]


class Goal(msgspec.Struct, frozen=True):
    """What a figure is to reach: `least` wants that much or more, `most` that much or less."""

    least: float | None = None
    most: float | None = None

    def met(self, value: float) -> bool:
        """Whether a value reaches it."""
        return (self.least is None or value >= self.least) and (
            self.most is None or value <= self.most
        )

    def text(self, unit: str) -> str:
        """As it is shown."""
        sign, bound = ("≥", self.least) if self.least is not None else ("≤", self.most)
        return f"{sign} {shown(bound or 0.0)} {unit}".strip()


def row(what: str, samples: Sequence[float], unit: str = "", goal: Goal | None = None) -> Row:
    """One line of a table: the median of the samples, held against its goal."""
    if not samples:
        return (what, "not measured", "", goal.text(unit) if goal else "", "no" if goal else "")
    middle = statistics.median(samples)
    spread = f"{shown(min(samples))}, {shown(max(samples))}" if len(samples) > 1 else ""
    met = "" if goal is None else "yes" if goal.met(middle) else "no"
    return (
        what,
        f"{shown(middle)} {unit}".strip(),
        spread,
        goal.text(unit) if goal else "",
        met,
    )


def note(what: str, found: str, goal: str = "", met: bool | None = None) -> Row:
    """One line of a table that is no number."""
    return (what, found, "", goal, "" if met is None else "yes" if met else "no")


def table(title: str, rows: Sequence[Row], text: str) -> Table:
    """A figure's table.

    Args:
        title: what was measured.
        rows: by `row` and `note`.
        text: what bounds it.
    """
    return Table(title=title, columns=COLUMNS, rows=tuple(rows), text=text)


def shown(value: float) -> str:
    """A number with three digits that count."""
    if value == 0 or abs(value) >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def percentile(samples: Sequence[float], part: float) -> float:
    """The least sample that `part` (0-1) of them do not pass."""
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, round(part * (len(ordered) - 1)))]


def load() -> float:
    """Processes that wanted to run, in the minute before now."""
    return os.getloadavg()[0]


def share_cores() -> int:
    """Keep this process, and all that it starts, to two cores. Returns how many they are."""
    mine = sorted(os.sched_getaffinity(0))[:CORES]
    os.sched_setaffinity(0, mine)
    return len(mine)
