"""Every field that is not derived comes back from the disk."""

from __future__ import annotations

from typing import Any

import pytest

from grange.core import commands as c
from grange.core.check import faults
from grange.core.farm import Farm
from grange.core.records import BlockRecord
from grange.model.states import TaskOp
from tests.build import (
    RUNNING,
    Disk,
    Life,
    block,
    block_of,
    change,
    end,
    job,
    job_of,
    join,
    named,
    started,
    states,
    submit,
    worker_of,
)

JOB = ("job_id", "spec", "user", "created", "started", "done", "position", "token", "report",
       "try_next")  # fmt: skip
BLOCK = ("job_id", "number", "spec", "pre_for", "named", "error_hosts", "task_errors",
         "run_time_min", "run_time_max", "run_time_sum", "started", "done")  # fmt: skip
WORKER = ("worker_id", "name", "spec", "traits", "pool", "registered", "boot_id", "seen", "sick",
          "home", "address", "joined", "launched", "rest", "rested", "runs")  # fmt: skip


def fields(thing: object, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(thing, name) for name in names}


@pytest.fixture
def lived(farm: Farm) -> Farm:
    """A farm in which something has happened to a job and a worker."""
    join(farm, now=3, home="h", address="192.0.2.7", launched=2.5)
    spec = job(block("1-9"), named("x"), command_pre=("setup",), try_first=((0, 5),))
    farm.apply(c.SubmitJob(spec=spec, user="ada", token="t1"), 4)
    farm.apply(c.SubmitJob(spec=job(), user="ada", token="t2"), 5)
    for now in (6.0, 8.0, 13.0):
        for worker_id, run in started(farm, now):
            end(farm, worker_id, run.run_id, now=now + 2 + now / 10, report="well")
    started(farm, 20)
    return farm


def test_what_is_known_of_a_job_and_its_worker_comes_back(lived: Farm) -> None:
    again = Life(lived).again()
    (worker_id,) = lived.state.workers
    assert fields(worker_of(again, worker_id), WORKER) == fields(
        worker_of(lived, worker_id), WORKER
    )
    for job_id, item in lived.state.jobs.items():
        assert fields(job_of(again, job_id), JOB) == fields(item, JOB)
        for mine, theirs in zip(item.blocks, job_of(again, job_id).blocks, strict=True):
            assert fields(mine, BLOCK) == fields(theirs, BLOCK)


def test_the_farm_that_lived_has_something_in_every_field(lived: Farm) -> None:
    """Else the test above would prove nothing."""
    first, pre = job_of(lived, next(iter(lived.state.jobs))), 2
    assert all((first.started, first.token, first.report, first.try_next or first.started))
    assert first.blocks[pre].pre_for == -1
    (worker,) = lived.state.workers.values()
    assert all((worker.home, worker.address, worker.joined, worker.launched, worker.seen))
    assert any(item.run_time_min for item in first.blocks)
    assert any(item.run_time_max > item.run_time_min for item in first.blocks)


def test_a_list_to_try_next_comes_back(farm: Farm) -> None:
    job_id = submit(farm, job(block("1-9"), try_first=((0, 5), (0, 3))))
    assert job_of(Life(farm).again(), job_id).try_next == [(0, 5), (0, 3)]


def test_records_may_come_in_any_order(lived: Farm) -> None:
    disk = Disk()
    disk.commit(lived.take_dirty())
    snapshot = disk.load()
    snapshot.records.reverse()
    again = Farm.restore(snapshot, 30)
    assert list(faults(again.state)) == []
    assert list(again.state.tokens) == [("ada", "t1"), ("ada", "t2")]


def test_a_blocks_record_tells_the_number_of_its_named_tasks(farm: Farm) -> None:
    submit(farm, job(named("a", "b", "c")))
    (record,) = (item for item in farm.take_dirty().put if isinstance(item, BlockRecord))
    assert record.named == 3


def test_a_start_after_a_commit_is_on_disk_after_the_next(farm: Farm) -> None:
    join(farm)
    job_id = submit(farm, job(block("1-2"), try_first=((0, 1),)))
    life = Life(farm)
    started(farm, 7)
    again = life.again()
    assert states(again, job_id)[1] == RUNNING
    assert (job_of(again, job_id).started, block_of(again, job_id).started) == (7, 7)
    assert job_of(again, job_id).try_next == []
    started(farm, 9)
    assert (job_of(farm, job_id).started, block_of(farm, job_id).started) == (7, 7)


def test_a_later_start_is_not_the_first(farm: Farm) -> None:
    job_id = submit(farm, job(block("1-2")))
    join(farm, "n1")
    started(farm, 7)
    join(farm, "n2")
    assert len(started(farm, 9)) == 1
    assert (job_of(farm, job_id).started, block_of(farm, job_id).started) == (7, 7)


def test_a_circle_of_jobs_is_broken_in_the_same_place_after_a_restart(farm: Farm) -> None:
    older = submit(farm, job(name="a", depend_mask="b"))
    change(farm, older, TaskOp.SKIP)
    younger = submit(farm, job(name="b", depend_mask="a"))
    change(farm, older, TaskOp.RESTART)
    again = Life(farm).again()
    for item in (farm, again):
        assert (job_of(item, older).waits, job_of(item, younger).waits) == ({younger}, set())


def test_a_job_that_waited_for_one_that_is_deleted_comes_back(farm: Farm) -> None:
    first = submit(farm)
    second = submit(farm, job(depend_jobs=(first,)))
    farm.apply(c.DeleteJob(job_id=first), 1)
    assert job_of(Life(farm).again(), second).waits == set()


def test_when_a_job_was_started_is_on_disk(farm: Farm) -> None:
    join(farm)
    job_id = submit(farm)
    life = Life(farm)
    started(farm, 7)
    assert job_of(life.again(), job_id).started == 7


def test_a_task_that_was_tried_next_is_off_the_list_on_disk(farm: Farm) -> None:
    worker_id = join(farm)
    job_id = submit(farm)
    ((_, run),) = started(farm)
    farm.apply(c.TryNext(job_id=job_id, block=0, tasks=(3,)), 1)
    life = Life(farm)
    end(farm, worker_id, run.run_id)
    started(farm)
    assert job_of(life.again(), job_id).try_next == []
