"""Tasks of several machines: machines that are kept for them, and those that they avoid."""

from __future__ import annotations

from typing import Any

import pytest

from grange.core import commands as c
from grange.core.farm import Farm
from grange.core.many import KEEP_AFTER_S
from grange.core.records import HostErrors
from grange.model.ids import JobId, WorkerId
from grange.model.states import RunStatus, TaskOp
from tests.build import (
    Begun,
    block,
    block_of,
    change,
    edit_job,
    edit_worker,
    job,
    started,
    submit,
    why,
)
from tests.core.several import end, machines, many


def keeps(farm: Farm) -> tuple[JobId, list[Begun]]:
    """Three machines busy with small tasks, and a task that wants all of them."""
    machines(farm, 3)
    submit(farm, job(block("1-9")))
    small = started(farm, 1)
    job_id = submit(farm, job(many(), priority=200))
    assert started(farm, 1) == []
    return job_id, small


def test_machines_are_kept_for_a_task_that_lacked_them_for_long(farm: Farm) -> None:
    job_id, small = keeps(farm)
    end(farm, small[0], now=2)
    (again,) = started(farm, 2)  # a small task is faster
    assert started(farm, 2 + KEEP_AFTER_S) == []
    end(farm, again, now=70)
    assert started(farm, 70) == []
    assert farm.state.held == {again[0]}
    end(farm, small[1], now=71)
    assert started(farm, 71) == []
    end(farm, small[2], now=72)
    runs = started(farm, 72)
    assert {run.job_id for _, run in runs} == {job_id}
    assert {at for at, _ in runs} == {at for at, _ in small}
    assert farm.state.holder is None
    assert farm.state.held == set()


def test_kept_machines_say_so(farm: Farm) -> None:
    _, small = keeps(farm)
    end(farm, small[0], now=2 + KEEP_AFTER_S)
    started(farm, 2 + KEEP_AFTER_S)
    end(farm, small[1], now=90)
    started(farm, 90)
    assert "kept" in why(farm, JobId(1), now=91)


def test_machines_are_free_again_when_the_block_may_not_start(farm: Farm) -> None:
    job_id, small = keeps(farm)
    started(farm, 1 + KEEP_AFTER_S)
    end(farm, small[0], now=90)
    assert started(farm, 90) == []
    farm.apply(c.PauseJob(job_id=job_id, paused=True), 91)
    assert len(started(farm, 91)) == 1
    assert farm.state.holder is None


def test_machines_are_not_kept_where_there_could_never_be_enough(farm: Farm) -> None:
    machines(farm, 2)
    submit(farm, job(block("1-9")))
    submit(farm, job(many(), priority=200))
    small = started(farm, 1)
    started(farm, 1 + KEEP_AFTER_S)
    end(farm, small[0], now=90)
    assert len(started(farm, 90)) == 1
    assert farm.state.holder is None


def kept(farm: Farm) -> tuple[JobId, WorkerId]:
    """A job for which one machine is kept."""
    job_id, small = keeps(farm)
    started(farm, 1 + KEEP_AFTER_S)
    end(farm, small[0], now=90)
    assert started(farm, 90) == []
    assert farm.state.held == {small[0][0]}
    return job_id, small[0][0]


def test_machines_are_free_again_when_the_block_wants_others(farm: Farm) -> None:
    job_id, machine = kept(farm)
    edit_job(farm, job_id, block=0, need_memory_mb=100)
    assert [at for at, _ in started(farm, 91)] == [machine]
    assert farm.state.holder is None


def test_machines_are_free_again_when_no_task_is_left(farm: Farm) -> None:
    job_id, machine = kept(farm)
    change(farm, job_id, TaskOp.SKIP, now=91)
    assert [at for at, _ in started(farm, 91)] == [machine]
    assert farm.state.holder is None


def test_a_kept_machine_that_is_deleted_is_forgotten(farm: Farm) -> None:
    job_id, machine = kept(farm)
    farm.apply(c.LoseWorker(worker_id=machine), 91)
    farm.apply(c.DeleteWorker(worker_id=machine), 92)
    farm.apply(c.DeleteJob(job_id=job_id), 93)
    assert started(farm, 93) == []
    assert farm.state.held == set()


