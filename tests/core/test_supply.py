from __future__ import annotations

from typing import Any

import msgspec
import pytest

from grange.core import commands as c
from grange.core.check import faults
from grange.core.farm import Farm
from grange.core.objects import Worker
from grange.core.supply import (
    need_of,
    regroup,
    reopen,
    reopen_tickets,
    ungroup,
    wanted_place,
)
from grange.model.ids import WorkerId
from grange.model.states import Presence
from tests.build import (
    TRAITS,
    begun,
    block,
    block_of,
    edit_branch,
    edit_job,
    edit_pool,
    edit_user,
    edit_worker,
    end,
    hosts,
    job,
    job_of,
    join,
    one,
    started,
    submit,
    worker_of,
)


def key(farm: Farm, job_id: Any) -> Any:
    return need_of(farm.state, job_of(farm, job_id), block_of(farm, job_id))


def group(farm: Farm, worker_id: WorkerId) -> Any:
    found = worker_of(farm, worker_id).group
    assert found is not None
    return found.key


def test_blocks_that_ask_alike_are_one_demand(farm: Farm) -> None:
    for user in ("ada", "bob"):
        submit(farm, job(block(), block(frames_per_task=2)), user=user)
    (demand,) = farm.state.demands.values()
    assert demand.blocks == 4


def test_workers_that_are_alike_are_one_group(farm: Farm) -> None:
    for number in range(50):
        join(farm, f"n{number}")
    (found,) = farm.state.groups.values()
    assert len(found.members) == 50


def test_a_need_is_the_greatest_of_all_levels(farm: Farm) -> None:
    edit_user(farm, need_power=3, need_memory_mb=5, need_hdd_gb=1)
    edit_branch(farm, need_power=1, need_memory_mb=9, need_hdd_gb=1)
    job_id = submit(farm, job(block(need_power=2, need_hdd_gb=7), need_memory_mb=4))
    found = key(farm, job_id)
    assert (found.power, found.memory_mb, found.hdd_gb) == (3, 9, 7)


def test_wishes_of_all_levels_add_up(farm: Farm) -> None:
    edit_user(farm, need_os="linux", need_properties="a")
    edit_branch(farm, need_os="x86", need_properties="b c")
    job_id = submit(farm, job(block(need_properties="d"), need_properties="e"))
    assert set(key(farm, job_id).os) == {"linux", "x86"}
    assert set(key(farm, job_id).properties) == {"a", "b", "c", "d", "e"}


def test_a_demand_takes_the_least_of_a_variable_capacity(farm: Farm) -> None:
    job_id = submit(farm, job(block(capacity=500, capacity_coeff_min=3)))
    assert key(farm, job_id).capacity == 1_500


def test_a_demand_is_forgotten_with_its_last_block(farm: Farm) -> None:
    join(farm)
    job_id = submit(farm, job(block(capacity=7), block(capacity=7)))
    other = submit(farm)
    farm.apply(c.DeleteJob(job_id=job_id), 1)
    assert [d.key.capacity for d in farm.state.demands.values()] == [1_000]
    assert all(len(g.demands) == 1 for g in farm.state.groups.values())
    assert other in farm.state.jobs


def test_a_mask_splits_the_workers_that_it_matches(farm: Farm) -> None:
    for name in ("a1", "a2", "b1"):
        join(farm, name)
    submit(farm, job(block("1-9"), hosts_mask="a"))
    assert len(farm.state.groups) == 2
    assert hosts(farm) == ["a1", "a2"]


def test_a_mask_that_is_known_splits_nothing_more(farm: Farm) -> None:
    join(farm, "a1")
    for _ in range(2):
        submit(farm, job(hosts_mask="a", hosts_mask_exclude="b"))
    assert len(farm.state.masks) == 2


