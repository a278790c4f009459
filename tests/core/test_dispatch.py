from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from grange.core import commands as c
from grange.core.effects import StartRun
from grange.core.events import RunStarted, TaskChanged
from grange.core.farm import Farm
from grange.model.ids import RunId, WorkerId
from grange.model.spec import JobSpec
from grange.model.states import TaskOp
from tests.build import (
    DONE,
    RUNNING,
    begun,
    block,
    block_of,
    change,
    counted,
    edit_branch,
    edit_job,
    edit_pool,
    edit_user,
    end,
    fail,
    hosts,
    job,
    job_of,
    join,
    one,
    run_all,
    spare,
    started,
    states,
    submit,
)


def slots(farm: Farm, count: int, name: str = "node") -> WorkerId:
    edit_pool(farm, capacity_host=-1, max_tasks_host=count)
    return join(farm, name)


def test_a_start_is_told_to_the_worker_and_to_watchers(farm: Farm) -> None:
    job_id, worker_id = submit(farm, job(block("1"))), join(farm)
    out = farm.dispatch(7)
    assert out.events == [
        RunStarted(RunId(1), job_id, 0, 0, worker_id),
        TaskChanged(job_id, 0, 0, RUNNING),
    ]
    (effect,) = out.effects
    assert isinstance(effect, StartRun)
    assert (effect.worker_id, effect.run.run_id) == (worker_id, 1)


def test_each_start_has_a_run_of_its_own_that_grows(farm: Farm) -> None:
    join(farm)
    submit(farm, job(block("1", errors_retries=9, errors_avoid_host=0)))
    fail(farm, 3)
    assert one(farm)[1].run_id == 4


def test_the_first_start_is_kept_as_the_time_of_job_and_block(farm: Farm) -> None:
    join(farm)
    job_id = submit(farm, job(block("1-2")))
    run_all(farm, now=7)
    assert (job_of(farm, job_id).started, block_of(farm, job_id).started) == (7, 7)


def test_nothing_starts_without_workers(farm: Farm) -> None:
    submit(farm)
    assert begun(farm) == []


def test_blocks_of_a_job_start_in_their_order(farm: Farm) -> None:
    slots(farm, 9)
    submit(farm, job(block("1-2"), block("1-2", capacity=7), block("1-2")))
    assert [run.block for _, run in started(farm)] == [0, 0, 1, 1, 2, 2]


def test_a_block_that_fits_nowhere_does_not_hold_the_next(farm: Farm) -> None:
    slots(farm, 9)
    submit(farm, job(block("1", need_gpus=1), block("1")))
    assert [run.block for _, run in started(farm)] == [1]


def test_a_job_that_fits_nowhere_does_not_hold_the_next(farm: Farm) -> None:
    join(farm)
    submit(farm, job(block("1", need_power=9), priority=200))
    second = submit(farm, job(block("1")))
    assert one(farm)[1].job_id == second


def test_a_job_that_may_use_no_worker_that_is_free_is_passed_over(farm: Farm) -> None:
    slots(farm, 9)
    submit(farm, job(block("1-9"), priority=200, max_running_tasks_per_host=1))
    second = submit(farm, job(block("1-2")))
    assert [run.job_id for _, run in started(farm)] == [1, second, second]


def test_a_task_that_avoids_the_host_does_not_hold_the_block(farm: Farm) -> None:
    """Afanasy tries one task of a block on a host; Grange tries the others as well."""
    spare(farm)
    join(farm)
    spec = block("1-3", errors_task_same_host=1, errors_avoid_host=0, errors_retries=9)
    submit(farm, job(spec))
    fail(farm)
    assert [run.task for run in run_all(farm)] == [1, 2]


