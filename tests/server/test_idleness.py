"""Nimby, free and sleep by themselves."""

from __future__ import annotations

from typing import Any

import pytest

from grange.core.farm import Farm
from grange.core.objects import Worker
from grange.model.run import Resources, Traits
from grange.model.states import Nimby, Rest
from grange.server.idleness import RULES, Change, Idleness, resolved
from tests.build import begun, edit_pool, edit_worker, end, join, one, submit, worker_of

SLEEP = {"idle_sleep_s": 60, "idle_cpu": 10}
MACHINE = Traits(macs=("02:42:ac:11:00:02",))
QUIET = {
    "cpu_idle": 98,
    "mem_total_mb": 1_000,
    "mem_free_mb": 900,
    "swap_total_mb": 1_000,
    "swap_used_mb": 10,
    "hdd_free_gb": 500,
    "hdd_busy": 1,
    "net_recv_kbsec": 512,
    "net_send_kbsec": 512,
    "idle_s": 4_000.0,
}
BUSY: list[tuple[dict[str, int], dict[str, Any], str]] = [
    ({"busy_cpu": 80}, {"cpu_idle": 20}, "CPU 80 %"),
    ({"busy_memory": 50}, {"mem_free_mb": 500}, "memory 50 %"),
    ({"busy_swap": 30}, {"swap_used_mb": 300}, "swap 30 %"),
    ({"busy_hdd_io": 60}, {"hdd_busy": 60}, "disk busy 60 %"),
    ({"busy_net_mbs": 10}, {"net_recv_kbsec": 10_240}, "network 10 MB/s"),
    ({"busy_hdd_gb": 20}, {"hdd_free_gb": 20}, "20 GB of disk left"),
    ({"busy_input_s": 300}, {"idle_s": 5.0}, "a person's input 5 s ago"),
    ({"busy_input_s": 300}, {"idle_s": 0.0}, "a person's input 0 s ago"),
]
NOT_IDLE: list[tuple[dict[str, int], dict[str, Any]]] = [
    ({"idle_cpu": 10}, {"cpu_idle": 89}),
    ({"idle_memory": 20}, {"mem_free_mb": 799}),
    ({"idle_swap": 20}, {"swap_used_mb": 201}),
    ({"idle_hdd_gb": 100}, {"hdd_free_gb": 99}),
    ({"idle_hdd_io": 5}, {"hdd_busy": 6}),
    ({"idle_net_mbs": 2}, {"net_recv_kbsec": 2_048}),
    ({"idle_input_s": 1_800}, {"idle_s": 1_799.0}),
]


def load(**fields: Any) -> Resources:
    return Resources(**(QUIET | fields))


@pytest.fixture
def farm() -> Farm:
    return Farm()


class Desk:
    """A machine and who looks at it."""

    def __init__(self, farm: Farm, **fields: Any) -> None:
        edit_pool(farm, **fields)
        self.farm = farm
        self.worker: Worker = worker_of(farm, join(farm, traits=MACHINE))
        self.idleness = Idleness()

    def look(self, now: float, **fields: Any) -> Change | None:
        pools = self.farm.state.pool_chain(self.worker.pool)
        return self.idleness.look(self.worker, pools, load(**fields), now)

    def nimby(self, nimby: Nimby) -> None:
        edit_worker(self.farm, self.worker.worker_id, nimby=nimby)


@pytest.mark.parametrize(("rule", "fields", "why"), BUSY, ids=[why for _, _, why in BUSY])
def test_a_machine_in_use_becomes_nimby(
    farm: Farm, rule: dict[str, int], fields: dict[str, Any], why: str
) -> None:
    desk = Desk(farm, busy_nimby_s=60, **rule)
    assert desk.look(0, **fields) is None
    assert desk.look(59, **fields) is None
    assert desk.look(60, **fields) == Change("nimby", f"in use for 60 s: {why}")


def test_one_quiet_look_begins_the_time_anew(farm: Farm) -> None:
    desk = Desk(farm, busy_nimby_s=60, busy_cpu=80)
    for now, idle in ((0, 5), (30, 50), (40, 5), (99, 5)):
        assert desk.look(now, cpu_idle=idle) is None
    assert desk.look(100, cpu_idle=5) is not None


@pytest.mark.parametrize(("rule", "fields"), NOT_IDLE, ids=[str(rule) for rule, _ in NOT_IDLE])
def test_a_machine_that_was_left_is_free_again(
    farm: Farm, rule: dict[str, int], fields: dict[str, Any]
) -> None:
    desk = Desk(farm, idle_free_s=60, **rule)
    desk.nimby(Nimby.NOBODY)
    assert desk.look(0) is None
    assert desk.look(30, **fields) is None  # not idle: the time begins anew
    assert desk.look(40) is None
    assert desk.look(99) is None
    assert desk.look(100) == Change("free", "idle for 60 s")


