from __future__ import annotations

from typing import Any

import pytest

from grange.core import commands as c
from grange.core.farm import Farm
from grange.core.match import could_take
from grange.core.supply import replace
from grange.model.ids import JobId, WorkerId
from tests.build import (
    FAILED,
    begun,
    block,
    edit_branch,
    edit_job,
    edit_pool,
    edit_user,
    edit_worker,
    fail,
    hosts,
    job,
    join,
    named,
    one,
    spare,
    started,
    states,
    submit,
    why,
)


def submit_one(farm: Farm, **fields: Any) -> JobId:
    return submit(farm, job(block("1", **fields)))


@pytest.mark.proves("render.states.NIMBY")
def test_nobody_gets_a_nimby_worker_but_who_ignores_nimby(farm: Farm) -> None:
    edit_worker(farm, join(farm), nimby="nobody", user="ada")
    job_id = submit(farm)
    assert begun(farm) == []
    assert why(farm, job_id) == ["nimby"]
    edit_job(farm, job_id, ignore_nimby=True)
    assert begun(farm) == [0]


@pytest.mark.proves("render.states.nimby")
def test_an_owners_worker_serves_the_owner_alone(farm: Farm) -> None:
    edit_worker(farm, join(farm), nimby="owner", user="ada")
    of_bob = submit(farm, user="bob")
    assert begun(farm) == []
    assert why(farm, of_bob) == ["nimby-owner"]
    of_ada = submit(farm)
    assert one(farm)[1].job_id == of_ada


def test_an_owners_worker_serves_who_ignores_nimby(farm: Farm) -> None:
    edit_worker(farm, join(farm), nimby="owner", user="ada")
    submit(farm, job(ignore_nimby=True), user="bob")
    assert begun(farm) == [0]


def test_an_owners_worker_that_belongs_to_nobody_serves_nobody(farm: Farm) -> None:
    edit_worker(farm, join(farm), nimby="owner")
    job_id = submit(farm)
    assert begun(farm) == []
    assert why(farm, job_id) == ["nimby-owner"]


@pytest.mark.proves("render.states.paused")
@pytest.mark.parametrize("where", ["worker", "pool", "root"])
def test_a_paused_worker_or_pool_serves_who_ignores_it(farm: Farm, where: str) -> None:
    edit_pool(farm, "/fast", pattern=".*", paused=where == "pool")
    worker_id = join(farm)
    edit_worker(farm, worker_id, paused=where == "worker")
    edit_pool(farm, paused=where == "root")
    job_id = submit(farm)
    assert begun(farm) == []
    assert why(farm, job_id) == ["worker-paused"]
    edit_job(farm, job_id, ignore_paused=True)
    assert begun(farm) == [0]


@pytest.mark.parametrize("most", [1, 2])
@pytest.mark.parametrize("level", ["block", "job", "user", "branch"])
def test_tasks_per_host_are_bound_at_each_level(farm: Farm, level: str, most: int) -> None:
    edit_pool(farm, capacity_host=9_000)
    limit: dict[str, Any] = {"max_running_tasks_per_host": most}
    edit_user(farm, **limit if level == "user" else {})
    edit_branch(farm, **limit if level == "branch" else {})
    spec = job(
        block("1-9", **limit if level == "block" else {}), **limit if level == "job" else {}
    )
    job_id = submit(farm, spec)
    join(farm, "a")
    join(farm, "b")
    assert sorted(hosts(farm)) == ["a"] * most + ["b"] * most
    assert why(farm, job_id) == [f"{level}-per-host"]


def test_a_limit_per_host_that_is_raised_counts_at_once(farm: Farm) -> None:
    edit_pool(farm, capacity_host=9_000)
    join(farm)
    edit_user(farm, max_running_tasks_per_host=1)
    submit(farm, job(block("1-9")))
    assert begun(farm) == [0]
    edit_user(farm, max_running_tasks_per_host=2)
    assert begun(farm) == [1]


def test_a_block_avoids_a_host_after_its_errors_there(farm: Farm) -> None:
    join(farm, "a")
    spare(farm)
    job_id = submit_one(farm, errors_avoid_host=2, errors_task_same_host=0, errors_retries=9)
    assert fail(farm, 2) == ["a", "a"]
    assert begun(farm) == []
    assert why(farm, job_id) == ["avoided", "worker-busy"]


