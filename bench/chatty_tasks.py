"""What tasks that write much cost their worker; how fast a log goes to disk and to who watches."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from bench.figure import Goal, Row, Size, row, table
from bench.meter import Meter, Use, family
from bench.server import Impossible, Server, wait_for
from grange.client import Client
from grange.client.handles import TaskHandle
from grange.model.spec import BlockSpec, JobSpec
from tools.evidence import Table

TASKS: Final = 16
LINES_S: Final = 10  # of each task; a renderer writes fewer
SETTLE_S: Final = 4.0
WATCH_S: Final = 20  # each round
WATCH_QUICK_S: Final = 4
MB: Final = 1_000_000
LINE: Final = (
    b"[00:00:01.%06d] sampling tile 0412 of 1024, 37 of 64 samples, 1,204.5 MB, 55 degrees %s\n"
)
KEPT_MB: Final = 12  # of a log that is kept whole
FLOOD_MB: Final = 200  # of one that is not
FLOOD_QUICK_MB: Final = 40

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
    """Sixteen tasks at once; then one that writes as fast as it is read."""
    return [_chatty(size), _throughput(size)]


def _chatty(size: Size) -> Table:
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
    return table(f"{TASKS} chatty tasks on one worker", rows, text)


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


def _throughput(size: Size) -> Table:
    flood_mb = size.of(FLOOD_MB, FLOOD_QUICK_MB)
    rates: dict[str, list[float]] = {"watched": [], "flood": [], "cat": [], "pipe": []}
    with Server(worker=True) as server, server.client() as client:
        kept, flood = server.folder / "kept.txt", server.folder / "flood.txt"
        _write_lines(kept, KEPT_MB)
        _write_lines(flood, flood_mb)
        for number in range(size.rounds):
            gate = server.folder / f"gate{number}"
            rates["watched"].append(KEPT_MB / _watched(client, kept, gate))
            rates["flood"].append(flood_mb / _flooded(client, flood))
            rates["cat"].append(flood_mb / _cat(flood, server.folder / "copy"))
            rates["pipe"].append(flood_mb / _piped(flood))
    return table("The log of one task: `cat` of a file of lines", _rates(rates, flood_mb), TEXT)


TEXT: Final = (
    "Megabytes a second. Watched: from the moment the task may write to the moment a client that"
    " follows has the last byte, the log whole on the server's disk. Flood: as long as the task"
    " takes to write, while the parser reads every line; of such a log the beginning and the end"
    " are kept. Beside them what the machine does with the same bytes: `cat` into a file, and"
    " `cat` into a pipe that Python reads and throws away."
)


def _rates(rates: dict[str, list[float]], flood_mb: int) -> list[Row]:
    parts = [ours / theirs for ours, theirs in zip(rates["flood"], rates["pipe"], strict=True)]
    return [
        row(f"{KEPT_MB} MB to a client that watches", rates["watched"], "MB/s"),
        row(f"{flood_mb} MB through the parser", rates["flood"], "MB/s"),
        row("that, as a part of the pipe", parts),
        row(f"{flood_mb} MB by a pipe to Python", rates["pipe"], "MB/s"),
        row(f"{flood_mb} MB by `cat` to a file", rates["cat"], "MB/s"),
    ]


def _write_lines(path: Path, size_mb: int) -> None:
    with path.open("wb") as file:
        for number in range(size_mb * MB // len(LINE % (0, b""))):
            file.write(LINE % (number % MB, b""))


def _task(client: Client, *command: str) -> TaskHandle:
    block = BlockSpec(frames="1", command=command, capacity=1)
    job = client.submit(JobSpec(name="log", blocks=(block,)))
    return job.task(0, 0)


def _watched(client: Client, text: Path, gate: Path) -> float:
    """Seconds from the opening of the gate to the last byte at the client."""
    os.mkfifo(gate)
    task = _task(client, "sh", "-c", f"read _ < {gate}; exec cat {text}")
    wait_for(lambda: task.view().run_id, "the task runs")
    with gate.open("wb", buffering=0) as opened:  # waits for the task to be there
        began = time.monotonic()
        opened.write(b"\n")
    got = sum(len(part) for part in task.follow())
    ended = time.monotonic()
    if got != text.stat().st_size:
        raise Impossible(f"a log of {text.stat().st_size} bytes came as {got} characters")
    return ended - began


def _flooded(client: Client, text: Path) -> float:
    """Seconds that a task took to write."""
    task = _task(client, "cat", str(text))
    wait_for(lambda: task.view().ended, "the flood is over")
    result = task.runs()[0].result
    if result is None or result.status != "done":
        raise Impossible("the flood did not end well")
    return result.duration_s


def _cat(text: Path, copy: Path) -> float:
    with copy.open("wb") as out:
        began = time.monotonic()
        subprocess.run(("cat", str(text)), stdout=out, check=True)
        return time.monotonic() - began


def _piped(text: Path) -> float:
    began = time.monotonic()
    with subprocess.Popen(("cat", str(text)), stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        while os.read(process.stdout.fileno(), 64 * 1024):
            pass
    return time.monotonic() - began
