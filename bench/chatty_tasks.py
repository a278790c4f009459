"""What many tasks that write cost their worker and the server."""

from __future__ import annotations

import sys
from typing import Final

from bench.figure import Goal, Size, row, table
from bench.meter import Meter, Use, family
from bench.server import Server, wait_for
from grange.model.spec import BlockSpec, JobSpec
from tools.evidence import Table

TASKS: Final = 16
LINES_S: Final = 10  # of each task; a renderer writes fewer
SETTLE_S: Final = 4.0
WATCH_S: Final = 20  # each round
WATCH_QUICK_S: Final = 4

#: Writes lines at a pace, with progress, until the file is there.
CHATTY: Final = f"""
import os, sys, time
number = 0
while not os.path.exists(sys.argv[1]):
    print("PROGRESS: %d%%" % (number // 100 % 100) if number % 10 == 0 else "tile %06d" % number)
    sys.stdout.flush()
    number += 1
    time.sleep(1 / {LINES_S})
"""


def measure(size: Size) -> list[Table]:
    """Sixteen tasks at once."""
    with Server(worker=True, slots=TASKS) as server:
        pids = family(server.worker_pid)  # of itself: it has no task yet
        idle = _watch(Meter(pids), size)
        busy, served = _with_tasks(server, pids, size)
    lines = TASKS * LINES_S
    rows = [
        row("worker and its warden, idle, of a core", [item.cpu for item in idle], "%"),
        row(f"the same with {TASKS} tasks", [item.cpu for item in busy], "%", Goal(most=10)),
        row("of that, for each task", [item.cpu / TASKS for item in busy], "%"),
        row("worker and its warden, resident, idle", [item.memory_mb for item in idle], "MB"),
        row(
            f"the same with {TASKS} tasks", [item.memory_mb for item in busy], "MB", Goal(most=80)
        ),
        row("server, of a core", [item.cpu for item in served], "%"),
    ]
    text = (
        f"Each task writes {LINES_S} lines a second, {lines} in all, a tenth of them progress, and"
        " is measured at each beat (2 s). Bound by waking for each line: to read it, parse it,"
        " keep it and send it on."
    )
    return [table(f"{TASKS} chatty tasks on one worker", rows, text)]


def _with_tasks(server: Server, pids: list[int], size: Size) -> tuple[list[Use], list[Use]]:
    end = server.folder / "end"
    block = BlockSpec(
        frames=f"1-{TASKS}",
        command=(sys.executable, "-I", "-c", CHATTY, str(end)),
        capacity=1,
    )
    with server.client() as client:
        job = client.submit(JobSpec(name="chatty", blocks=(block,)))
        wait_for(lambda: job.refresh().tasks.running == TASKS, "all tasks run")
        both, ours = Meter([*pids, server.pid]), Meter(pids)
        both.over(SETTLE_S)
        found = [_apart(ours, Meter([server.pid]), size) for _ in range(size.rounds)]
        end.touch()
        job.wait()
    return [worker for worker, _ in found], [other for _, other in found]


def _apart(worker: Meter, server: Meter, size: Size) -> tuple[Use, Use]:
    """What two sets of processes use in the same while, one after the other half of it."""
    seconds = size.of(WATCH_S, WATCH_QUICK_S) / 2
    return worker.over(seconds), server.over(seconds)


def _watch(meter: Meter, size: Size) -> list[Use]:
    meter.over(SETTLE_S)
    return [meter.over(size.of(WATCH_S, WATCH_QUICK_S) / 2) for _ in range(size.rounds)]
