"""What people are told of machines that stand free for long, or have more than they can take."""

from __future__ import annotations

from typing import Any

import pytest

from grange.core import commands as c
from grange.core.farm import Farm
from grange.core.objects import Worker
from grange.model.run import Resources, Traits
from grange.model.states import Rest
from grange.server.troubles import Trouble, Troubles
from tests.build import edit_pool, edit_worker, end, join, one, started, submit, worker_of

QUIET = {
    "mem_total_mb": 1_000,
    "mem_free_mb": 900,
    "swap_total_mb": 1_000,
    "swap_used_mb": 10,
    "hdd_total_gb": 1_000,
    "hdd_free_gb": 500,
}
MUCH: list[tuple[dict[str, int], dict[str, Any], str]] = [
    ({"overload_memory": 90}, {"mem_free_mb": 100}, "memory 90 % in use"),
    ({"overload_swap": 50}, {"swap_used_mb": 500}, "swap 50 % in use"),
    ({"overload_hdd": 99}, {"hdd_free_gb": 5}, "disk 100 % in use"),
    (
        {"overload_hdd": 50, "overload_memory": 5},
        {},
        "memory 10 % in use, disk 50 % in use",
    ),
]


@pytest.fixture
def farm() -> Farm:
    return Farm()


class Desk:
    """A machine and who looks at it."""

    def __init__(self, farm: Farm, **fields: Any) -> None:
        edit_pool(farm, **fields)
        self.farm = farm
        self.worker: Worker = worker_of(farm, join(farm, traits=Traits(macs=("02:42",))))
        self.troubles = Troubles()

    def look(self, now: float, **fields: Any) -> list[Trouble]:
        pools = self.farm.state.pool_chain(self.worker.pool)
        return self.troubles.look(self.worker, pools, Resources(**(QUIET | fields)), now)

    def told(self, *times: float) -> list[float]:
        """When something is told, of these times to look."""
        return [now for now in times if self.look(now)]


def test_a_worker_without_a_task_is_told_of_after_its_time_twice_that_and_so_on(
    farm: Farm,
) -> None:
    desk = Desk(farm, no_task_event_s=60)
    assert desk.look(0) == []
    assert desk.look(60) == [Trouble("no-task", "no task for 60 s")]
    assert desk.told(*range(61, 1_000)) == [120, 240, 480, 960]


def test_what_was_missed_is_told_once(farm: Farm) -> None:
    desk = Desk(farm, no_task_event_s=10)
    assert desk.told(0, 75, 76, 79, 80) == [75, 80]


def test_where_nothing_is_set_nothing_is_told(farm: Farm) -> None:
    desk = Desk(farm)
    assert desk.told(0, 10_000) == []
    edit_pool(farm, overload_memory=1, overload_event_s=0)
    assert desk.told(10_001, 90_000) == []


@pytest.mark.parametrize(
    "how",
    [
        {"nimby": "owner"},
        {"nimby": "nobody"},
        {"paused": True},
    ],
)
def test_a_worker_that_is_to_have_no_task_is_not_told_of(farm: Farm, how: dict[str, Any]) -> None:
    desk = Desk(farm, no_task_event_s=60)
    desk.look(0)
    edit_worker(farm, desk.worker.worker_id, **how)
    assert desk.told(100, 1_000) == []


def test_neither_is_one_that_is_sick_or_asleep(farm: Farm) -> None:
    desk = Desk(farm, no_task_event_s=60)
    farm.apply(c.NoteHealth(worker_id=desk.worker.worker_id, faults=("disk",)), 1)
    assert desk.told(0, 100) == []
    farm.apply(c.HealWorker(worker_id=desk.worker.worker_id), 101)
    desk.worker.rest = Rest.FALLING
    assert desk.told(101, 300) == []


def test_a_task_begins_the_time_anew_even_between_two_looks(farm: Farm) -> None:
    desk = Desk(farm, no_task_event_s=60)
    desk.look(0)
    submit(farm)
    worker_id, run = one(farm)
    end(farm, worker_id, run.run_id, now=50)
    assert desk.told(60, 119, 120) == [120]
    submit(farm)
    started(farm, 130)
    assert desk.told(200, 400) == []


@pytest.mark.parametrize(("rules", "fields", "why"), MUCH, ids=[why for _, _, why in MUCH])
def test_an_overload_is_told_of_with_what_is_much(
    farm: Farm, rules: dict[str, int], fields: dict[str, Any], why: str
) -> None:
    desk = Desk(farm, overload_event_s=30, **rules)
    assert desk.look(0, **fields) == []
    assert desk.look(29, **fields) == []
    assert desk.look(30, **fields) == [Trouble("overload", f"{why} for 30 s")]


def test_an_overload_that_ends_and_begins_is_another_one(farm: Farm) -> None:
    desk = Desk(farm, overload_event_s=30, overload_memory=50)
    looks = [(0, 100), (40, 100), (50, 900), (60, 100), (89, 100), (90, 100)]
    told = [now for now, free in looks if desk.look(now, mem_free_mb=free)]
    assert told == [40, 90]


def test_tasks_do_not_begin_the_time_of_an_overload_anew(farm: Farm) -> None:
    desk = Desk(farm, overload_event_s=30, overload_memory=5)
    desk.look(0)
    submit(farm)
    started(farm, 10)
    assert desk.told(30) == [30]


def test_a_machine_that_tells_nothing_has_no_overload(farm: Farm) -> None:
    desk = Desk(farm, overload_event_s=1, overload_memory=1, overload_swap=1, overload_hdd=1)
    silent = {"mem_total_mb": 0, "swap_total_mb": 0, "hdd_total_gb": 0}
    assert [desk.look(now, **silent) for now in (0, 10)] == [[], []]


def test_what_was_told_can_be_read_as_long_as_it_lasts(farm: Farm) -> None:
    desk = Desk(farm, overload_event_s=30, overload_memory=5, no_task_event_s=60)
    seen = []
    for now, free in ((0, 100), (29, 100), (30, 100), (70, 90), (80, 960)):
        desk.look(now, mem_free_mb=free)
        seen.append(desk.troubles.of(desk.worker.worker_id))
    assert seen == [
        "",
        "",
        "memory 90 % in use for 30 s",
        "no task for 70 s; memory 91 % in use for 70 s",
        "no task for 80 s",
    ]


def test_both_may_be_told_at_once(farm: Farm) -> None:
    desk = Desk(farm, overload_event_s=30, overload_memory=5, no_task_event_s=30)
    desk.look(0)
    assert [trouble.what for trouble in desk.look(30)] == ["no-task", "overload"]


def test_who_is_forgotten_begins_anew(farm: Farm) -> None:
    desk = Desk(farm, overload_event_s=30, overload_memory=5, no_task_event_s=30)
    desk.look(0)
    desk.troubles.forget(desk.worker.worker_id)
    assert desk.told(30, 59, 60) == [60]