@pytest.mark.proves("render.attributes.masks")
def test_masks_of_the_job_the_user_and_the_branch_must_all_match(farm: Farm) -> None:
    for name in ("n1", "n12", "n2", "x12"):
        join(farm, name)
    edit_user(farm, hosts_mask=".*2", hosts_mask_type="regex")
    edit_branch(farm, hosts_mask="n", hosts_mask_exclude="n2")
    submit(farm, job(block("1-9")))
    assert hosts(farm) == ["n12"]


def test_a_jobs_kind_of_mask_is_not_its_users(farm: Farm) -> None:
    join(farm, "n1")
    edit_user(farm, hosts_mask_type="regex", hosts_mask="n.")
    submit(farm, job(block("1-9"), hosts_mask="n", hosts_mask_type="find"))
    assert hosts(farm) == ["n1"]


@pytest.mark.parametrize(
    ("priorities", "effective"),
    [
        ((50, 99, 99), 86),
        ((50, 100, 99), 87),
        ((0, 99, 99), 0),
        ((50, 0, 99), 0),
        ((80, 60, 41), 55),
    ],
)
def test_a_pools_priority_is_the_mean_with_those_above(
    farm: Farm, priorities: tuple[int, int, int], effective: int
) -> None:
    for path, priority in zip(("/", "/a", "/a/b"), priorities, strict=True):
        edit_pool(farm, path, priority=priority)
    worker_id = join(farm)
    edit_worker(farm, worker_id, pool="/a/b")
    assert group(farm, worker_id).pool_priority == effective


def test_what_a_worker_can_run_is_said_by_itself_then_by_its_pools(farm: Farm) -> None:
    edit_pool(farm, services=["maya"], services_disabled=["nuke"])
    worker_id = join(farm, traits=msgspec.structs.replace(TRAITS, services=("nuke",)))
    assert group(farm, worker_id).levels == ((("nuke",), ()), ((), ()), (("maya",), ("nuke",)))
    edit_worker(farm, worker_id, services=["arnold"])
    assert group(farm, worker_id).levels[0] == (("arnold",), ())


def test_a_worker_without_a_power_has_power_1(farm: Farm) -> None:
    edit_pool(farm, power_host=-1)
    assert group(farm, join(farm)).power == 1


@pytest.mark.parametrize(
    ("fields", "free"),
    [
        ({}, True),
        ({"presence": Presence.MISSING}, False),
        ({"presence": Presence.OFFLINE}, False),
        ({"sick": "bad"}, False),
        ({"max_tasks": 0}, False),
        ({"capacity": 0}, False),
        ({"capacity": 9, "capacity_used": 9}, False),
        ({"capacity": 9, "capacity_used": 8}, True),
        ({"capacity": -1, "max_tasks": -1, "capacity_used": 10**9}, True),
    ],
)
def test_a_worker_stands_in_line_while_it_can_take_a_task(
    farm: Farm, fields: dict[str, Any], free: bool
) -> None:
    worker = Worker(
        WorkerId(1),
        "n",
        worker_of(farm, join(farm)).spec,
        TRAITS,
        "/",
        0,
        presence=Presence.ONLINE,
    )
    for name, value in fields.items():
        setattr(worker, name, value)
    assert (wanted_place(worker) is not None) is free


def test_the_worker_with_fewest_tasks_comes_first(farm: Farm) -> None:
    edit_pool(farm, capacity_host=9_000)
    for name in ("a", "b", "c"):
        join(farm, name)
    submit(farm, job(block("1-6")))
    assert hosts(farm) == ["a", "b", "c", "a", "b", "c"]


def test_of_workers_with_as_many_tasks_the_one_with_most_capacity_comes_first(farm: Farm) -> None:
    join(farm, "small")
    edit_worker(farm, join(farm, "big"), capacity_host=9_000)
    submit(farm, job(block("1")))
    assert hosts(farm) == ["big"]


def test_of_equal_workers_the_one_of_higher_priority_comes_first(farm: Farm) -> None:
    join(farm, "plain")
    edit_worker(farm, join(farm, "dear"), priority=120)
    submit(farm, job(block("1")))
    assert hosts(farm) == ["dear"]


