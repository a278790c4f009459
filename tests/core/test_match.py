from __future__ import annotations

from typing import Any

import msgspec
import pytest

from grange.core import commands as c
from grange.core.farm import Farm
from grange.core.match import in_pool, load_refusal, serves
from grange.model.ids import JobId, WorkerId
from tests.build import (
    TRAITS,
    begun,
    block,
    edit_branch,
    edit_pool,
    edit_user,
    edit_worker,
    end,
    hosts,
    job,
    join,
    one,
    started,
    submit,
    why,
)


def traits(**fields: Any) -> Any:
    return msgspec.structs.replace(TRAITS, **fields)


def measure(farm: Farm, worker_id: WorkerId, memory_mb: int, hdd_gb: int = 500) -> None:
    farm.apply(
        c.MeasureWorker(worker_id=worker_id, free_memory_mb=memory_mb, free_hdd_gb=hdd_gb), 1
    )


def submit_one(farm: Farm, **fields: Any) -> JobId:
    return submit(farm, job(block("1", **fields)))


@pytest.mark.parametrize(
    ("need", "code"),
    [
        ({"need_power": 2}, "power"),
        ({"need_cpu_cores": 9}, "cpu-cores"),
        ({"need_cpu_mhz": 3_001}, "cpu-mhz"),
        ({"need_cpu_mhz_cores": 24_001}, "cpu-mhz"),
        ({"need_gpus": 1}, "gpu"),
        ({"need_gpu_mem_mb": 1}, "gpu"),
        ({"need_properties": "ssd"}, "properties"),
        ({"need_memory_mb": 64_001}, "memory"),
        ({"need_hdd_gb": 501}, "disk"),
        ({"capacity": 1_101}, "capacity-total"),
        ({"capacity": 600, "capacity_coeff_min": 2}, "capacity-total"),
        ({"hosts_mask": "other"}, "hosts-mask"),
        ({"hosts_mask_exclude": "no"}, "hosts-mask-exclude"),
        ({"max_running_tasks_per_host": 0}, "block-per-host"),
        ({"tickets": {"nuke": 1}}, "tickets"),
    ],
)
def test_a_block_that_asks_for_more_than_a_worker_has_waits(
    farm: Farm, need: dict[str, Any], code: str
) -> None:
    edit_pool(farm, tickets_pool={"nuke": {"count": 0}})
    join(farm)
    job_id = submit_one(farm, **need)
    assert begun(farm) == []
    assert why(farm, job_id) == [code]


@pytest.mark.parametrize(
    "need",
    [
        {"need_power": 1},
        {"need_cpu_cores": 8},
        {"need_cpu_mhz": 3_000},
        {"need_cpu_mhz_cores": 24_000},
        {"need_memory_mb": 64_000},
        {"need_hdd_gb": 500},
        {"capacity": 1_100},
        {"hosts_mask": "other no"},
        {"hosts_mask_exclude": "other"},
        {"tickets": {"nobody-defined": 99}},
        {"need_memory_mb": 0, "need_hdd_gb": 0, "need_power": 0},
    ],
)
def test_a_block_that_asks_for_what_a_worker_has_runs(farm: Farm, need: dict[str, Any]) -> None:
    join(farm)
    submit_one(farm, **need)
    assert begun(farm) == [0]


@pytest.mark.parametrize(
    ("need", "code"),
    [
        ({"need_os": "windows"}, "os"),
        ({"need_os": "linux arm"}, "os"),
        ({"need_properties": "ssd"}, "properties"),
        ({"need_power": 2}, "power"),
        ({"need_memory_mb": 64_001}, "memory"),
        ({"need_hdd_gb": 501}, "disk"),
        ({"hosts_mask": "other"}, "hosts-mask"),
        ({"hosts_mask_exclude": "node"}, "hosts-mask-exclude"),
        ({"pools": {"/": -100}}, "pool-forbidden"),
        ({"pools": {"/fast": 100}}, "pool-exclusive"),
    ],
)
def test_a_job_its_user_and_its_branch_ask_alike(
    farm: Farm, need: dict[str, Any], code: str
) -> None:
    join(farm)
    own = submit(farm, job(**need))
    edit_user(farm, "bob", **need)
    of_user = submit(farm, user="bob")
    edit_branch(farm, "/show", **need)
    of_branch = submit(farm, job(branch="/show"), user="eve")
    assert begun(farm) == []
    assert why(farm, own) == why(farm, of_user) == why(farm, of_branch) == [code]


