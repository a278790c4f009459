"""A pass of dispatch costs what it starts: one freed worker among many jobs and workers."""

from __future__ import annotations

import time

from bench.figure import Row, Size, percentile, row, table
from grange.core.commands import EditPool, EndRun, JoinWorker, SubmitJob
from grange.core.effects import StartRun
from grange.core.farm import Farm
from grange.model.run import RunResult, Traits
from grange.model.spec import BlockSpec, JobSpec
from grange.model.states import RunStatus
from tools.evidence import Table

SIZES = ((100, 50), (1_000, 500), (10_000, 5_000))
USERS = 50
ROUNDS = 500
DONE = RunResult(status=RunStatus.DONE, duration_s=1.0)


def filled(jobs: int, workers: int) -> tuple[Farm, list[StartRun]]:
    """A farm whose workers all run a task, with many more waiting."""
    farm = Farm()
    farm.apply(EditPool(path="/", changes={"max_tasks_host": 1, "capacity_host": 1_000}), 0)
    block = BlockSpec(frames="1-1000", command=("render", "@#@"))
    for number in range(jobs):
        spec = JobSpec(name=f"job {number}", blocks=(block,))
        farm.apply(SubmitJob(spec=spec, user=f"user{number % USERS}"), 0)
    for number in range(workers):
        traits = Traits(os="linux", cpu_cores=8, memory_mb=64_000, hdd_gb=500)
        farm.apply(JoinWorker(name=f"node{number}", boot_id="x", traits=traits), 0)
    return farm, starts(farm)


def starts(farm: Farm) -> list[StartRun]:
    """Dispatch. What was started."""
    return [item for item in farm.dispatch(0).effects if isinstance(item, StartRun)]


def one_after_another(farm: Farm, running: list[StartRun]) -> list[float]:
    """End one run, dispatch, take what is to be stored; seconds of each round."""
    times = []
    for _ in range(ROUNDS):
        item = running.pop(0)
        began = time.perf_counter()
        farm.apply(EndRun(worker_id=item.worker_id, run_id=item.run.run_id, result=DONE), 1)
        running += starts(farm)
        farm.take_dirty()
        times.append(time.perf_counter() - began)
    return times


def measure(size: Size) -> list[Table]:
    """Farms of growing size: what one end and the start that follows it cost."""
    rows: list[Row] = []
    for jobs, workers in SIZES[: size.of(len(SIZES), 2)]:
        times = [seconds * 1e6 for seconds in one_after_another(*filled(jobs, workers))]
        rows.append(row(f"{jobs:,} jobs, {workers:,} workers", times, "us"))
        rows.append(
            row(f"{jobs:,} jobs, {workers:,} workers, p99", [percentile(times, 0.99)], "us")
        )
    text = (
        f"{ROUNDS} times: a run ends, the freed worker gets the next task, what is to be stored is"
        " taken. The core alone. Each worker is busy, every job has tasks left. Bound by Python;"
        " it may not grow with the farm."
    )
    return [table("The core: one end, one dispatch, the rows for the store", rows, text)]
