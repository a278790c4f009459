"""What is told of workers, and what of them outlives a restart."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from grange.core import commands as c
from grange.core.effects import Outcome, StopRun
from grange.core.events import WorkerChanged, WorkerTroubled
from grange.core.farm import Farm
from grange.core.records import RunRecord
from grange.core.workers import AHEAD_MAX
from grange.model.ids import RunId, WorkerId
from grange.model.states import Presence, TaskOp
from tests.build import (
    TRAITS,
    Life,
    block,
    change,
    edit_pool,
    edit_worker,
    fail,
    job,
    join,
    one,
    started,
    submit,
    worker_of,
)

Tell = Callable[[Farm, WorkerId], Outcome]


def again(farm: Farm, *runs: RunId, last: int = 0) -> Outcome:
    """Let the worker come back with some runs."""
    command = c.JoinWorker(
        name="node", boot_id="b", traits=TRAITS, runs=runs, last_run=RunId(last), user="bob"
    )
    return farm.apply(command, 9)


def unlink(farm: Farm, worker_id: WorkerId) -> Outcome:
    return farm.apply(c.UnlinkWorker(worker_id=worker_id), 9)


def lose(farm: Farm, worker_id: WorkerId) -> Outcome:
    return farm.apply(c.LoseWorker(worker_id=worker_id), 9)


def eject(farm: Farm, worker_id: WorkerId, *, keep_own: bool = False) -> Outcome:
    return farm.apply(c.EjectWorker(worker_id=worker_id, keep_own=keep_own), 9)


def heal(farm: Farm, worker_id: WorkerId) -> Outcome:
    return farm.apply(c.HealWorker(worker_id=worker_id), 9)


@pytest.mark.parametrize("tell", [lambda farm, _: again(farm), unlink, lose, eject, heal])
def test_watchers_are_told_that_a_worker_changed(farm: Farm, tell: Tell) -> None:
    worker_id = join(farm)
    assert tell(farm, worker_id).events == [WorkerChanged(worker_id)]


def test_people_are_told_of_a_worker_that_does_not_come_back(farm: Farm) -> None:
    worker_id = join(farm)
    unlink(farm, worker_id)
    news = [WorkerChanged(worker_id), WorkerTroubled(worker_id, "lost", "lease ended")]
    assert lose(farm, worker_id).events == news
    assert lose(farm, worker_id).events == []


def test_nobody_is_told_of_a_machine_that_was_put_to_sleep(farm: Farm) -> None:
    worker_id = join(farm, traits=replace(TRAITS, macs=("02:42:ac:11:00:02",)))
    farm.apply(c.InstructWorker(worker_id=worker_id, what="sleep"), 5)
    unlink(farm, worker_id)
    assert lose(farm, worker_id).events == [WorkerChanged(worker_id)]


@pytest.mark.parametrize(
    ("tell", "presence"), [(unlink, Presence.MISSING), (lose, Presence.OFFLINE)]
)
def test_when_a_worker_went_outlives_a_restart(farm: Farm, tell: Tell, presence: Presence) -> None:
    worker_id = join(farm)
    life = Life(farm)
    tell(farm, worker_id)
    worker = worker_of(life.again(), worker_id)
    assert (worker.presence, worker.seen) == (presence, 9)


def test_what_is_set_on_a_worker_outlives_a_restart(farm: Farm) -> None:
    worker_id = join(farm)
    life = Life(farm)
    edit_worker(farm, worker_id, annotation="by the door")
    assert worker_of(life.again(), worker_id).spec.annotation == "by the door"


def test_a_healed_worker_is_well_after_a_restart_and_begins_to_count_anew(farm: Farm) -> None:
    edit_pool(farm, sick_errors_count=2)
    worker_id = join(farm)
    for user in ("ada", "bob"):
        submit(farm, job(block("1", errors_retries=0)), user=user)
        fail(farm)
    life = Life(farm)
    heal(farm, worker_id)
    assert not worker_of(life.again(), worker_id).sick
    submit(farm, job(block("1", errors_retries=0)), user="eve")
    fail(farm)
    assert not worker_of(farm, worker_id).sick


def test_a_run_that_both_know_is_not_stopped(farm: Farm) -> None:
    join(farm)
    submit(farm)
    _, run = one(farm)
    assert again(farm, run.run_id).effects == []
    assert [type(effect) for effect in again(farm, run.run_id, RunId(99)).effects] == [StopRun]


def test_a_new_worker_belongs_to_who_started_it(farm: Farm) -> None:
    again(farm)
    (worker,) = farm.state.workers.values()
    assert worker.spec.user == "bob"


def results(farm: Farm) -> list[str]:
    """What is said of the runs that ended since the last commit."""
    rows = (item for item in farm.take_dirty().put if isinstance(item, RunRecord))
    return [row.result.message for row in rows if row.result is not None]


def test_a_run_that_is_given_back_says_why(farm: Farm) -> None:
    worker_id = join(farm)
    submit(farm)
    started(farm)
    again(farm)
    assert results(farm) == ["the worker does not have it"]
    started(farm)
    lose(farm, worker_id)
    assert results(farm) == ["worker node: lease ended"]


def test_an_ejected_run_says_so(farm: Farm) -> None:
    worker_id = join(farm)
    submit(farm)
    started(farm)
    eject(farm, worker_id)
    assert results(farm) == ["ejected"]


def test_only_tasks_of_others_are_ejected_where_the_owners_come_first(farm: Farm) -> None:
    edit_pool(farm, capacity_host=9_000)
    worker_id = join(farm, user="ada")
    submit(farm, job(block("1")), user="ada")
    submit(farm, job(block("1")), user="bob")
    assert [run.user for _, run in started(farm)] == ["ada", "bob"]
    assert eject(farm, worker_id, keep_own=True).reply == 1


def test_a_machine_of_ones_own_is_forgotten_with_the_worker(farm: Farm) -> None:
    worker_id = join(farm)
    edit_worker(farm, worker_id, user="ada", nimby="owner")
    assert farm.state.owners == {"ada": 1}
    lose(farm, worker_id)
    farm.apply(c.DeleteWorker(worker_id=worker_id), 9)
    assert not farm.state.owners


def test_runs_of_another_farm_are_passed_by_as_far_as_may_be(farm: Farm) -> None:
    again(farm, last=AHEAD_MAX)
    assert farm.state.last_ids["run"] == AHEAD_MAX


def test_the_done_mark_outlives_a_restart(farm: Farm) -> None:
    join(farm)
    job_id = submit(farm, job(block("1-2")))
    life = Life(farm)
    change(farm, job_id, TaskOp.SKIP, now=7)
    restored = life.again().state.jobs[job_id]
    assert (restored.done, restored.blocks[0].done) == (7, 7)
