"""Machines that are kept for a task of several: when, which of them, and for whom."""

from __future__ import annotations

from typing import Any

import pytest

from grange.core import commands as c
from grange.core.farm import Farm
from grange.core.many import KEEP_AFTER_S
from grange.core.records import HostErrors
from grange.model.ids import JobId
from tests.build import Begun, block, block_of, edit_worker, job, join, started, submit
from tests.core.several import end, machines, many

DUE = 1 + KEEP_AFTER_S  # when the task that lacks machines since 1 has lacked them for long


def lacking(farm: Farm, **fields: Any) -> tuple[JobId, list[Begun]]:
    """Three machines busy with small tasks, and a task that lacks all of them since 1."""
    machines(farm, 3)
    submit(farm, job(block("1-9", hosts_mask="m")))
    small = started(farm, 1)
    job_id = submit(farm, job(many(hosts_mask="m", **fields), priority=200))
    assert started(farm, 1) == []
    return job_id, small


def test_the_time_comes_when_machines_are_kept(farm: Farm) -> None:
    job_id, small = lacking(farm)
    assert farm.next_deadline() == DUE
    end(farm, small[0], now=DUE - 0.1)
    (again,) = started(farm, DUE - 0.1)
    assert farm.state.holder != (job_id, 0)
    assert started(farm, DUE) == []
    assert farm.state.holder == (job_id, 0)
    assert farm.next_deadline() == DUE + KEEP_AFTER_S
    end(farm, again, now=DUE + 1)
    assert started(farm, DUE + 1) == []


@pytest.mark.parametrize("how", ["offline", "takes no task"])
def test_a_machine_that_could_not_help_is_not_counted(farm: Farm, how: str) -> None:
    _, small = lacking(farm)
    if how == "offline":
        farm.apply(c.UnlinkWorker(worker_id=small[2][0]), 2)
    else:
        edit_worker(farm, small[2][0], max_tasks_host=0)
    farm.dispatch(DUE)
    assert farm.state.holder is None
    end(farm, small[0], now=70)
    assert [at for at, _ in started(farm, 70)] == [small[0][0]]


def test_a_machine_that_is_avoided_is_not_counted(farm: Farm) -> None:
    job_id, _ = lacking(farm, errors_avoid_host=1)
    edit_worker(farm, join(farm, "m3"), max_tasks_host=0)
    block_of(farm, job_id).error_hosts["m2"] = HostErrors(count=1, last=DUE)
    farm.dispatch(DUE)
    assert farm.state.holder is None


def test_another_task_of_several_machines_leaves_what_is_kept(farm: Farm) -> None:
    job_id, small = lacking(farm)
    farm.dispatch(DUE)
    end(farm, small[0], now=70)
    assert started(farm, 70) == []
    for name in ("n0", "n1"):
        join(farm, name)
    other = submit(farm, job(many(1, hosts_mask="n")))
    assert {run.job_id for _, run in started(farm, 71)} == {other}
    assert (farm.state.holder, farm.state.held) == ((job_id, 0), {small[0][0]})
