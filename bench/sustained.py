"""Acknowledged runs per second, with simulated workers over sockets and tasks of 0 s."""

from __future__ import annotations

from typing import Final

from bench.figure import Goal, Size, note, row, table
from bench.load import Load, Second, run
from tools.evidence import Table

SECONDS: Final = 600.0
SECONDS_QUICK: Final = 10.0
TITLE: Final = "Simulated workers over sockets, tasks of 0 s: acknowledged runs per second"


def measure(size: Size) -> list[Table]:
    """One long run; the spread is that of its seconds."""
    load = Load(seconds=SECONDS_QUICK if size.quick else SECONDS)
    seconds: list[Second] = []
    found = run(load, seconds.append, lambda server, swarm: None)
    tenths = [
        sum(second.runs_per_s for second in seconds[at : at + 10]) / len(seconds[at : at + 10])
        for at in range(0, len(seconds), 10)
    ]
    rows = [
        row(f"runs/s, mean over {found.seconds:,.0f} s", [found.runs_per_s], "/s", Goal(5_000)),
        row("the same, each 10 s", tenths, "/s"),
        row("server, of a core", [found.server_cpu], "%"),
        row("server, resident at the end", [found.server_mb], "MB"),
        row("load generator, of a core", [found.swarm_cpu], "%"),
        note("tasks run twice", str(found.twice), "0", found.twice == 0),
    ]
    text = (
        f"{load.workers} workers with {load.slots} slots each; jobs of {load.frames:,} frames."
        " Each start and each end is on disk (SQLite, synchronous=FULL) before it is told."
        " Bound by the one thread that runs the server's Python."
    )
    return [table(TITLE, rows, text)]
