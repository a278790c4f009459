from __future__ import annotations

from typing import Any

import pytest

from grange.core.farm import Farm
from grange.core.records import HostErrors
from grange.core.state import FarmState
from grange.model.ids import WorkerId
from grange.model.states import RunStatus
from tests.build import (
    READY,
    SUSPENDED,
    block,
    block_of,
    edit_branch,
    edit_pool,
    edit_user,
    edit_worker,
    end,
    job,
    job_of,
    join,
    one,
    started,
    submit,
    worker_of,
)


def test_ids_of_each_kind_grow_on_their_own() -> None:
    state = FarmState()
    assert [state.new_id(kind) for kind in ("job", "run", "job", "worker", "job")] == [
        *(1, 1, 2, 1, 3),
    ]


def test_a_new_farm_has_a_root_branch_and_a_root_pool() -> None:
    state = FarmState()
    assert (list(state.branches), list(state.pools)) == (["/"], ["/"])
    root = state.branches["/"].spec
    assert (root.create_childs, root.solve, root.need_by) == (True, "priority", "tasks")
    assert (state.pools["/"].spec.capacity_host, state.pools["/"].spec.max_tasks_host) == (
        1_100,
        4,
    )


def test_a_chain_goes_up_from_the_nearest(farm: Farm) -> None:
    for path in ("/a", "/a/b"):
        edit_branch(farm, path)
        edit_pool(farm, path)
    state = farm.state
    assert [branch.path for branch in state.branch_chain("/a/b")] == ["/a/b", "/a", "/"]
    assert [pool.path for pool in state.pool_chain("/a")] == ["/a", "/"]


def test_a_run_is_booked_everywhere_and_taken_off_again(farm: Farm) -> None:
    edit_branch(farm, "/show")
    worker_id = join(farm)
    job_id = submit(farm, job(block("1", tickets={"nuke": 2}), branch="/show"))
    run_id = one(farm)[1].run_id
    state, job_now = farm.state, job_of(farm, job_id)
    user, root = state.users["ada"], state.branches["/"]
    counts = [job_now.hosts, job_now.blocks[0].hosts, user.hosts, root.hosts]
    assert counts == [{worker_id: 1}] * 4
    assert (user.running, root.share.running, job_now.blocks[0].capacity_used) == (1, 1, 1_000)
    assert state.pools["/"].tickets_used == {"nuke": {worker_id: 2}}
    end(farm, worker_id, run_id, RunStatus.STOPPED)
    assert [job_now.hosts, job_now.blocks[0].hosts, user.hosts, root.hosts] == [{}] * 4
    assert (user.running, root.share.running, job_now.blocks[0].capacity_used) == (0, 0, 0)
    assert state.pools["/"].tickets_used == {"nuke": {}}


@pytest.mark.parametrize(
    ("settings", "count", "free"),
    [
        ({}, 99, True),
        ({"tickets_host": {"nuke": {"count": 3}}}, 1, True),
        ({"tickets_host": {"nuke": {"count": 3}}}, 2, False),
        ({"tickets_pool": {"nuke": {"count": 3}}}, 1, True),
        ({"tickets_pool": {"nuke": {"count": 3}}}, 2, False),
        ({"tickets_pool": {"nuke": {"count": 9, "max_hosts": 1}}}, 1, True),
        ({"tickets_pool": {"nuke": {"count": 9, "max_hosts": 0}}}, 1, True),
        ({"tickets_pool": {"vray": {"count": 0}}}, 1, True),
    ],
)
def test_a_worker_that_holds_two_tickets_may_get_more(
    farm: Farm, settings: Any, count: int, free: bool
) -> None:
    worker_id = join(farm)
    submit(farm, job(block("1", tickets={"nuke": 2})))
    started(farm)
    edit_pool(farm, **settings)
    assert farm.state.ticket_free(worker_of(farm, worker_id), "nuke", count) is free


@pytest.mark.parametrize(("hosts", "free"), [(0, False), (1, False), (2, True), (-1, True)])
def test_a_new_host_gets_a_ticket_while_few_hold_it(farm: Farm, hosts: int, free: bool) -> None:
    join(farm, "a")
    submit(farm, job(block("1", tickets={"nuke": 1})))
    started(farm)
    edit_pool(farm, tickets_pool={"nuke": {"count": 9, "max_hosts": hosts}})
    other = worker_of(farm, join(farm, "b"))
    assert farm.state.ticket_free(other, "nuke", 1) is free


