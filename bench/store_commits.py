"""Ends of runs that a store makes durable in a second."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psycopg

from bench.figure import Row, Size, row, table
from grange.core.commands import EditPool, EndRun, JoinWorker, SubmitJob
from grange.core.effects import StartRun
from grange.core.farm import Farm
from grange.core.records import Changes
from grange.model.run import RunResult, Traits
from grange.model.spec import BlockSpec, JobSpec
from grange.model.states import RunStatus
from grange.store.sql import SqlStore, open_store
from tests.store import cluster
from tools.evidence import Table

BATCHES: Final = (1, 32, 1_000)  # ends in one transaction, with as many starts
SECONDS: Final = 2  # of each measurement
SECONDS_QUICK: Final = 1
DONE: Final = RunResult(status=RunStatus.DONE, exit_code=0, duration_s=1.0)
SCHEMA: Final = "bench"


def measure(size: Size) -> list[Table]:
    """Both databases, with the batches that the engine makes at little and at much load."""
    rows: list[Row] = []
    for name, opened in (("SQLite", _sqlite), ("PostgreSQL", _postgres)):
        with opened() as store:
            for batch in BATCHES:
                seconds = size.of(SECONDS, SECONDS_QUICK)
                rates = [_rate(store, batch, seconds) for _ in range(size.rounds)]
                rows.append(row(f"{name}, {batch:,} in a transaction", rates, "runs/s"))
    text = (
        "The commit alone, as the engine calls it: each run ends and another starts in its place,"
        " with the rows that the core makes of it. SQLite with synchronous=FULL in a write-ahead"
        " log, PostgreSQL as it is set by default, over a Unix socket. Bound by the flush to disk"
        " where batches are small, by making and writing rows where they are large."
    )
    return [table("The store: runs made durable", rows, text)]


@contextmanager
def _sqlite() -> Iterator[SqlStore]:
    with tempfile.TemporaryDirectory(prefix="grange-bench-") as folder:
        store = open_store(f"sqlite:///{Path(folder, 'farm.db')}")
        try:
            yield store
        finally:
            store.close()


@contextmanager
def _postgres() -> Iterator[SqlStore]:
    with cluster.postgres() as socket:
        where = f"host={socket} user={cluster.USER} dbname=postgres"
        with psycopg.connect(where, autocommit=True) as connection:
            connection.execute(f"CREATE SCHEMA {SCHEMA}".encode())
        store = open_store(cluster.address(socket, SCHEMA))
        try:
            yield store
        finally:
            store.close()


def _rate(store: SqlStore, batch: int, seconds: float) -> float:
    """Runs per second of the time that commits take; what the core takes is not counted."""
    changes = _changes(batch, _begin(store))
    spent, runs = 0.0, 0
    while spent < seconds:
        found = changes()
        began = time.perf_counter()
        store.commit(found)
        spent += time.perf_counter() - began
        runs += batch
    return runs / spent


def _begin(store: SqlStore) -> Farm:
    """What is in the store, as the server would read it; the core numbers on from there."""
    return Farm.restore(store.load(), 0.0)


def _changes(batch: int, farm: Farm) -> Callable[[], Changes]:
    """What the core wants stored, each time that so many runs end and as many start."""
    farm.apply(EditPool(path="/", changes={"max_tasks_host": batch, "capacity_host": batch}), 0)
    farm.apply(JoinWorker(name=f"node{batch}", boot_id="x", traits=Traits(memory_mb=64_000)), 0)
    block = BlockSpec(frames="1-1000000", command=("render",), capacity=1)
    farm.apply(SubmitJob(spec=JobSpec(name="load", blocks=(block,)), user="ada"), 0)
    running = [item for item in farm.dispatch(0).effects if isinstance(item, StartRun)]

    def next_changes() -> Changes:
        for item in running[:batch]:
            farm.apply(EndRun(worker_id=item.worker_id, run_id=item.run.run_id, result=DONE), 1)
        del running[:batch]
        out = farm.dispatch(1)
        running.extend(item for item in out.effects if isinstance(item, StartRun))
        return farm.take_dirty()

    return next_changes
