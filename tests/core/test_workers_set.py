"""What is set on a worker counts before its pool's word, and outlives a restart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from grange.core.farm import Farm
from grange.core.objects import Worker
from grange.model.ids import WorkerId
from tests.build import (
    Life,
    begun,
    block,
    edit_pool,
    edit_worker,
    hosts,
    job,
    join,
    submit,
    why,
    worker_of,
)

Shown = Callable[[Worker], object]


@pytest.fixture
def worker_id(farm: Farm) -> WorkerId:
    """A worker of a pool that lets it run nine tasks."""
    edit_pool(farm, capacity_host=9_000, max_tasks_host=9)
    return join(farm)


@pytest.mark.proves("render.editable.kept_over_restarts")
@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [
        pytest.param(
            *("user", "ann", lambda worker: worker.spec.user),
            marks=pytest.mark.proves("render.editable.user_name"),
        ),
        ("priority", 7, lambda worker: worker.spec.priority),
        ("capacity_host", 1_500, lambda worker: worker.capacity),
        ("max_tasks_host", 3, lambda worker: worker.max_tasks),
        ("services", ("nuke",), lambda worker: worker.spec.services),
        ("services_disabled", ("nuke",), lambda worker: worker.spec.services_disabled),
        pytest.param(
            *("annotation", "by the door", lambda worker: worker.spec.annotation),
            marks=pytest.mark.proves("render.editable.annotation"),
        ),
    ],
)
def test_what_is_set_on_a_worker_is_kept(
    farm: Farm, worker_id: WorkerId, field: str, value: Any, shown: Shown
) -> None:
    life = Life(farm)
    edit_worker(farm, worker_id, **{field: value})
    assert shown(worker_of(farm, worker_id)) == value
    assert shown(worker_of(life.again(), worker_id)) == value


@pytest.mark.proves("render.editable.priority")
def test_the_worker_of_higher_priority_gets_the_task_first(
    farm: Farm, worker_id: WorkerId
) -> None:
    dear = join(farm, "dear")
    for number, named in ((dear, "dear"), (worker_id, "node")):
        edit_worker(farm, number, priority=120)
        submit(farm, job(block("1", capacity=1)))
        assert hosts(farm) == [named]
        edit_worker(farm, number, max_tasks_host=0)


@pytest.mark.parametrize(
    ("changes", "capacity", "reason"),
    [
        pytest.param(
            *({"capacity_host": 2_500}, 1_000, "capacity"),
            marks=pytest.mark.proves("render.editable.capacity"),
        ),
        pytest.param(
            *({"max_tasks_host": 2}, 1, "worker-busy"),
            marks=pytest.mark.proves("render.editable.max_tasks"),
        ),
    ],
)
def test_a_workers_own_bound_counts_before_its_pools(
    farm: Farm, worker_id: WorkerId, changes: dict[str, int], capacity: int, reason: str
) -> None:
    edit_worker(farm, worker_id, **changes)
    job_id = submit(farm, job(block("1-9", capacity=capacity)))
    assert begun(farm) == [0, 1]
    assert why(farm, job_id) == [reason]
    edit_worker(farm, worker_id, **dict.fromkeys(changes, -1))
    assert len(begun(farm)) == 7


@pytest.mark.proves("render.editable.services")
def test_a_worker_runs_the_services_that_are_set_on_it(farm: Farm, worker_id: WorkerId) -> None:
    edit_worker(farm, worker_id, services=["nuke"])
    job_id = submit(farm, job(block("1")))
    assert begun(farm) == []
    assert why(farm, job_id) == ["service"]
    edit_worker(farm, worker_id, services=["generic"])
    assert begun(farm) == [0]


@pytest.mark.proves("render.editable.services")
def test_a_worker_on_which_no_service_is_set_runs_those_of_its_pool(
    farm: Farm, worker_id: WorkerId
) -> None:
    edit_pool(farm, services=["nuke"])
    job_id = submit(farm, job(block("1")))
    assert begun(farm) == []
    assert why(farm, job_id) == ["service"]
    edit_pool(farm, services=["nuke", "generic"])
    assert begun(farm) == [0]


@pytest.mark.proves("render.editable.services_disabled")
def test_a_service_that_is_disabled_on_a_worker_does_not_run_there(
    farm: Farm, worker_id: WorkerId
) -> None:
    edit_worker(farm, worker_id, services_disabled=["generic"])
    job_id = submit(farm, job(block("1")))
    assert begun(farm) == []
    assert why(farm, job_id) == ["service"]
    edit_worker(farm, worker_id, services_disabled=[])
    assert begun(farm) == [0]