def test_a_wanted_system_is_found_in_any_case(farm: Farm) -> None:
    join(farm)
    submit(farm, job(block("1"), need_os="Linux X86"))
    assert begun(farm) == [0]


def test_wanted_properties_are_parts_of_the_workers(farm: Farm) -> None:
    edit_pool(farm, properties_host="ssd gpu-a6000")
    join(farm)
    submit(farm, job(block("1", need_properties="a6000"), need_properties="ssd"))
    assert begun(farm) == [0]


@pytest.mark.parametrize(
    ("levels", "allowed"),
    [
        ([], True),
        ([((), ())], True),
        ([(("nuke",), ())], True),
        ([(("maya",), ())], False),
        ([((), ("nuke",))], False),
        ([((), ("maya",))], True),
        ([(("maya",), ()), (("nuke",), ())], True),
        ([(("maya",), ()), ((), ())], False),
        ([(("nuke",), ()), ((), ("nuke",))], True),
        ([((), ("nuke",)), (("nuke",), ())], False),
        ([(("nuke",), ("nuke",))], False),
    ],
)
def test_the_nearest_level_that_names_a_service_decides(levels: Any, allowed: bool) -> None:
    assert serves("nuke", tuple(levels)) is allowed


def test_a_service_that_a_worker_is_not_set_up_for_waits(farm: Farm) -> None:
    worker_id = join(farm, traits=traits(services=("maya",)))
    job_id = submit_one(farm)
    assert begun(farm) == []
    assert why(farm, job_id) == ["service"]
    edit_worker(farm, worker_id, services=["generic"])
    assert begun(farm) == [0]


@pytest.mark.parametrize(
    ("path", "pool", "inside"),
    [
        ("/", "/a/b", True),
        ("/a", "/a/b", True),
        ("/a/b", "/a/b", True),
        ("/a", "/ab", False),
        ("/a/b", "/a", False),
        ("b", "/a/b", True),
        ("c", "/a/b", False),
    ],
)
def test_a_pool_preference_speaks_of_a_path_or_part_of_a_name(
    path: str, pool: str, inside: bool
) -> None:
    """Unlike in Afanasy, /a does not speak of /ab."""
    assert in_pool(path, pool) is inside


def two_pools(farm: Farm) -> None:
    edit_pool(farm, "/fast", pattern="f.*")
    edit_pool(farm, "/slow", pattern="s.*")
    join(farm, "slow")
    join(farm, "fast")


@pytest.mark.parametrize(
    ("pools", "chosen"),
    [
        ({"/fast": 5}, ["fast", "slow"]),
        ({"/slow": 5}, ["slow", "fast"]),
        ({"/fast": -5}, ["slow", "fast"]),
        ({"/fast": 100}, ["fast"]),
        ({"/fast": -100}, ["slow"]),
        ({"/": 100, "/fast": 3}, ["fast", "slow"]),
        ({"fa": 7}, ["fast", "slow"]),
        ({"/fast": 40, "low": 50}, ["slow", "fast"]),
    ],
)
def test_pools_are_preferred_demanded_and_forbidden(
    farm: Farm, pools: dict[str, int], chosen: list[str]
) -> None:
    two_pools(farm)
    submit(farm, job(block("1-9"), pools=pools))
    assert hosts(farm) == chosen


def test_preferences_of_job_user_and_branch_add_up(farm: Farm) -> None:
    two_pools(farm)
    edit_user(farm, pools={"/slow": 10})
    edit_branch(farm, "/", pools={"/fast": 6})
    submit(farm, job(block("1-9"), pools={"/fast": 6}))
    assert hosts(farm) == ["fast", "slow"]


