from __future__ import annotations

import pytest

from grange.core import commands as c
from grange.core.effects import StopRun, TellWorker
from grange.core.errors import InUse, InvalidField, NoSuchPool
from grange.core.events import WorkerChanged, WorkerDeleted
from grange.core.farm import Farm
from grange.model.ids import WorkerId
from grange.model.states import Nimby, RunStatus
from tests.build import (
    READY,
    RUNNING,
    begun,
    block,
    block_of,
    edit_pool,
    edit_worker,
    end,
    job,
    join,
    one,
    refused,
    restarted,
    started,
    states,
    submit,
    worker_of,
)


def lose(farm: Farm, worker_id: WorkerId, now: float = 2) -> list[object]:
    return list(farm.apply(c.LoseWorker(worker_id=worker_id), now).effects)


def unlink(farm: Farm, worker_id: WorkerId, now: float = 2) -> None:
    farm.apply(c.UnlinkWorker(worker_id=worker_id), now)


def test_a_new_worker_joins_the_deepest_pool_of_its_pattern(farm: Farm) -> None:
    edit_pool(farm, "/all", pattern="n.*")
    edit_pool(farm, "/all/gpu", pattern="n1.")
    edit_pool(farm, "/zzz", pattern="n.*")
    pools = {name: worker_of(farm, join(farm, name)).pool for name in ("n12", "n2", "other")}
    assert pools == {"n12": "/all/gpu", "n2": "/zzz", "other": "/"}


@pytest.mark.parametrize("path", ["/", "/all"])
def test_a_new_worker_starts_as_its_pools_say(farm: Farm, path: str) -> None:
    edit_pool(farm, "/all", pattern=".*")
    edit_pool(farm, path, new_nimby=True, new_paused=True)
    spec = worker_of(farm, join(farm)).spec
    assert (spec.nimby, spec.paused) == (Nimby.NOBODY, True)


def test_a_worker_moves_to_a_pool_by_hand(farm: Farm) -> None:
    edit_pool(farm, "/fast", capacity_host=5_000)
    worker_id = join(farm)
    edit_worker(farm, worker_id, pool="fast")
    assert worker_of(farm, worker_id).pool == "/fast"
    assert worker_of(farm, worker_id).capacity == 5_000


def test_a_worker_goes_back_to_the_pool_of_its_name(farm: Farm) -> None:
    worker_id = join(farm)
    edit_pool(farm, "/late", pattern="node")
    assert worker_of(farm, worker_id).pool == "/"
    edit_worker(farm, worker_id, pool="")
    assert worker_of(farm, worker_id).pool == "/late"


def test_a_worker_cannot_move_to_a_pool_that_is_not_there(farm: Farm) -> None:
    command = c.EditWorker(worker_id=join(farm), changes={"pool": "/none"})
    assert refused(farm, command, NoSuchPool, "pool") == "no pool '/none'"


def test_an_edit_tells_what_it_changed(farm: Farm) -> None:
    worker_id = join(farm)
    out = edit_worker(farm, worker_id, priority=5, paused=False)
    assert [(item.field, item.before, item.after) for item in out.changed] == [("priority", 99, 5)]
    assert out.events == [WorkerChanged(worker_id)]


def test_an_edit_that_changes_nothing_is_no_news(farm: Farm) -> None:
    assert not edit_worker(farm, join(farm), priority=99).events


def test_an_online_worker_cannot_be_deleted(farm: Farm) -> None:
    worker_id = join(farm)
    said = refused(farm, c.DeleteWorker(worker_id=worker_id), InUse)
    assert said == "worker node is online: stop it first"


def test_a_deleted_worker_is_forgotten(farm: Farm) -> None:
    worker_id = join(farm)
    lose(farm, worker_id)
    out = farm.apply(c.DeleteWorker(worker_id=worker_id), 3)
    assert out.events == [WorkerDeleted(worker_id)]
    assert not farm.state.workers
    assert join(farm) != worker_id


def test_a_worker_of_no_group_is_a_group_no_more(farm: Farm) -> None:
    submit(farm)
    worker_id = join(farm)
    lose(farm, worker_id)
    farm.apply(c.DeleteWorker(worker_id=worker_id), 3)
    assert not farm.state.groups


def test_ejecting_stops_all_that_a_worker_runs(farm: Farm) -> None:
    edit_pool(farm, capacity_host=9_000)
    job_id = submit(farm, job(block("1-2")))
    worker_id = join(farm)
    runs = [run.run_id for _, run in started(farm)]
    out = farm.apply(c.EjectWorker(worker_id=worker_id), 2)
    assert out.reply == 2
    assert out.effects == [StopRun(worker_id, run_id, "ejected") for run_id in runs]
    assert states(farm, job_id) == [READY, READY]
    assert block_of(farm, job_id).tasks.errors[0] == 0


