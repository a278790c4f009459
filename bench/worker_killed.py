"""`kill -9` of a worker: when its processes are gone, and when its tasks run again."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from typing import Final

import msgspec
import psutil

from bench.figure import Goal, Row, Size, note, row, table
from bench.load import plan_of
from bench.meter import family
from bench.server import Server, wait_for
from bench.swarm.handle import Swarm
from grange.client.handles import JobHandle
from grange.model.spec import BlockSpec, JobSpec
from tools.evidence import Table

SLOTS: Final = 8
FOREVER_S: Final = "8639999"  # how long the tasks sleep
LEASE_S: Final = 5.0
LATE_S: Final = 1.5  # the server looks at its leases each second


def measure(size: Size) -> list[Table]:
    """With the machine up, where the worker starts anew; and with the machine gone."""
    rows = [*_machine_up(size), *_machine_gone(size)]
    text = (
        "A real worker with 8 runs is killed; its warden ends their processes, `grange up` starts"
        " the worker anew (after a pause of 1 s), and the tasks run again. Where the whole machine"
        " is gone, which a killed process of simulated workers stands for, the lease of"
        f" {LEASE_S:.0f} s (60 s as shipped) has to end. Bound by the pause and by starting"
        " Python; by the lease."
    )
    return [table("kill -9 of a worker", rows, text)]


def _machine_up(size: Size) -> list[Row]:
    gone: list[float] = []
    again: list[float] = []
    overlaps = 0
    with Server(worker=True, slots=SLOTS) as server, server.client() as client:
        job = client.submit(_sleeping(SLOTS))
        for _ in range(size.rounds):
            wait_for(lambda: len(_tasks_of(server)) == SLOTS, "the tasks run")
            tasks = [psutil.Process(pid) for pid in _tasks_of(server)]
            os.kill(server.worker_pid, signal.SIGKILL)
            killed = time.monotonic()
            gone.append(_until_gone(tasks) - killed)
            overlaps += _starts(job) > SLOTS * len(gone)
            again.append(_until_started(job, SLOTS * (len(gone) + 1)) - killed)
        job.delete()
    return [
        row("all processes of its runs are gone", gone, "s", Goal(most=1)),
        row("its tasks run again, machine up", again, "s", Goal(most=5)),
        note(
            "started again while a process of the old run lived", str(overlaps), "0", not overlaps
        ),
    ]


def _machine_gone(size: Size) -> list[Row]:
    after = []
    with Server(slots=SLOTS, settings={"lease_s": LEASE_S, "heartbeat_s": 0.5}) as server:
        plan = msgspec.structs.replace(
            plan_of(server, workers=1, run_s=float(FOREVER_S)), report_s=0.1
        )
        with server.client() as client:
            job = client.submit(_sleeping(SLOTS))
            for _ in range(size.rounds):
                with Swarm(plan) as swarm:
                    swarm.until(lambda tally: tally.started >= SLOTS)
                    os.kill(swarm.pid, signal.SIGKILL)
                    killed = time.monotonic()
                    ready = wait_for(lambda: job.refresh().tasks.running == 0, "runs taken back")
                    after.append(ready - killed)
            job.delete()
    goal = Goal(most=LEASE_S + LATE_S)
    return [
        row(f"its tasks may run elsewhere, machine gone, lease {LEASE_S:.0f} s", after, "s", goal)
    ]


def _sleeping(tasks: int) -> JobSpec:
    block = BlockSpec(frames=f"1-{tasks}", command=("sleep", FOREVER_S), capacity=1)
    return JobSpec(name="long", blocks=(block,))


def _starts(job: JobHandle) -> int:
    """Runs so far, of all tasks."""
    return sum(view.starts for view in job.tasks().tasks)


def _until_started(job: JobHandle, starts: int) -> float:
    return wait_for(lambda: _starts(job) >= starts, "the tasks run again")


def _until_gone(processes: Sequence[psutil.Process]) -> float:
    return wait_for(lambda: not any(map(_lives, processes)), "the processes are gone")


def _tasks_of(server: Server) -> list[int]:
    """Processes of the worker's runs."""
    found = []
    for pid in family(server.worker_pid):
        try:
            if FOREVER_S in psutil.Process(pid).cmdline():
                found.append(pid)
        except psutil.NoSuchProcess:
            continue
    return found


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
