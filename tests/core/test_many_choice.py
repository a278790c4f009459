"""Which machines a task of several gets, and when."""

from __future__ import annotations

from typing import Any

from grange.core.farm import Farm
from grange.core.records import HostErrors
from grange.model.ids import WorkerId
from grange.model.spec import BlockSpec
from tests.build import (
    block,
    block_of,
    edit_job,
    edit_worker,
    end,
    job,
    join,
    one,
    started,
    submit,
)
from tests.core.several import machines

ERRORS = HostErrors(count=1, last=1)


def several(least: int = 2, most: int = 0, frames: str = "1", **fields: Any) -> BlockSpec:
    """A block whose tasks need so many helpers; nothing is started on those."""
    return block(frames, multihost_min=least, multihost_max=most, **fields)


def places(farm: Farm) -> set[WorkerId]:
    """Where runs are."""
    return {run.worker_id for run in farm.state.runs.values()}


def test_a_machine_without_room_is_not_counted(farm: Farm) -> None:
    for number in range(3):
        join(farm, f"m{number}")
    submit(farm, job(block("1", need_memory_mb=40_000)))
    busy, run = one(farm)
    job_id = submit(farm, job(several(need_memory_mb=40_000)))
    assert started(farm) == []
    end(farm, busy, run.run_id)
    assert one(farm)[1].job_id == job_id
    assert len(places(farm)) == 3


def test_a_machine_that_the_block_avoids_is_passed_over(farm: Farm) -> None:
    ids = machines(farm, 4)
    job_id = submit(farm, job(several(errors_avoid_host=1)))
    block_of(farm, job_id).error_hosts["m0"] = ERRORS
    one(farm, 2)
    assert places(farm) == set(ids[1:])


def test_a_machine_that_the_task_avoids_does_not_help_it(farm: Farm) -> None:
    ids = machines(farm, 4)
    job_id = submit(farm, job(several(frames="1-2", errors_task_same_host=1)))
    block_of(farm, job_id).task_errors[0] = {"m1": ERRORS}
    at, run = one(farm, 2)
    assert (at, run.task) == (ids[0], 0)
    assert places(farm) == {ids[0], *ids[2:]}


def test_the_best_machine_is_left_out_where_its_only_task_avoids_it(farm: Farm) -> None:
    ids = machines(farm, 4)
    job_id = submit(farm, job(several(errors_task_same_host=1)))
    block_of(farm, job_id).task_errors[0] = {"m0": ERRORS}
    at, _ = one(farm, 2)
    assert at == ids[1]
    assert places(farm) == set(ids[1:])


def test_a_machine_that_must_not_have_more_of_the_job_does_not_help(farm: Farm) -> None:
    ids = [join(farm, f"m{number}") for number in range(3)]
    job_id = submit(
        farm, job(block("1", capacity=1), several(capacity=1), max_running_tasks_per_host=1)
    )
    small = one(farm)
    assert small[0] == ids[0]
    edit_job(farm, job_id, max_running_tasks_per_host=2, now=2)
    one(farm, 2)
    assert places(farm) == set(ids)


def test_who_asks_for_no_wait_is_not_looked_at_later(farm: Farm) -> None:
    machines(farm, 4)
    submit(farm, job(several(2, 4)))
    one(farm)
    assert len(places(farm)) == 4
    assert farm.next_deadline() is None


def test_each_task_waits_for_more(farm: Farm) -> None:
    machines(farm, 8)
    submit(farm, job(several(2, 4, frames="1-2", multihost_max_wait_s=10)))
    assert one(farm, 20)[1].task == 0
    assert len(places(farm)) == 5
    assert started(farm, 29.9) == []
    assert one(farm, 30)[1].task == 1


def test_the_preferred_machine_executes_the_task(farm: Farm) -> None:
    ids = machines(farm, 3)
    edit_worker(farm, ids[1], priority=200)
    submit(farm, job(several()))
    assert one(farm)[0] == ids[1]