def test_of_equal_workers_the_one_that_rested_longest_comes_first(farm: Farm) -> None:
    for name in ("a", "b"):
        join(farm, name)
    submit(farm, job(block("1-9")))
    for now in (10, 20, 30):
        for worker_id, run in started(farm, now):
            end(farm, worker_id, run.run_id, now=now + (worker_of(farm, worker_id).name == "a"))
    assert hosts(farm, 40) == ["b", "a"]


def test_a_demand_that_nobody_can_serve_is_not_looked_at(farm: Farm) -> None:
    job_id = submit(farm)
    assert begun(farm) == []
    assert farm.state.open_demands == set()
    join(farm)
    assert farm.state.open_demands == {block_of(farm, job_id).demand}


def test_a_new_kind_of_worker_is_tried_for_all_that_it_can_serve(farm: Farm) -> None:
    submit(farm, job(block("1", need_gpus=1)))
    join(farm)
    assert begun(farm) == []
    join(farm, "gpu", traits=msgspec.structs.replace(TRAITS, gpus=1))
    assert hosts(farm) == ["gpu"]


def test_more_workers_become_free_than_are_remembered(farm: Farm) -> None:
    submit(farm, job(block("1-9")))
    assert begun(farm) == []
    for number in range(300):
        join(farm, f"n{number}")
    assert len(begun(farm)) == 9


def test_a_job_whose_needs_change_is_offered_as_what_it_is(farm: Farm) -> None:
    join(farm)
    job_id = submit(farm, job(block("1", need_power=9)))
    assert begun(farm) == []
    edit_job(farm, job_id, block=0, need_power=1)
    assert begun(farm) == [0]


def test_a_users_machine_is_for_him_as_soon_as_it_says_so(farm: Farm) -> None:
    worker_id = join(farm)
    submit(farm, job(block("1")), user="bob")
    of_ada = submit(farm, job(block("1")))
    edit_worker(farm, worker_id, nimby="owner", user="ada")
    assert one(farm)[1].job_id == of_ada
    edit_worker(farm, worker_id, nimby="free")
    assert farm.state.owners == {}


def test_two_machines_of_one_user_are_counted_one_by_one(farm: Farm) -> None:
    first, second = join(farm, "a"), join(farm, "b")
    submit(farm, job(block("1")))
    for worker_id in (first, second):
        edit_worker(farm, worker_id, nimby="owner", user="ada")
    edit_worker(farm, first, user="bob")
    assert farm.state.owners == {"ada": 1, "bob": 1}
    farm.apply(c.LoseWorker(worker_id=second), 1)
    farm.apply(c.DeleteWorker(worker_id=second), 1)
    assert (farm.state.owners, list(faults(farm.state))) == ({"bob": 1}, [])


def test_an_edit_of_memory_that_frees_a_worker_counts_at_once(farm: Farm) -> None:
    worker_id = join(farm, traits=msgspec.structs.replace(TRAITS, memory_mb=100))
    submit(farm, job(block("1", need_memory_mb=200)))
    assert begun(farm) == []
    bigger = msgspec.structs.replace(TRAITS, memory_mb=200)
    farm.apply(c.JoinWorker(name="node", boot_id="b", traits=bigger), 2)
    assert one(farm, 2)[0] == worker_id


def test_a_demand_that_is_looked_at_again_is_tried_on_all_workers(farm: Farm) -> None:
    join(farm)
    job_id = submit(farm, job(block("1", need_memory_mb=99_000)))
    begun(farm)
    number = block_of(farm, job_id).demand
    assert farm.state.demands[number].fresh == set()
    reopen(farm.state, number)
    assert farm.state.demands[number].fresh is None
    assert number in farm.state.open_demands