def test_a_workers_own_tickets_go_before_its_pools(farm: Farm) -> None:
    edit_pool(farm, tickets_host={"nuke": {"count": 1}})
    worker_id = join(farm)
    assert not farm.state.ticket_free(worker_of(farm, worker_id), "nuke", 2)
    edit_worker(farm, worker_id, tickets_host={"nuke": {"count": 2}})
    assert farm.state.ticket_free(worker_of(farm, worker_id), "nuke", 2)


FIELDS = {
    "errors_retries": "retries",
    "errors_forgive_time_s": "forgive_time",
}


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize(("own", "found"), [(-1, 5), (0, 0), (7, 7)])
def test_a_blocks_own_value_goes_before_its_users(
    farm: Farm, field: str, own: int, found: int
) -> None:
    users: dict[str, Any] = {field: 5}
    blocks: dict[str, Any] = {field: own}
    edit_user(farm, **users)
    job_id = submit(farm, job(block(**blocks)))
    ask = getattr(farm.state, FIELDS[field])
    assert ask(job_of(farm, job_id), block_of(farm, job_id)) == found


def test_a_task_that_is_ready_again_is_next_in_its_order(farm: Farm) -> None:
    worker_id = join(farm)
    job_id = submit(farm, job(block("1-3")))
    end(farm, worker_id, one(farm)[1].run_id, RunStatus.STOPPED)
    farm.state.move(block_of(farm, job_id), 0, SUSPENDED)
    farm.state.move(block_of(farm, job_id), 0, READY)
    assert one(farm)[1].task == 0
    assert (job_id, 0) in farm.state.dirty.chunks
    assert worker_id == WorkerId(1)


@pytest.mark.parametrize(
    ("count", "limit", "forgive", "avoided"),
    [(1, 2, 60, False), (2, 2, 60, True), (2, 2, 5, False), (2, 0, 60, False), (9, 2, 0, True)],
)
def test_a_host_is_remembered_by_block_and_task(
    farm: Farm, count: int, limit: int, forgive: int, avoided: bool
) -> None:
    edit_user(farm, errors_avoid_host=limit, errors_task_same_host=limit)
    job_id = submit(farm, job(block(errors_forgive_time_s=forgive)))
    job_now, kept = job_of(farm, job_id), {"node": HostErrors(count=count, last=10)}
    part = job_now.blocks[0]
    part.error_hosts = kept
    assert farm.state.avoids(job_now, part, "node", 20) is avoided
    assert farm.state.task_avoids(job_now, part, kept, "node", 20) is avoided
    assert not farm.state.avoids(job_now, part, "other", 20)
    part.error_hosts = {}


def test_the_root_is_as_old_as_time_and_has_no_rank() -> None:
    state = FarmState()
    root = state.branches["/"]
    assert (root.created, state.pools["/"].created) == (0.0, 0.0)
    assert (root.share.priority, root.share.age, root.share.last_start) == (0, 0, 0)


def test_an_end_is_no_start(farm: Farm) -> None:
    edit_pool(farm, capacity_host=9_000)
    worker_id = join(farm)
    submit(farm)
    first, second, *_ = (run.run_id for _, run in started(farm))
    share = farm.state.branches["/"].share
    last = share.last_start
    end(farm, worker_id, first)
    end(farm, worker_id, second)
    assert share.last_start == last == farm.state.last_ids["run"]


@pytest.mark.parametrize("limit", [0, 1])
def test_what_a_block_says_of_errors_counts_more_than_what_its_user_says(
    farm: Farm, limit: int
) -> None:
    edit_user(farm, errors_avoid_host=1 - limit, errors_task_same_host=1 - limit)
    spec = block("1", errors_avoid_host=limit, errors_task_same_host=limit)
    job_id = submit(farm, job(spec))
    item, errors = block_of(farm, job_id), {"node": HostErrors(count=1, last=1)}
    item.error_hosts.update(errors)
    args = (job_of(farm, job_id), item)
    assert farm.state.avoids(*args, "node", 2) is (limit == 1)
    assert farm.state.task_avoids(*args, errors, "node", 2) is (limit == 1)