def test_ejecting_may_spare_the_owners_tasks(farm: Farm) -> None:
    edit_pool(farm, capacity_host=9_000)
    of_ada, of_bob = submit(farm, job(block("1"))), submit(farm, job(block("1")), user="bob")
    worker_id = join(farm, user="bob")
    started(farm)
    assert farm.apply(c.EjectWorker(worker_id=worker_id, keep_own=True), 2).reply == 1
    assert states(farm, of_ada) + states(farm, of_bob) == [READY, RUNNING]


def sick(farm: Farm) -> WorkerId:
    """A worker on which tasks of two users have failed."""
    edit_pool(farm, sick_errors_count=2)
    worker_id = join(farm)
    for user in ("ada", "bob"):
        submit(farm, job(block("1", errors_retries=0)), user=user)
        end(farm, worker_id, one(farm)[1].run_id, RunStatus.FAILED)
    return worker_id


@pytest.mark.proves("render.states.sick")
def test_a_worker_that_fails_tasks_of_several_users_is_sick(farm: Farm) -> None:
    worker_id = sick(farm)
    said = "tasks of 2 users failed one after the other"
    assert worker_of(farm, worker_id).sick == said
    submit(farm)
    assert begun(farm) == []


def test_a_sick_worker_is_sick_after_a_restart(farm: Farm) -> None:
    worker_id = sick(farm)
    again = restarted(farm)
    assert worker_of(again, worker_id).sick == worker_of(farm, worker_id).sick


def test_a_worker_that_was_healed_works(farm: Farm) -> None:
    worker_id = sick(farm)
    submit(farm)
    assert begun(farm) == []
    farm.apply(c.HealWorker(worker_id=worker_id), 1)
    assert begun(farm) == [0]


@pytest.mark.proves("render.states.sick")
def test_failures_of_one_user_make_nobody_sick(farm: Farm) -> None:
    edit_pool(farm, sick_errors_count=2)
    worker_id = join(farm)
    for _ in range(3):
        submit(farm, job(block("1", errors_retries=0)))
        end(farm, worker_id, one(farm)[1].run_id, RunStatus.FAILED)
    assert not worker_of(farm, worker_id).sick


@pytest.mark.proves("render.states.sick")
def test_a_success_between_failures_keeps_a_worker_well(farm: Farm) -> None:
    edit_pool(farm, sick_errors_count=2)
    worker_id = join(farm)
    for user, status in (("a", "failed"), ("b", "done"), ("c", "failed")):
        submit(farm, job(block("1", errors_retries=0)), user=user)
        end(farm, worker_id, one(farm)[1].run_id, RunStatus(status))
    assert not worker_of(farm, worker_id).sick


def test_the_nearest_pool_says_what_makes_sick(farm: Farm) -> None:
    edit_pool(farm, "/frail", pattern="node", sick_errors_count=1)
    worker_id = join(farm)
    submit(farm)
    end(farm, worker_id, one(farm)[1].run_id, RunStatus.FAILED)
    assert worker_of(farm, worker_id).sick


def test_a_worker_is_told_what_to_do_with_its_machine(farm: Farm) -> None:
    worker_id = join(farm)
    out = farm.apply(c.InstructWorker(worker_id=worker_id, what="reboot"), 1)
    assert out.effects == [TellWorker(worker_id, "reboot")]


def test_a_worker_out_of_reach_cannot_be_told(farm: Farm) -> None:
    worker_id = join(farm)
    unlink(farm, worker_id)
    command = c.InstructWorker(worker_id=worker_id, what="exit")
    assert "is missing: it cannot be told" in refused(farm, command, InvalidField, "worker")


def test_what_a_worker_measures_is_not_news(farm: Farm) -> None:
    worker_id = join(farm)
    command = c.MeasureWorker(worker_id=worker_id, free_memory_mb=5, free_hdd_gb=6)
    assert not farm.apply(command, 1).events
    worker = worker_of(farm, worker_id)
    assert (worker.memory_free_mb, worker.hdd_free_gb) == (5, 6)


def test_a_worker_reserves_no_more_than_it_has(farm: Farm) -> None:
    worker_id = join(farm)
    submit(farm, job(block("1", need_memory_mb=60_000)))
    started(farm)
    assert worker_of(farm, worker_id).memory_free_mb == 4_000


def test_the_tickets_of_a_worker_go_with_it(farm: Farm) -> None:
    edit_pool(farm, "/a", pattern="n.*", tickets_pool={"nuke": {"count": 1}})
    edit_pool(farm, "/b")
    worker_id = join(farm)
    submit(farm, job(block("1", tickets={"nuke": 1})))
    one(farm)
    edit_worker(farm, worker_id, pool="/b")
    used = {path: pool.tickets_used.get("nuke", {}) for path, pool in farm.state.pools.items()}
    assert used == {"/": {worker_id: 1}, "/a": {}, "/b": {worker_id: 1}}