def test_the_priority_of_a_workers_pool_goes_first(farm: Farm) -> None:
    two_pools(farm)
    edit_pool(farm, "/fast", priority=120)
    submit(farm, job(block("1-9")))
    assert hosts(farm) == ["fast", "slow"]


@pytest.mark.parametrize("path", ["/", "/fast"])
def test_a_pool_of_priority_0_gets_nothing(farm: Farm, path: str) -> None:
    two_pools(farm)
    edit_pool(farm, path, priority=0)
    job_id = submit(farm, job(block("1-9")))
    assert "fast" not in hosts(farm)
    assert "worker-priority" in why(farm, job_id)


def test_a_worker_of_priority_0_gets_nothing(farm: Farm) -> None:
    edit_worker(farm, join(farm), priority=0)
    job_id = submit(farm)
    assert begun(farm) == []
    assert why(farm, job_id) == ["worker-priority"]


def test_what_runs_takes_its_capacity_from_the_next(farm: Farm) -> None:
    edit_pool(farm, capacity_host=2_500)
    join(farm)
    job_id = submit(farm, job(block("1-9", capacity=1_000)))
    assert begun(farm) == [0, 1]
    assert why(farm, job_id) == ["capacity"]


def test_a_worker_of_capacity_minus_1_is_bound_by_its_tasks_alone(farm: Farm) -> None:
    edit_pool(farm, capacity_host=-1, max_tasks_host=3)
    join(farm)
    job_id = submit(farm, job(block("1-9", capacity=2_000_000_000)))
    assert begun(farm) == [0, 1, 2]
    assert why(farm, job_id) == ["worker-busy"]


def test_a_worker_without_any_bound_takes_all(farm: Farm) -> None:
    edit_pool(farm, capacity_host=-1, max_tasks_host=-1)
    join(farm)
    submit(farm, job(block("1-50")))
    assert len(begun(farm)) == 50


def test_memory_that_is_reserved_is_not_given_twice(farm: Farm) -> None:
    edit_pool(farm, capacity_host=9_000)
    join(farm)
    job_id = submit(farm, job(block("1-9", need_memory_mb=30_000)))
    assert begun(farm) == [0, 1]
    assert why(farm, job_id) == ["memory"]


def test_memory_that_others_use_is_not_given(farm: Farm) -> None:
    worker_id = join(farm)
    measure(farm, worker_id, memory_mb=900)
    job_id = submit_one(farm, need_memory_mb=1_000)
    assert begun(farm) == []
    assert why(farm, job_id) == ["memory"]
    measure(farm, worker_id, memory_mb=1_000)
    assert begun(farm) == [0]


def test_a_disk_that_is_full_is_not_given(farm: Farm) -> None:
    worker_id = join(farm)
    measure(farm, worker_id, memory_mb=64_000, hdd_gb=9)
    job_id = submit_one(farm, need_hdd_gb=10)
    assert begun(farm) == []
    assert why(farm, job_id) == ["disk"]
    measure(farm, worker_id, memory_mb=64_000, hdd_gb=10)
    assert begun(farm) == [0]


def test_a_gpu_is_never_given_twice(farm: Farm) -> None:
    edit_pool(farm, capacity_host=9_000, max_tasks_host=9)
    worker_id = join(farm, traits=traits(gpus=5, gpu_mem_mb=8_000))
    job_id = submit(farm, job(block("1-9", need_gpus=2, need_gpu_mem_mb=8_000)))
    runs = [run for _, run in started(farm)]
    assert [run.gpus for run in runs] == [(0, 1), (2, 3)]
    assert why(farm, job_id) == ["gpu-busy"]
    end(farm, worker_id, runs[0].run_id)
    assert one(farm)[1].gpus == (0, 1)


def test_a_task_without_a_need_of_gpus_gets_none(farm: Farm) -> None:
    join(farm, traits=traits(gpus=2))
    submit_one(farm)
    assert one(farm)[1].gpus == ()