def test_plain_blocks_of_the_job_are_left_alone_when_its_wait_is_over(farm: Farm) -> None:
    machines(farm, 2)
    submit(farm, job(many(), block("1-9")))
    small = started(farm, 1)
    assert len(small) == 2
    assert started(farm, 1 + KEEP_AFTER_S) == []


# Machines that are avoided after errors


def failed(farm: Farm, count: int, **fields: Any) -> tuple[JobId, WorkerId]:
    """A job whose task of two machines has failed once, and the machine that it avoids."""
    machines(farm, count)
    job_id = submit(farm, job(many(1, errors_avoid_host=1, errors_retries=9, **fields)))
    main = next(item for item in started(farm, 1) if not item[1].helps)
    end(farm, main, RunStatus.FAILED, now=2)
    return job_id, main[0]


def test_machines_are_avoided_only_where_there_are_enough_others(farm: Farm) -> None:
    failed(farm, 2)
    assert len(started(farm, 3)) == 2


def test_machines_are_avoided_where_there_are_enough_others(farm: Farm) -> None:
    _, bad = failed(farm, 3)
    runs = started(farm, 3)
    assert len(runs) == 2
    assert bad not in {at for at, _ in runs}


def test_a_machine_that_is_avoided_is_not_kept_and_others_are(farm: Farm) -> None:
    job_id, bad = failed(farm, 3)
    farm.apply(c.PauseJob(job_id=job_id, paused=True), 3)
    submit(farm, job(block("1-9"), priority=1))
    small = started(farm, 3)
    good = [item for item in small if item[0] != bad]
    poor = next(item for item in small if item[0] == bad)
    farm.apply(c.PauseJob(job_id=job_id, paused=False), 4)
    started(farm, 4)
    started(farm, 4 + KEEP_AFTER_S)
    end(farm, poor, now=90)
    assert [at for at, _ in started(farm, 90)] == [bad], "a small task has it"
    end(farm, good[0], now=91)
    assert started(farm, 91) == []
    assert farm.state.held == {good[0][0]}
    end(farm, good[1], now=92)
    assert {run.job_id for _, run in started(farm, 92)} == {job_id}


def test_a_kept_machine_that_comes_to_be_avoided_is_given_back(farm: Farm) -> None:
    job_id, small = keeps(farm)
    edit_job(farm, job_id, block=0, multihost_min=1, errors_avoid_host=1)
    started(farm, 1 + KEEP_AFTER_S)
    started(farm, 2 + 2 * KEEP_AFTER_S)
    end(farm, small[0], now=130)
    assert started(farm, 130) == []
    name = farm.state.workers[small[0][0]].name
    block_of(farm, job_id).error_hosts[name] = HostErrors(count=1, last=130)
    started(farm, 3 + 3 * KEEP_AFTER_S)
    assert farm.state.held == set()


def test_who_is_never_first_keeps_no_machines_that_can_not_be_enough(farm: Farm) -> None:
    job_id, small = keeps(farm)
    started(farm, 1 + KEEP_AFTER_S)
    end(farm, small[0], now=70)
    assert started(farm, 70) == []
    assert farm.state.holder == (job_id, 0)
    submit(farm, job(many(), priority=250))
    farm.apply(c.LoseWorker(worker_id=small[1][0]), 71)
    runs = [item for seconds in range(1, 5) for item in started(farm, 71 + seconds * KEEP_AFTER_S)]
    assert {at for at, _ in runs} == {small[0][0]}
    assert farm.state.holder is None


@pytest.mark.parametrize("place", [0, 1, 2])  # of the machine that is avoided, in line
def test_a_machine_is_avoided_by_a_task_alone(farm: Farm, place: int) -> None:
    ids = machines(farm, 3)
    submit(farm, job(many(1, errors_avoid_host=0, errors_task_same_host=1, errors_retries=9)))
    main = next(item for item in started(farm, 1) if not item[1].helps)
    end(farm, main, RunStatus.FAILED, now=2)
    bad = main[0]
    line = [item for item in ids if item != bad]
    line.insert(place, bad)
    for number, worker_id in enumerate(line):
        edit_worker(farm, worker_id, priority=200 - number)
    runs = started(farm, 3)
    assert len(runs) == 2
    assert bad not in {at for at, _ in runs}
