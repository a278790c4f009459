"""Runs the documented weeks and keeps what they found as the part `simulation` of the proof.

.venv/bin/python -m tools.prove_simulation [--nodes 10000] [--days 7] [--seeds 1,2,3]
"""

from __future__ import annotations

import argparse
import gc
import sys
import time
from collections.abc import Sequence
from typing import Final, NamedTuple

from grange.sim.report import Report
from grange.sim.told import report
from grange.sim.world import Wish, World
from tools.evidence import Evidence, Table, keep

SEEDS: Final = (1, 2, 3)
PROMISES: Final = ("P1", "P2", "P3", "P5", "P6", "soundness")
Row = tuple[str | int | float, ...]
LONG_H: Final = 6.0  # hours of waiting from which a share tells something: tasks take hours


class Lived(NamedTuple):
    """A world that is over."""

    report: Report
    wall_s: float
    cpu_s: float


def live(wish: Wish) -> Lived:
    """Run one world."""
    gc.collect()
    gc.disable()
    began, cpu = time.perf_counter(), time.process_time()
    world = World(wish)
    world.run()
    spent = time.perf_counter() - began, time.process_time() - cpu
    gc.enable()
    return Lived(report(world), *spent)


def evidence(lived: Sequence[Lived], command: str) -> Evidence:
    """What the worlds found."""
    first = lived[0].report
    return Evidence(
        part="simulation",
        title=f"Simulated weeks of {first.nodes:,} machines",
        command=command,
        text=(
            "The real farm on a virtual clock, with virtual workers, people and faults; each"
            " promise is counted from outside the farm. See"
            " [how to simulate a farm](how-to/simulate.md)."
        ),
        tables=(_worlds(lived), _waits(lived), _shares(lived), _faults(lived)),
        promises={name: _checked(lived, name) for name in PROMISES},
    )


def _checked(lived: Sequence[Lived], name: str) -> tuple[int, int]:
    checked = sum(item.report.checked.get(name, 0) for item in lived)
    return checked, sum(item.report.broken.get(name, 0) for item in lived)


def _name(found: Report) -> str:
    return f"{found.seed}{', faults' if found.faults else ''}"


def _worlds(lived: Sequence[Lived]) -> Table:
    rows: tuple[Row, ...] = tuple(
        (
            _name(item.report),
            item.report.jobs,
            item.report.runs,
            round(100 * item.report.use[-1].mean, 1),
            round(100 * max(item.report.use[-1].hours), 1),
            item.report.starved_s,
            sum(item.report.broken.values()),
            round(item.wall_s, 1),
            round(item.cpu_s, 1),
            round(item.cpu_s / item.report.runs * 1e6),
        )
        for item in lived
    )
    days = lived[0].report.days
    return Table(
        title=f"{days:g} days each",
        columns=(
            *("seed", "jobs", "runs", "use %", "use % in the fullest hour", "starved s"),
            *("violations", "wall s", "processor s", "µs a run"),
        ),
        rows=rows,
        text=(
            "Use is capacity in use, of that offered. The farm begins empty on a Monday. Starved:"
            " the longest that a task could have run on a free machine and did not."
        ),
    )


def _waits(lived: Sequence[Lived]) -> Table:
    rows: tuple[Row, ...] = tuple(
        (_name(item.report), wait.kind, wait.runs, *(round(span) for span in wait.seconds))
        for item in lived
        for wait in item.report.waits
    )
    columns = ("seed", "kind of job", "runs", "half s", "90 % s", "99 % s")
    return Table(title="From ready to started", columns=columns, rows=rows)


def _shares(lived: Sequence[Lived]) -> Table:
    rows: list[Row] = []
    for item in lived:
        errors = sorted(abs(share.error) for share in item.report.shares if share.hours >= LONG_H)
        if errors:
            half, most = errors[len(errors) // 2], errors[int(0.9 * len(errors))]
            cells = (len(errors), round(100 * half), round(100 * most))
            rows.append((_name(item.report), *cells))
    return Table(
        title="Shares",
        columns=("seed", "users", "half within %", "nine tenths within %"),
        rows=tuple(rows),
        text=(
            f"Of users who waited for {LONG_H:g} hours and more for what others used: how far"
            " they were from what the rule of needs gives them. Tasks take hours and are not"
            " stopped for others."
        ),
    )


def _faults(lived: Sequence[Lived]) -> Table:
    names = sorted({name for item in lived for name in item.report.events})
    rows: tuple[Row, ...] = tuple(
        (name, *(item.report.events.get(name, 0) for item in lived)) for name in names
    )
    columns = ("what happened", *(_name(item.report) for item in lived))
    return Table(title="What happened", columns=columns, rows=rows)


def main() -> int:
    """Run them all. Returns 1 if a promise was broken."""
    parser = argparse.ArgumentParser(description="Run the documented weeks.")
    parser.add_argument("--nodes", type=int, default=10_000)
    parser.add_argument("--days", type=float, default=7.0)
    parser.add_argument("--seeds", default=",".join(map(str, SEEDS)))
    asked = parser.parse_args()
    lived = []
    for seed in map(int, asked.seeds.split(",")):
        for faults in (False, True):
            item = live(Wish(asked.nodes, asked.days, seed, faults))
            lived.append(item)
            sys.stdout.write(
                f"seed {_name(item.report)}: {item.report.runs:,} runs in {item.wall_s:.1f} s,"
                f" broken: {item.report.broken or 'nothing'}\n"
            )
            sys.stdout.flush()
    words = f"--nodes {asked.nodes} --days {asked.days:g} --seeds {asked.seeds}"
    path = keep(evidence(lived, f".venv/bin/python -m tools.prove_simulation {words}"))
    sys.stdout.write(f"kept in {path}\n")
    return int(any(not item.report.sound for item in lived))


if __name__ == "__main__":
    sys.exit(main())
