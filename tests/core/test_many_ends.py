"""What those who are concerned are told when a run that serves a task is over."""

from __future__ import annotations

from typing import Any

import pytest

from grange.core import commands as c
from grange.core.effects import Outcome, StopRun
from grange.core.farm import Farm
from grange.model.ids import JobId, WorkerId
from grange.model.spec import BlockSpec
from grange.model.states import RunStatus
from tests.build import Begun, block, block_of, edit_pool, end, job, join, started, submit


def many(frames: str = "1", **fields: Any) -> BlockSpec:
    """A block of tasks for two machines."""
    return block(frames, **({"multihost_min": 1, "multihost_service": "serve"} | fields))


def serving(farm: Farm, **fields: Any) -> tuple[JobId, Begun, Begun]:
    """A task on two machines: its job, its own run, and the one that serves it."""
    edit_pool(farm, max_tasks_host=1)
    join(farm, "m0")
    join(farm, "m1")
    job_id = submit(farm, job(many(**fields)))
    helper, main = sorted(started(farm), key=lambda item: item[1].run_id)
    return job_id, main, helper


def stops(out: Outcome) -> dict[WorkerId, str]:
    """Whose runs are stopped, and why."""
    return {item.worker_id: item.reason for item in out.effects if isinstance(item, StopRun)}


def test_who_serves_is_told_that_the_task_is_over(farm: Farm) -> None:
    _, main, helper = serving(farm)
    out = end(farm, main[0], main[1].run_id)
    assert stops(out) == {helper[0]: "the task that it served is over"}


@pytest.mark.parametrize(("message", "said"), [("port is taken", "port is taken"), ("", "failed")])
def test_the_task_is_told_which_helper_is_gone_and_why(
    farm: Farm, message: str, said: str
) -> None:
    _, main, helper = serving(farm)
    out = end(farm, helper[0], helper[1].run_id, RunStatus.FAILED, message=message)
    name = farm.state.workers[helper[0]].name
    assert stops(out) == {main[0]: f"its helper on {name} is gone: {said}"}
    assert f"its helper on {name} is gone: {said}" in out.notes[-1].text


def test_what_a_task_has_finished_stays_when_a_helper_is_done(farm: Farm) -> None:
    job_id, main, helper = serving(farm, frames="1-2", frames_per_task=2, depend_sub_task=True)
    farm.apply(c.NoteFrames(worker_id=main[0], run_id=main[1].run_id, count=1), 1)
    end(farm, helper[0], helper[1].run_id)
    assert block_of(farm, job_id).sub_frames == {0: 1}


def test_an_ejected_machine_that_was_only_kept_has_nothing_to_stop(farm: Farm) -> None:
    edit_pool(farm, max_tasks_host=1)
    ids = [join(farm, "m0"), join(farm, "m1")]
    submit(farm, job(many(multihost_service="")))
    ((at, _),) = started(farm)
    (kept,) = set(ids) - {at}
    out = farm.apply(c.EjectWorker(worker_id=kept), 1)
    assert out.reply == 1
    assert stops(out).keys() == {at}


def test_a_task_ejected_with_what_serves_it_counts_as_one(farm: Farm) -> None:
    at = join(farm, "m0")
    submit(farm, job(many(multihost_master_on_slave=True, capacity=1)))
    submit(farm, job(block("1", capacity=1)))
    assert len(started(farm)) == 3
    out = farm.apply(c.EjectWorker(worker_id=at), 1)
    assert out.reply == 2
    assert farm.state.runs == {}
    assert len([item for item in out.effects if isinstance(item, StopRun)]) == 3
