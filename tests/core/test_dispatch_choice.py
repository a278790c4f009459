"""Which worker and which task are chosen, where the first that comes to mind will not do."""

from __future__ import annotations

import msgspec

from grange.core import commands as c
from grange.core.farm import Farm
from tests.build import (
    TRAITS,
    begun,
    block,
    edit_branch,
    edit_pool,
    edit_worker,
    end,
    hosts,
    job,
    join,
    named,
    one,
    started,
    submit,
)


def test_a_limit_of_the_root_is_looked_at_again_when_its_second_is_over(farm: Farm) -> None:
    edit_branch(farm, "/", max_tasks_per_second=1)
    edit_pool(farm, capacity_host=9_000)
    join(farm)
    submit(farm)
    assert begun(farm, 1.5) == [0]
    assert farm.next_deadline() == 2
    assert begun(farm, 2) == [1]


def test_a_worker_without_room_does_not_hide_the_next(farm: Farm) -> None:
    first, _ = join(farm, "n1"), join(farm, "n2")
    farm.apply(c.MeasureWorker(worker_id=first, free_memory_mb=5, free_hdd_gb=100), 1)
    submit(farm, job(block("1", need_memory_mb=100)))
    assert hosts(farm) == ["n2"]


def test_a_worker_with_enough_of_a_block_does_not_hide_the_next(farm: Farm) -> None:
    edit_pool(farm, capacity_host=9_000)
    join(farm, "n1")
    submit(farm, job(block("1-9", max_running_tasks_per_host=1)))
    assert hosts(farm) == ["n1"]
    join(farm, "n2")
    submit(farm, job(block("1-3", capacity=100), hosts_mask="n2"))
    assert sorted(hosts(farm)) == ["n2", "n2", "n2", "n2"]


def test_of_two_workers_that_become_free_the_preferred_is_taken(farm: Farm) -> None:
    edit_pool(farm, "/slow", priority=10)
    edit_pool(farm, "/fast", priority=200)
    slow, fast = join(farm, "a-slow"), join(farm, "fast")
    edit_worker(farm, slow, pool="/slow")
    edit_worker(farm, fast, pool="/fast")
    submit(farm, job(block("1-2"), name="busy"))
    runs = started(farm)
    submit(farm, job(block("1"), name="next"))
    assert started(farm) == []
    for worker_id, run in runs:
        end(farm, worker_id, run.run_id, now=3)
    assert hosts(farm, 3) == ["fast"]


def test_a_worker_gets_the_task_that_is_for_it_wherever_it_stands(farm: Farm) -> None:
    submit(farm, job(named("n1", "n2", "n3"), maintenance=True))
    join(farm, "n3")
    assert begun(farm) == [2]


def test_tasks_on_one_worker_get_gpus_of_their_own(farm: Farm) -> None:
    edit_pool(farm, capacity_host=9_000)
    traits = msgspec.structs.replace(TRAITS, gpus=3)
    worker_id = join(farm, traits=traits)
    submit(farm, job(block("1-3", need_gpus=1)))
    runs = [run for _, run in started(farm)]
    assert [run.gpus for run in runs] == [(0,), (1,), (2,)]
    end(farm, worker_id, runs[1].run_id)
    submit(farm, job(block("1", need_gpus=1)))
    assert one(farm)[1].gpus == (1,)


def test_a_task_that_asks_for_no_memory_reserves_none(farm: Farm) -> None:
    join(farm)
    submit(farm, job(block("1")))
    _, run = one(farm)
    assert farm.state.runs[run.run_id].memory_mb == 0


def test_a_preferred_worker_with_enough_of_a_block_does_not_hide_the_other(farm: Farm) -> None:
    edit_pool(farm, capacity_host=9_000)
    edit_pool(farm, "/fast", priority=200)
    edit_worker(farm, join(farm, "fast"), pool="/fast")
    join(farm, "slow")
    submit(farm, job(block("1-2", max_running_tasks_per_host=1)))
    assert hosts(farm) == ["fast", "slow"]
