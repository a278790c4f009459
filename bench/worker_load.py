"""Acknowledged runs per second: simulated workers over sockets, against the real server.

    .venv/bin/python bench/worker_load.py --workers 50 --slots 20 --seconds 20

The load comes from a process of its own (`bench/swarm`), which says what it costs. Each worker
ends its runs at once, so all that is measured is the server: link, core, commit to disk, link.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # it may be run as a file

from bench.load import Load, Second, run


def show(second: Second) -> None:
    """One line of the course of a run."""
    print(
        f"{second.at_s:6.0f} s {second.runs_per_s:8,.0f} runs/s   server"
        f" {second.server_cpu:4.0f} % {second.server_mb:6,.0f} MB   load generator"
        f" {second.swarm_cpu:4.0f} %",
        flush=True,
    )


def main() -> None:
    """Measure by what the command line says; a line each second."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--workers", type=int, default=50)
    parser.add_argument("--slots", type=int, default=20, help="tasks of a worker at once")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--frames", type=int, default=100_000, help="of each job")
    parser.add_argument("--jobs", type=int, default=4, help="that have tasks left at any time")
    parser.add_argument("--log-bytes", type=int, default=0, help="of each run")
    parser.add_argument("--run-s", type=float, default=0.0, help="how long each task takes")
    said = parser.parse_args()
    load = Load(
        workers=said.workers,
        slots=said.slots,
        seconds=said.seconds,
        frames=said.frames,
        jobs=said.jobs,
        log_bytes=said.log_bytes,
        run_s=said.run_s,
    )
    began = time.monotonic()
    found = run(load, show, lambda pid, swarm: print(f"server pid {pid}, load generator {swarm}"))
    print(
        f"sustained {found.runs_per_s:,.0f} runs/s over {found.seconds:.0f} s (least second"
        f" {found.least:,.0f}); server {found.server_cpu:.0f} % of a core, {found.server_mb:,.0f}"
        f" MB; load generator {found.swarm_cpu:.0f} %; run twice {found.twice};"
        f" {time.monotonic() - began:.0f} s in all {found.trouble}"
    )


if __name__ == "__main__":
    main()
