"""Thousands of workers on one server, all beating."""

from __future__ import annotations

from typing import Final

import msgspec

from bench.figure import Goal, Size, row, table
from bench.load import plan_of
from bench.meter import Meter
from bench.server import Server
from bench.swarm.handle import Swarm
from tools.evidence import Table

WORKERS: Final = 5_000
WORKERS_QUICK: Final = 500
SETTLE_S: Final = 5.0
WATCH_S: Final = 20.0  # each round
RAMP_S: Final = 10.0  # over which they come, so that their beats are spread as a farm's are


def measure(size: Size) -> list[Table]:
    """Idle workers: what their beats cost."""
    workers = size.of(WORKERS, WORKERS_QUICK)
    with Server() as server:
        plan = msgspec.structs.replace(plan_of(server, workers=workers), ramp_s=RAMP_S)
        with Swarm(plan) as swarm:
            swarm.all_linked()
            meter = Meter([server.pid])
            meter.over(SETTLE_S)
            found = [meter.over(WATCH_S / size.of(1, 4)) for _ in range(size.rounds)]
    rows = [
        row(
            f"server with {workers:,} workers, of a core",
            [x.cpu for x in found],
            "%",
            Goal(most=50),
        ),
        row("server, resident", [x.memory_mb for x in found], "MB", Goal(most=1_000)),
    ]
    text = (
        "Simulated workers, idle, each with a connection of its own: a beat every 2 s, load and"
        " memory of the machine every 10 s. Bound by reading and answering a message in Python."
    )
    return [table("Workers on one server, heartbeats on", rows, text)]
