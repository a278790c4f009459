"""A job of a million frames: submitting it, holding it, reading how far it is."""

from __future__ import annotations

import secrets
import sys
import time
from typing import Final

import httpx

from bench.figure import Goal, Row, Size, row, table
from bench.meter import Meter
from bench.server import Server
from grange.client.requests import jobs
from grange.core.commands import SubmitJob
from grange.core.farm import Farm
from grange.core.tasks import TaskTable
from grange.model.spec import BlockSpec, JobSpec
from tools.evidence import Table

FRAMES: Final = 1_000_000
FRAMES_QUICK: Final = 200_000
READS: Final = 10  # in each round


def measure(size: Size) -> list[Table]:
    """All of it, several times over."""
    frames = size.of(FRAMES, FRAMES_QUICK)
    spec = JobSpec(
        name="million",
        user="ada",
        blocks=(BlockSpec(frames=f"1-{frames}", command=("render", "-f", "@#@")),),
    )
    core = [_in_core(spec) for _ in range(size.rounds)]
    columns = _columns_bytes(frames) / frames
    with Server() as server:
        rows = _served(server, spec, size, frames)
    rows.insert(1, row("the core alone: applied, and rows made for the store", core, "ms"))
    rows.insert(3, row("the columns of its tasks, a task", [columns], "bytes", Goal(most=16)))
    text = (
        f"{frames:,} frames, one a task. Submitting is one HTTP request, answered when the job is"
        " on disk; no task has a row before it has run. Bound by making the columns; reading by"
        " one copy of a column."
    )
    return [table(f"A job of {frames:,} frames", rows, text)]


def _in_core(spec: JobSpec) -> float:
    farm = Farm()
    began = time.perf_counter()
    farm.apply(SubmitJob(spec=spec, user="ada"), 0)
    farm.take_dirty()
    return (time.perf_counter() - began) * 1e3


def _columns_bytes(frames: int) -> int:
    table_ = TaskTable(frames)
    columns = (table_.state, table_.flags, table_.errors, table_.starts, table_.last_run)
    return sum(sys.getsizeof(column) for column in columns)


def _served(server: Server, spec: JobSpec, size: Size, frames: int) -> list[Row]:
    meter = Meter([server.pid])
    submits, memory, reads, lengths = [], [], [], []
    with server.client() as client:
        before = meter.memory_mb()
        for _ in range(size.rounds):
            began = time.perf_counter()
            found = client.send(jobs.submit(spec, secrets.token_urlsafe(16)))
            submits.append((time.perf_counter() - began) * 1e3)
            after = meter.memory_mb()
            memory.append((after - before) * 1e6 / frames)
            before = after
            times, length = _read_states(server, found.job_id)
            reads += times
            lengths.append(length)
            before = meter.memory_mb()
    return [
        row("submitted by a client, durable", submits, "ms", Goal(most=50)),
        row("the server grows by, a task", memory, "bytes", Goal(most=16)),
        row("progress of all tasks, read by HTTP", reads, "ms", Goal(most=20)),
        row("its bytes, a task", [length / frames for length in lengths], "", Goal(most=1)),
    ]


def _read_states(server: Server, job_id: int) -> tuple[list[float], int]:
    """Milliseconds of each read of the states of a job's first block, and its bytes."""
    url = f"{server.where().url}/api/v1/jobs/{job_id}/blocks/0/states"
    times, length = [], 0
    with httpx.Client(headers={"Authorization": f"Bearer {server.token()}"}) as http:
        for _ in range(READS):
            began = time.perf_counter()
            length = len(http.get(url).raise_for_status().content)
            times.append((time.perf_counter() - began) * 1e3)
    return times, length
