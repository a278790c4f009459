"""What a farm costs that has nothing to do."""

from __future__ import annotations

from typing import Final

from bench.figure import Goal, Size, row, table
from bench.load import plan_of
from bench.meter import Meter, Use, family
from bench.server import Server
from bench.swarm.handle import Swarm
from tools.evidence import Table

WORKERS: Final = 300
SETTLE_S: Final = 3.0
WATCH_S: Final = 10  # each round
WATCH_QUICK_S: Final = 3


def measure(size: Size) -> list[Table]:
    """A server alone, with idle workers, and a real worker."""
    with Server() as server:
        alone = _watch(server.pid, size)
        with Swarm(plan_of(server, workers=WORKERS)) as swarm:
            swarm.all_linked()
            crowd = _watch(server.pid, size)
    with Server(worker=True) as server:
        worker = _watch(server.worker_pid, size)
        warden = Meter(family(server.worker_pid)[1:]).memory_mb()
    rows = [
        row("server alone, resident", _memory(alone), "MB", Goal(most=100)),
        row("server alone, of a core", _cpu(alone), "%"),
        row(f"server with {WORKERS} workers, resident", _memory(crowd), "MB", Goal(most=100)),
        row(f"server with {WORKERS} workers, of a core", _cpu(crowd), "%", Goal(most=5)),
        row("worker and its warden, resident", _memory(worker), "MB", Goal(most=60)),
        row("of that, the warden", [warden], "MB"),
        row("worker and its warden, of a core", _cpu(worker), "%", Goal(most=0.3)),
    ]
    text = (
        "The workers of the second pair are simulated and beat every 2 s. Resident memory counts"
        " each process whole, shared libraries too. Bound by the libraries that are imported."
    )
    return [table("Idle: memory and processor time", rows, text)]


def _watch(pid: int, size: Size) -> list[Use]:
    meter = Meter(family(pid))
    meter.over(SETTLE_S)
    return [meter.over(size.of(WATCH_S, WATCH_QUICK_S)) for _ in range(size.rounds)]


def _cpu(found: list[Use]) -> list[float]:
    return [item.cpu for item in found]


def _memory(found: list[Use]) -> list[float]:
    return [item.memory_mb for item in found]