@pytest.mark.parametrize(
    ("fields", "capacity", "coeff"),
    [
        ({"capacity": 500}, 2_200, 0),
        ({"capacity": 500, "capacity_coeff_min": 1}, 2_200, 4),
        ({"capacity": 500, "capacity_coeff_max": 3}, 2_200, 3),
        ({"capacity": 500, "capacity_coeff_min": 2, "capacity_coeff_max": 9}, 2_200, 4),
        ({"capacity": 500, "capacity_coeff_min": 4}, 2_200, 4),
        ({"capacity": 500, "capacity_coeff_min": 5}, 2_200, None),
        ({"capacity": 500, "capacity_coeff_max": 8}, -1, 8),
        ({"capacity": 500, "capacity_coeff_min": 3}, -1, 3),
        ({"capacity": 500, "capacity_coeff_max": 1}, 2_200, 1),
    ],
)
def test_a_variable_capacity_takes_what_is_free(
    farm: Farm, fields: dict[str, Any], capacity: int, coeff: int | None
) -> None:
    """Afanasy: 2,200 of 500 are four times; nothing says how many where nothing bounds it."""
    edit_pool(farm, capacity_host=capacity)
    worker_id = join(farm)
    submit(farm, job(block("1", **fields)))
    runs = started(farm)
    assert [run.capacity_coeff for _, run in runs] == ([] if coeff is None else [coeff])
    used = farm.state.workers[worker_id].capacity_used
    assert used == (0 if coeff is None else 500 * max(1, coeff))


def test_a_variable_capacity_takes_less_of_a_worker_that_is_used(farm: Farm) -> None:
    edit_pool(farm, capacity_host=5_000)
    join(farm)
    submit(farm, job(block("1", capacity=2_000), block("1", capacity=500, capacity_coeff_min=2)))
    assert [run.capacity_coeff for _, run in started(farm)] == [0, 6]


def test_a_task_is_not_started_twice(farm: Farm) -> None:
    slots(farm, 9)
    submit(farm, job(block("1-3")))
    assert begun(farm) == [0, 1, 2]
    assert begun(farm) == []


def test_each_order_of_tasks_is_kept(farm: Farm) -> None:
    slots(farm, 9)
    submit(farm, job(block("1-9", sequential=0)))
    assert begun(farm) == [0, 8, 4, 2, 6, 1, 3, 5, 7]


def test_a_rate_of_the_root_opens_again_by_itself(farm: Farm) -> None:
    slots(farm, 9)
    edit_branch(farm, max_tasks_per_second=2)
    submit(farm, job(block("1-5")))
    assert begun(farm, 10) == [0, 1]
    assert farm.next_deadline() == 11
    assert begun(farm, 11) == [2, 3]
    assert begun(farm, 12) == [4]
    assert farm.next_deadline() is None


def test_a_task_to_try_next_of_a_job_with_two_demands(farm: Farm) -> None:
    join(farm)
    job_id = submit(farm, job(block("1-2", capacity=900), block("1-2", capacity=901)))
    farm.apply(c.TryNext(job_id=job_id, block=1, tasks=(1,)), 1)
    assert [(run.block, run.task) for run in run_all(farm)] == [(1, 1), (0, 0), (0, 1), (1, 0)]


def test_a_task_to_try_next_that_nobody_can_take_holds_nothing(farm: Farm) -> None:
    join(farm)
    job_id = submit(farm, job(block("1-2"), block("1", need_power=9)))
    farm.apply(c.TryNext(job_id=job_id, block=1, tasks=(0,)), 1)
    assert [run.block for run in run_all(farm)] == [0, 0]


def test_a_worker_that_is_lost_while_jobs_wait_is_not_chosen(farm: Farm) -> None:
    submit(farm)
    assert begun(farm) == []
    join(farm, "b")
    gone = join(farm, "a")
    farm.apply(c.LoseWorker(worker_id=gone), 1)
    farm.apply(c.DeleteWorker(worker_id=gone), 1)
    assert hosts(farm) == ["b"]


def test_pools_of_equal_preference_share_the_work(farm: Farm) -> None:
    for path in ("/a", "/b"):
        edit_pool(farm, path, pattern=f"{path[1]}.*", capacity_host=3_000)
    for name in ("a1", "b1", "a2"):
        join(farm, name)
    submit(farm, job(block("1-6")))
    assert hosts(farm) == ["a1", "b1", "a2", "a1", "b1", "a2"]


Make = Callable[[int], JobSpec]
COUNTED = ("load_refusal", "host_refusal", "task_refusal", "find", "best", "job_gate")


def alike(_: int) -> JobSpec:
    return job(block("1-9"))


def each_its_own(number: int) -> JobSpec:
    return job(block("1-9", capacity=1_000 + number))