def test_all_that_is_asked_of_an_idle_machine_must_hold(farm: Farm) -> None:
    desk = Desk(farm, idle_free_s=60, idle_cpu=10, idle_hdd_io=5)
    desk.nimby(Nimby.OWNER)
    for now in (0, 60, 120):
        assert desk.look(now, hdd_busy=50) is None


def test_where_nothing_is_asked_nothing_happens(farm: Farm) -> None:
    desk = Desk(farm, idle_free_s=1, idle_sleep_s=1, busy_nimby_s=1)
    desk.nimby(Nimby.NOBODY)
    for now in (0, 100):
        assert desk.look(now, cpu_idle=0) is None


def test_where_no_time_is_set_nothing_happens(farm: Farm) -> None:
    desk = Desk(farm, idle_cpu=50, busy_cpu=50)
    for now in (0, 10_000):
        assert desk.look(now) is None
        assert desk.look(now + 1, cpu_idle=0) is None


def test_an_idle_machine_sleeps_if_something_can_wake_it(farm: Farm) -> None:
    desk = Desk(farm, idle_sleep_s=60, idle_cpu=10)
    assert desk.look(0) is None
    assert desk.look(60) == Change("sleep", "idle for 60 s")
    desk.worker.traits = Traits()
    for now in (100, 200):
        assert desk.look(now) is None


def test_a_machine_with_a_task_is_neither_busy_nor_idle(farm: Farm) -> None:
    desk = Desk(farm, idle_sleep_s=60, idle_cpu=100, busy_nimby_s=60, busy_cpu=1)
    desk.look(0)
    submit(farm)
    assert begun(farm)
    for now in (60, 120):
        assert desk.look(now) is None


def test_a_machine_that_falls_asleep_is_left_alone(farm: Farm) -> None:
    desk = Desk(farm, idle_sleep_s=60, idle_cpu=100)
    desk.worker.rest = Rest.FALLING
    for now in (0, 60, 120):
        assert desk.look(now) is None


def test_a_nimby_machine_is_not_made_nimby_again(farm: Farm) -> None:
    desk = Desk(farm, busy_nimby_s=60, busy_cpu=1)
    desk.nimby(Nimby.OWNER)
    for now in (0, 60):
        assert desk.look(now, cpu_idle=0) is None


def test_what_a_machine_does_not_tell_holds_nobody_back(farm: Farm) -> None:
    desk = Desk(farm, idle_free_s=60, idle_input_s=100, idle_swap=10, idle_memory=10)
    desk.nimby(Nimby.NOBODY)
    silent = {"idle_s": -1.0, "swap_total_mb": 0, "mem_total_mb": 0}
    assert desk.look(0, **silent) is None
    assert desk.look(60, **silent) is not None


def test_a_threshold_comes_from_the_nearest_pool_that_has_one(farm: Farm) -> None:
    edit_pool(farm, idle_cpu=5, idle_free_s=7, idle_swap=9)
    edit_pool(farm, "/desks", idle_cpu=10, idle_swap=0)
    found = resolved(farm.state.pool_chain("/desks"), RULES)
    assert found == dict.fromkeys(RULES, 0) | {"idle_cpu": 10, "idle_free_s": 7}


def test_a_worker_without_a_task_for_long_exits_whatever_its_machine_does(farm: Farm) -> None:
    desk = Desk(farm, exit_no_task_s=600)
    for now, idle in ((0, 98), (300, 0), (599, 50)):
        assert desk.look(now, cpu_idle=idle) is None
    assert desk.look(600, cpu_idle=98) == Change("exit", "no task for 600 s")
    assert desk.look(601) is None


def test_a_worker_stays_where_no_time_is_set(farm: Farm) -> None:
    desk = Desk(farm, exit_no_task_s=0)
    for now in (0, 9_000):
        assert desk.look(now) is None


@pytest.mark.parametrize("to", ["exit", "sleep"])
def test_a_task_between_two_looks_begins_the_time_anew(farm: Farm, to: str) -> None:
    desk = Desk(farm, **{"exit": {"exit_no_task_s": 60}, "sleep": SLEEP}[to])
    assert desk.look(0) is None
    submit(farm)
    worker_id, run = one(farm)
    end(farm, worker_id, run.run_id, now=50)
    assert desk.look(60) is None
    assert desk.look(119) is None
    found = desk.look(120)
    assert found is not None
    assert found.to == to


def test_who_is_forgotten_begins_anew(farm: Farm) -> None:
    desk = Desk(farm, idle_sleep_s=60, idle_cpu=10)
    desk.look(0)
    desk.idleness.forget(desk.worker.worker_id)
    assert desk.look(60) is None
