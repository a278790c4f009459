"""A queue of a hundred thousand frames with their logs: kept in a file, and restored."""

from __future__ import annotations

import secrets
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from bench.figure import Goal, Row, Size, row, table
from bench.meter import Meter
from bench.server import Server
from grange.cli import queue_file
from grange.client import Client
from grange.client.requests import pyfarm
from grange.doors.pyfarm.dictionary import Jobs
from grange.doors.pyfarm.xml_in import from_xml
from grange.doors.pyfarm.xml_out import to_xml
from tools.evidence import Table

FRAMES: Final = 100_000
FRAMES_QUICK: Final = 5_000
LOG: Final = "Fra:{0} Mem:212.31M (Peak 260.13M) | Time:00:00.45 | Rendering {0} / 128\n" * 10
SECONDS_MAX: Final = 30.0  # "in seconds", on two cores that do all of it


def measure(size: Size) -> list[Table]:
    """All of it, several times over."""
    frames = size.of(FRAMES, FRAMES_QUICK)
    times: dict[str, list[float]] = {}
    with Server() as server, server.client() as client:
        for number in range(size.rounds):
            _round(client, _queue(f"queue {number}", frames), times)
        memory = Meter([server.pid]).memory_mb()
    with tempfile.TemporaryDirectory() as folder:
        megabytes = _files(Path(folder), _queue("queue", frames), size, times)
    goal = Goal(most=SECONDS_MAX)
    rows: list[Row] = [
        *(row(what, found, "s", goal) for what, found in times.items()),
        row("its XML", [megabytes], "MB"),
        row("the server's memory after all of it", [memory], "MB"),
    ]
    text = (
        f"One job of {frames:,} frames, all but a tenth of them complete, each with a run of its"
        f" own and a log of {len(LOG.format(1)):,} bytes. Restoring ends when all runs are on disk"
        " and all logs are on the shelf, one file each. Bound by making files, and by Python that"
        " makes and reads the dictionaries."
    )
    return [table(f"PyFarm's dictionary of {frames:,} frames", rows, text)]


def _queue(name: str, frames: int) -> Jobs:
    """A queue as a farm would have written it."""
    return {
        name: {
            "status": None,
            "frames": {},
            "subjobs": {
                "beauty": {
                    "range": f"1-{frames}",
                    "command": ["render", "-f", "@#@", "scene"],
                    "frames": {number: _frame(number) for number in range(1, frames + 1)},
                }
            },
        }
    }


def _frame(number: int) -> dict[str, Any]:
    well = number % 10 > 0
    start = 1.7e9 + number
    return {
        "status": "Complete" if well else "Failed",
        "host": f"render{number % 500:03}",
        "pid": number,
        "command": f"render -f {number} scene",
        "stdout": LOG.format(number),
        "start": start,
        "end": start + 45.5,
        "attempt": 1,
        "result": {"status": "done" if well else "failed", "exit_code": int(not well)},
    }


def _round(client: Client, queue: Jobs, times: dict[str, list[float]]) -> None:
    (name,) = queue

    def restore() -> None:
        logs = queue_file.take_logs(queue)
        asked = pyfarm.restore(queue_file.as_json(queue), token=secrets.token_urlsafe(8))
        (made,) = client.send(asked).jobs
        sent = (pyfarm.add_logs(made.job_id, part) for _, part in queue_file.parcels(logs))
        assert sum(map(client.send, sent)) == len(logs)

    _timed(times, "restored: runs durable, logs kept", restore)
    for what, form, logs in (
        ("exported as XML, with logs", "xml", "full"),
        ("exported as JSON, without", "json", "none"),
    ):
        asked = pyfarm.export(form, job=name, stdout=logs)  # type: ignore[arg-type]  # its words
        _timed(times, what, lambda asked=asked: client.send(asked))  # type: ignore[misc]
    client.send(pyfarm.remove(name))


def _files(folder: Path, queue: Jobs, size: Size, times: dict[str, list[float]]) -> float:
    """Write and read a file, without a farm. Returns its megabytes."""
    path = folder / "queue.xml"
    for _ in range(size.rounds):
        _timed(times, "the file alone: written", lambda: path.write_bytes(to_xml(queue).encode()))
        _timed(times, "the file alone: read", lambda: from_xml(path.read_bytes()))
    return path.stat().st_size / 1e6


def _timed(times: dict[str, list[float]], what: str, work: Callable[[], object]) -> None:
    began = time.perf_counter()
    work()
    times.setdefault(what, []).append(time.perf_counter() - began)