def test_tickets_that_come_back_open_the_demands_that_want_them(farm: Farm) -> None:
    ids = [submit(farm, job(block(tickets=tickets))) for tickets in ({"nuke": 1}, {"vray": 1})]
    begun(farm)
    reopen_tickets(farm.state, {"nuke"})
    assert farm.state.open_demands == {block_of(farm, ids[0]).demand}


def test_a_worker_that_leaves_its_line_leaves_its_group(farm: Farm) -> None:
    for name in ("a", "b"):
        join(farm, name)
    gone = worker_of(farm, WorkerId(1))
    ungroup(farm.state, gone)
    ungroup(farm.state, gone)
    (left,) = farm.state.groups.values()
    assert left.members == {2}
    regroup(farm.state, gone)


def test_a_change_of_a_pool_regroups_the_workers_below(farm: Farm) -> None:
    edit_pool(farm, "/a", pattern="a.*")
    edit_pool(farm, "/ab", pattern="b.*")
    first, other = join(farm, "a1"), join(farm, "b1")
    edit_pool(farm, "/a", power_host=7)
    assert (group(farm, first).power, group(farm, other).power) == (7, 1)


def test_a_mask_that_comes_later_splits_the_workers_that_are_there(farm: Farm) -> None:
    first, other = join(farm, "a1"), join(farm, "b1")
    submit(farm, job(hosts_mask="a"))
    assert (len(group(farm, first).masks), len(group(farm, other).masks)) == (1, 0)


def test_jobs_that_ask_alike_in_branches_of_any_depth_are_one_demand(farm: Farm) -> None:
    edit_branch(farm, "/show")
    for branch in ("/", "/show"):
        submit(farm, job(branch=branch))
    assert len(farm.state.demands) == 1


@pytest.mark.parametrize("field", ["power", "capacity", "max_tasks"])
def test_a_worker_that_says_0_is_not_asked_for_its_pools_word(farm: Farm, field: str) -> None:
    said = f"{field}_host"
    farm.apply(c.EditPool(path="/", changes={said: 5}), 1)
    worker_id = join(farm)
    farm.apply(c.EditWorker(worker_id=worker_id, changes={said: 0}), 1)
    assert getattr(group(farm, worker_id), field) == 0


def test_a_worker_of_which_nobody_says_anything_has_no_bounds(farm: Farm) -> None:
    edit_pool(farm, capacity_host=-1, max_tasks_host=-1)
    found = group(farm, join(farm))
    assert (found.capacity, found.max_tasks, found.properties, found.owner) == (-1, -1, "", "")


def test_workers_of_several_users_that_serve_everybody_are_one_group(farm: Farm) -> None:
    for name in ("a", "b"):
        edit_worker(farm, join(farm, name), user=f"user-{name}")
    assert len(farm.state.groups) == 1


def test_of_workers_with_as_many_tasks_the_one_without_a_bound_comes_first(farm: Farm) -> None:
    edit_pool(farm, capacity_host=-1)
    edit_worker(farm, join(farm, "bounded"), capacity_host=2**30)
    join(farm, "free")
    submit(farm, job(block("1")))
    assert hosts(farm) == ["free"]


def test_of_workers_with_as_many_tasks_the_one_with_most_capacity_left_comes_first(
    farm: Farm,
) -> None:
    edit_pool(farm, capacity_host=9_000)
    for name in ("a", "b"):
        join(farm, name)
    submit(farm, job(block("1", capacity=5_000), block("1-2", capacity=1_000)))
    assert hosts(farm) == ["a", "b", "b"]


def test_a_worker_that_is_taken_out_of_service_in_the_same_moment_gets_no_task(
    farm: Farm,
) -> None:
    worker_id = join(farm)
    submit(farm, job(block("1-9"), name="busy"))
    first = one(farm)
    assert started(farm) == []  # closed: only who changes is looked at again
    end(farm, worker_id, first[1].run_id)  # it is free: to be looked at
    edit_worker(farm, worker_id, nimby="nobody")  # and serves nobody, in the same batch
    assert started(farm) == []