def full_farm(make: Make, jobs: int, workers: int) -> tuple[Farm, list[Any]]:
    """Every worker is busy and there is more to do."""
    farm = Farm()
    edit_pool(farm, capacity_host=-1, max_tasks_host=1)
    for number in range(workers):
        join(farm, f"n{number}")
    for number in range(jobs):
        submit(farm, make(number), user=f"u{number % 50}")
    return farm, started(farm)


@pytest.mark.parametrize("make", [alike, each_its_own])
def test_a_pass_costs_what_it_starts(make: Make) -> None:
    """2,000 jobs, 500 busy workers, one of them free again: one start, a few questions."""
    farm, running = full_farm(make, jobs=2_000, workers=500)
    assert len(running) == 500
    end(farm, running[0][0], running[0][1].run_id)
    with counted(*COUNTED) as calls:
        assert len(started(farm, 2)) == 1
    assert sum(calls.values()) < 40


def test_a_pass_without_anything_free_costs_nothing() -> None:
    farm, _ = full_farm(alike, jobs=500, workers=100)
    with counted(*COUNTED) as calls:
        assert started(farm, 2) == []
    assert not calls


def test_a_submission_to_a_busy_farm_looks_at_no_worker() -> None:
    farm, _ = full_farm(alike, jobs=500, workers=100)
    submit(farm)
    with counted(*COUNTED) as calls:
        started(farm, 2)
    assert calls["load_refusal"] == 0


def test_jobs_that_nobody_can_serve_cost_one_look_each() -> None:
    farm = Farm()
    for number in range(200):
        join(farm, f"n{number}")
    for _ in range(200):
        submit(farm, job(block("1-9", need_memory_mb=99_000)))
    with counted(*COUNTED) as calls:
        assert started(farm) == []
    assert calls["load_refusal"] <= 400
    with counted(*COUNTED) as calls:
        assert started(farm) == []
    assert not calls


def test_an_end_touches_what_it_changes() -> None:
    farm, running = full_farm(alike, jobs=1_000, workers=200)
    with counted("job_gate", "block_gate", "wanted_key", "wanted_place") as calls:
        end(farm, running[0][0], running[0][1].run_id)
    assert sum(calls.values()) < 20


def test_a_million_frames_start_at_once_and_end_one_by_one(farm: Farm) -> None:
    slots(farm, 3)
    job_id = submit(farm, job(block("1-1000000")))
    for worker_id, run in started(farm):
        end(farm, worker_id, run.run_id)
    assert begun(farm) == [3, 4, 5]
    assert states(farm, job_id)[:4] == [DONE, DONE, DONE, RUNNING]


def test_a_user_with_a_limit_leaves_the_rest_to_others(farm: Farm) -> None:
    slots(farm, 9)
    edit_user(farm, max_running_tasks=2)
    submit(farm, job(block("1-9")))
    submit(farm, job(block("1-9")), user="bob")
    users = [run.user for _, run in started(farm)]
    assert (users.count("ada"), users.count("bob")) == (2, 7)


def test_a_job_of_higher_priority_that_comes_later_goes_next(farm: Farm) -> None:
    worker_id = join(farm)
    submit(farm, job(block("1-9")))
    _, run = one(farm)
    urgent = submit(farm, job(block("1"), priority=100))
    end(farm, worker_id, run.run_id)
    assert one(farm)[1].job_id == urgent


def test_a_storm_of_priorities_ends_in_the_last(farm: Farm) -> None:
    join(farm)
    jobs = [submit(farm, job(block("1"))) for _ in range(20)]
    for turn in range(10):
        for number, job_id in enumerate(jobs):
            edit_job(farm, job_id, priority=1 + (number * 7 + turn * 13) % 200)
    order = [run.job_id for run in run_all(farm)]
    assert order == sorted(jobs, key=lambda j: (-farm.state.jobs[j].spec.priority, j))


def test_a_task_to_try_next_that_is_held_back_is_passed_over(farm: Farm) -> None:
    join(farm)
    job_id = submit(farm, job(block("1-9"), try_first=((0, 7), (0, 5))))
    change(farm, job_id, TaskOp.SUSPEND, block=0, tasks=((7, 7),))
    assert begun(farm) == [5]
    assert job_of(farm, job_id).try_next == [(0, 7)]
