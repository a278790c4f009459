"""Runs that serve others, and machines that are kept: each harm to them can be found out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from grange.core.check import faults
from grange.core.farm import Farm
from grange.core.objects import Worker
from grange.core.tasks import TaskTable
from grange.model.ids import JobId, RunId, WorkerId
from grange.model.states import Part
from tests.build import block, block_of, edit_pool, job, join, started, submit


class Several:
    """A farm in which a task runs on two of three machines, and another one on the third.

    Its own run is 3, on worker 1; there 1 serves it, and 2 on worker 2. The other one's is 4.
    """

    def __init__(self) -> None:
        self.farm = Farm()
        edit_pool(self.farm, max_tasks_host=1)
        for name in ("m0", "m1", "m2"):
            join(self.farm, name)
        spec = block(
            "1-2", multihost_min=2, multihost_service="serve", multihost_master_on_slave=True
        )
        submit(self.farm, job(spec, spec))
        submit(self.farm, job(spec))
        submit(self.farm, job(block("1")))
        started(self.farm)
        self.state = self.farm.state

    @property
    def worker(self) -> Worker:
        return self.state.workers[WorkerId(1)]

    @property
    def others(self) -> TaskTable:
        return self.state.jobs[JobId(3)].blocks[0].tasks

    def change(self, run_id: int, **fields: Any) -> None:
        """Have a run be another one."""
        run = self.state.runs[RunId(run_id)]
        self.state.runs[RunId(run_id)] = msgspec.structs.replace(run, **fields)


Harm = Callable[[Several], Any]
NOBODY = "machines are kept for nobody"
ANOTHER = "run 2: serves another task's run"

HARM: list[tuple[str, Harm]] = [
    ("runs that serve others are off", lambda p: p.state.helpers.clear()),
    ("runs that serve others are off", lambda p: p.state.helpers[RunId(3)].clear()),
    ("runs that serve others are off", lambda p: p.state.helpers.update({RunId(9): {RunId(1)}})),
    ("run 2: serves no run of a task", lambda p: p.change(2, helps=RunId(99))),
    ("run 2: serves no run of a task", lambda p: p.change(2, helps=RunId(1))),
    (ANOTHER, lambda p: p.change(2, job_id=JobId(2))),
    (ANOTHER, lambda p: p.change(2, block=1)),
    (ANOTHER, lambda p: p.change(2, task=1)),
    ("run 1: is helper on the wrong machine", lambda p: p.change(1, part=Part.HELPER)),
    ("run 2: is beside on the wrong machine", lambda p: p.change(2, part=Part.BESIDE)),
    ("worker 1: runs beside others are off", lambda p: setattr(p.worker, "beside", 0)),
    ("2 RUNNING tasks but 1 runs of tasks", lambda p: p.change(3, part=Part.HELPER)),
    ("run 4: its task has another run", lambda p: p.others.last_run.__setitem__(0, 77)),
    (NOBODY, lambda p: p.state.held.add(WorkerId(3))),
    (NOBODY, lambda p: setattr(p.state, "holder", (JobId(1), 0))),
    (NOBODY, lambda p: setattr(p.state, "held_for", next(iter(p.state.demand_ids)))),
]


def test_a_task_on_several_machines_is_no_fault() -> None:
    assert list(faults(Several().state)) == []


@pytest.mark.parametrize(("said", "harm"), HARM)
def test_a_harm_to_runs_that_serve_others_is_found(said: str, harm: Harm) -> None:
    parts = Several()
    harm(parts)
    assert said in list(faults(parts.state))


def waiting(machines: int) -> tuple[Farm, int]:
    """A block of tasks of two machines that nobody has looked at, and its demand."""
    farm = Farm()
    for number in range(machines):
        join(farm, f"m{number}")
    job_id = submit(farm, job(block("1-2", multihost_min=1)))
    return farm, block_of(farm, job_id).demand


def test_a_demand_is_not_closed_to_machines_that_are_enough_for_it() -> None:
    farm, demand = waiting(2)
    farm.state.open_demands.discard(demand)
    said = f"demand {demand}: closed, but there are machines enough for it"
    assert list(faults(farm.state)) == [said]


def test_a_demand_is_closed_to_machines_that_are_too_few() -> None:
    farm, demand = waiting(1)
    farm.state.open_demands.discard(demand)
    farm.state.demands[demand].fresh = set(farm.state.workers)
    assert list(faults(farm.state)) == []


def test_machines_that_are_too_few_are_looked_at_when_others_come() -> None:
    farm, demand = waiting(1)
    farm.state.open_demands.discard(demand)
    farm.state.demands[demand].fresh = set()
    (worker,) = farm.state.workers.values()
    said = f"demand {demand}: closed, but {worker.name} could serve it"
    assert list(faults(farm.state)) == [said]
