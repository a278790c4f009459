"""Tasks per second, from submission to a durable end; and how soon one task has run."""

from __future__ import annotations

from typing import Final

from bench.figure import Goal, Row, Size, percentile, row, table
from bench.peers.driver import WHO, Driver
from bench.server import Impossible
from tools.evidence import Table

TASKS: Final = (1_000, 10_000)
TASKS_QUICK: Final = (200, 1_000)
ONCES: Final = 50  # tasks one by one, in each round
WARM: Final = 20  # tasks before the clock starts
RATE: Final = Goal(least=1_100)
OF_XARGS: Final = Goal(least=0.6)
AHEAD: Final = Goal(least=1)
FARMS: Final = tuple(who.name for who in WHO if not who.ours)

TITLE: Final = "Task life cycles: start `true`, see it end, keep its log; 8 at once"
TEXT: Final = (
    "Tasks per second from submission to the last end, server and worker sharing two cores."
    " Grange's are durable: each end is on disk before it counts. Bound by making processes:"
    " the loop around `posix_spawn` is this machine's limit, and keeps nothing. HyperQueue"
    " comes as a Python package without its journal."
)
LATENCY_TITLE: Final = "One task, from submission until its command has run"
LATENCY_TEXT: Final = (
    "The command writes a byte into a FIFO, and who waits there stops the clock. Bound by the"
    " commit to disk before the start, and by making the process."
)


def measure(size: Size) -> list[Table]:
    """Every program in turn, started anew in each round, so that no idle one is in the way."""
    sizes = TASKS_QUICK if size.quick else TASKS
    rates: dict[tuple[str, int], list[float]] = {}
    times: dict[str, list[float]] = {}
    for _ in range(size.rounds):
        for who in WHO:
            with Driver(who) as driver:
                driver.batch(WARM)
                for tasks in sizes:
                    rates.setdefault((who.name, tasks), []).append(driver.batch(tasks))
                driver.once()
                onces = [driver.once() * 1e3 for _ in range(size.of(ONCES, 10))]
                times.setdefault(who.name, []).extend(onces)
    rows = [line for tasks in sizes for line in _rates(rates, tasks)]
    return [table(TITLE, rows, TEXT), table(LATENCY_TITLE, _times(times), LATENCY_TEXT)]


def _rates(rates: dict[tuple[str, int], list[float]], tasks: int) -> list[Row]:
    rows = []
    for who in WHO:
        goal = RATE if who.name == "Grange" else None
        rows.append(row(f"{who.name}, {tasks:,} tasks", rates[who.name, tasks], "/s", goal))
    pairs = zip(rates["Grange", tasks], rates["xargs -P8", tasks], strict=True)
    parts = [ours / theirs for ours, theirs in pairs]
    rows.append(row(f"Grange, {tasks:,} tasks, as a part of xargs", parts, "", OF_XARGS))
    best = [max(found) for found in zip(*(rates[name, tasks] for name in FARMS), strict=True)]
    ahead = [ours / theirs for ours, theirs in zip(rates["Grange", tasks], best, strict=True)]
    rows.append(row(f"Grange, {tasks:,} tasks, to the best other farm", ahead, "", AHEAD))
    return rows


def _times(times: dict[str, list[float]]) -> list[Row]:
    rows: list[Row] = []
    for who in WHO:
        ours, found = who.name == "Grange", times[who.name]
        if len(found) < 2:
            raise Impossible(f"{who.name} has run no task")
        rows.append(row(f"{who.name}, median", found, "ms", Goal(most=5) if ours else None))
        late = percentile(found, 0.99)
        rows.append(row(f"{who.name}, p99", [late], "ms", Goal(most=50) if ours else None))
    return rows