def test_a_task_avoids_a_host_after_its_own_errors_there(farm: Farm) -> None:
    edit_pool(farm, capacity_host=9_000)
    join(farm)
    spare(farm)
    spec = block("1-2", errors_avoid_host=0, errors_task_same_host=1, errors_retries=9)
    job_id = submit(farm, job(spec, max_running_tasks=1))
    fail(farm)
    assert begun(farm) == [1]
    edit_job(farm, job_id, max_running_tasks=-1)
    assert begun(farm) == []
    assert why(farm, job_id) == ["task-avoided", "worker-busy"]


@pytest.mark.parametrize("field", ["errors_avoid_host", "errors_task_same_host"])
def test_a_host_is_not_avoided_where_the_others_are_away(farm: Farm, field: str) -> None:
    gone = join(farm, "gone")
    farm.apply(c.LoseWorker(worker_id=gone), 1)
    join(farm)
    limits = {"errors_avoid_host": 0, "errors_task_same_host": 0, field: 1}
    submit_one(farm, errors_retries=2, **limits)
    assert fail(farm, 3) == ["node"] * 3


@pytest.mark.parametrize("field", ["errors_avoid_host", "errors_task_same_host"])
def test_a_host_is_not_avoided_where_all_are(farm: Farm, field: str) -> None:
    for name in ("a", "b"):
        join(farm, name)
    limits = {"errors_avoid_host": 0, "errors_task_same_host": 0, field: 1}
    submit_one(farm, errors_retries=2, **limits)
    names = fail(farm, 3)
    assert set(names) == {"a", "b"}
    assert names[0] != names[1]


def test_a_maintenance_task_runs_on_the_worker_of_its_name(farm: Farm) -> None:
    for name in ("a", "b", "c"):
        join(farm, name)
    job_id = submit(farm, job(named("c", "gone", "a"), maintenance=True))
    runs = {run.task_name: worker_id for worker_id, run in started(farm)}
    names = {farm.state.workers[worker_id].name for worker_id in runs.values()}
    assert set(runs) == names == {"a", "c"}
    assert "maintenance" in why(farm, job_id)


def test_the_pre_command_of_a_maintenance_job_runs_anywhere(farm: Farm) -> None:
    join(farm, "a")
    submit(farm, job(named("a"), maintenance=True, command_pre=("setup",)))
    assert [run.command for _, run in started(farm)] == [("setup",)]


def test_a_maintenance_task_is_tried_on_its_machine_until_it_fails(farm: Farm) -> None:
    spare(farm)
    join(farm)
    limits = {"errors_avoid_host": 1, "errors_task_same_host": 1}
    job_id = submit(farm, job(named("node", errors_retries=2, **limits), maintenance=True))
    assert fail(farm, 3) == ["node"] * 3
    assert states(farm, job_id) == [FAILED]


def test_a_host_is_not_avoided_where_the_others_are_sick(farm: Farm) -> None:
    farm.state.workers[spare(farm)].sick = "bad"
    replace(farm.state, farm.state.workers[WorkerId(1)])
    join(farm)
    submit_one(farm, errors_avoid_host=1, errors_retries=2)
    assert fail(farm, 3) == ["node"] * 3


def test_a_worker_of_capacity_0_is_too_small_for_any_task(farm: Farm) -> None:
    edit_pool(farm, capacity_host=0)
    join(farm)
    job_id = submit_one(farm, capacity=1)
    assert begun(farm) == []
    assert why(farm, job_id) == ["capacity-total"]


@pytest.mark.parametrize(
    ("need", "enough"),
    [
        ({"need_memory_mb": 64_000, "need_hdd_gb": 500}, True),
        ({"need_memory_mb": 64_001}, False),
        ({"need_hdd_gb": 501}, False),
    ],
)
def test_what_a_machine_could_take_is_all_that_it_has(
    farm: Farm, need: dict[str, Any], enough: bool
) -> None:
    worker_id = join(farm)
    job_id = submit_one(farm, **need)
    asked = farm.state.demands[farm.state.jobs[job_id].blocks[0].demand].key
    assert could_take(farm.state, asked, farm.state.workers[worker_id]) is enough