def test_a_pools_tickets_are_shared_by_its_workers(farm: Farm) -> None:
    edit_pool(farm, tickets_pool={"nuke": {"count": 3}})
    for name in "abcd":
        join(farm, name)
    job_id = submit(farm, job(block("1-9", tickets={"nuke": 1})))
    assert len(begun(farm)) == 3
    assert why(farm, job_id) == ["capacity", "tickets"]


def test_a_task_may_hold_several_tickets(farm: Farm) -> None:
    edit_pool(farm, tickets_pool={"nuke": {"count": 5}, "vray": {"count": 1}})
    for name in "abcd":
        join(farm, name)
    submit(farm, job(block("1-9", tickets={"nuke": 2})))
    assert len(begun(farm)) == 2
    assert submit(farm, job(block("1", tickets={"nuke": 1, "vray": 2})))
    assert begun(farm) == []


def test_a_hosts_tickets_are_its_own(farm: Farm) -> None:
    edit_pool(farm, capacity_host=9_000, tickets_host={"nuke": {"count": 2}})
    join(farm, "a")
    edit_worker(farm, join(farm, "b"), tickets_host={"nuke": {"count": 1}})
    submit(farm, job(block("1-9", tickets={"nuke": 1})))
    assert sorted(hosts(farm)) == ["a", "a", "b"]


def test_the_nearest_pool_that_knows_a_ticket_decides(farm: Farm) -> None:
    edit_pool(farm, tickets_pool={"nuke": {"count": 1}})
    edit_pool(farm, "/fast", pattern="f.*", tickets_pool={"nuke": {"count": 2}})
    for name in ("f1", "f2", "f3", "other"):
        join(farm, name)
    submit(farm, job(block("1-9", tickets={"nuke": 1}, hosts_mask="f")))
    assert sorted(hosts(farm)) == ["f1", "f2"]


def test_only_max_hosts_hold_a_ticket(farm: Farm) -> None:
    edit_pool(farm, capacity_host=3_000, tickets_pool={"nuke": {"count": 9, "max_hosts": 1}})
    for name in "ab":
        join(farm, name)
    job_id = submit(farm, job(block("1-9", tickets={"nuke": 1})))
    assert hosts(farm) == ["a", "a", "a"]
    assert "tickets" in why(farm, job_id)


def test_a_ticket_that_comes_back_is_given_again(farm: Farm) -> None:
    edit_pool(farm, tickets_pool={"nuke": {"count": 1}})
    join(farm, "a")
    join(farm, "b")
    submit(farm, job(block("1-9", tickets={"nuke": 1})))
    worker_id, run = one(farm)
    end(farm, worker_id, run.run_id)
    assert begun(farm) == [1]


def test_more_tickets_are_given_at_once(farm: Farm) -> None:
    edit_pool(farm, tickets_pool={"nuke": {"count": 0}})
    join(farm)
    submit_one(farm, tickets={"nuke": 1})
    assert begun(farm) == []
    edit_pool(farm, tickets_pool={"nuke": {"count": 1}})
    assert begun(farm) == [0]


def test_tickets_go_with_a_worker_that_changes_its_pool(farm: Farm) -> None:
    edit_pool(farm, "/a", pattern="a.*", tickets_pool={"nuke": {"count": 1}}, max_tasks_host=1)
    edit_pool(farm, "/b", max_tasks_host=1)
    first = join(farm, "a1")
    join(farm, "a2")
    submit(farm, job(block("1-9", tickets={"nuke": 1})))
    assert hosts(farm) == ["a1"]
    edit_worker(farm, first, pool="/b")
    assert hosts(farm) == ["a2"]


def test_a_worker_out_of_reach_can_serve_nothing(farm: Farm) -> None:
    worker_id = join(farm)
    job_id = submit_one(farm)
    need = farm.state.demands[farm.state.jobs[job_id].blocks[0].demand].key
    assert load_refusal(farm.state, need, farm.state.workers[worker_id]) == ""
    farm.apply(c.UnlinkWorker(worker_id=worker_id), 1)
    assert load_refusal(farm.state, need, farm.state.workers[worker_id]) == "offline"
