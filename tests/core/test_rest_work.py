"""How many machines are woken for how much work; what is told and kept of those that sleep."""

from __future__ import annotations

import pytest

from grange.core import commands as c
from grange.core.effects import Outcome, TellWorker, WakeMachine
from grange.core.errors import InvalidField
from grange.core.events import WorkerChanged
from grange.core.farm import Farm
from grange.core.rest import FALL_S
from grange.model.ids import WorkerId
from grange.model.run import Traits
from grange.model.states import Rest
from tests.build import (
    Life,
    block,
    edit_pool,
    job,
    join,
    refused,
    restarted,
    submit,
    worker_of,
)

MACHINE = Traits(os="linux", memory_mb=4_096, hdd_gb=100, macs=("02:42:ac:11:00:02",))


def sleep(farm: Farm, worker_id: WorkerId, now: float = 2) -> Outcome:
    return farm.apply(c.InstructWorker(worker_id=worker_id, what="sleep"), now)


def falling(farm: Farm) -> WorkerId:
    """A worker that was told to have its machine sleep."""
    worker_id = join(farm, traits=MACHINE)
    sleep(farm, worker_id)
    return worker_id


def asleep(farm: Farm, *names: str) -> list[WorkerId]:
    """Workers whose machines the farm has put to sleep."""
    found = [join(farm, name, traits=MACHINE) for name in names]
    for worker_id in found:
        sleep(farm, worker_id)
        farm.apply(c.UnlinkWorker(worker_id=worker_id), 3)
    return found


def woken(farm: Farm, now: float = 10) -> list[WorkerId]:
    effects = farm.dispatch(now).effects
    return [effect.worker_id for effect in effects if isinstance(effect, WakeMachine)]


def test_a_machine_may_be_told_to_sleep_again(farm: Farm) -> None:
    worker_id = falling(farm)
    assert sleep(farm, worker_id, 5).effects == [TellWorker(worker_id, "sleep")]
    assert worker_of(farm, worker_id).rested == 2


def test_a_machine_that_is_to_sleep_is_news(farm: Farm) -> None:
    worker_id = join(farm, traits=MACHINE)
    assert sleep(farm, worker_id).events == [WorkerChanged(worker_id)]
    assert farm.dispatch(2 + FALL_S).events == [WorkerChanged(worker_id)]


def test_who_wakes_a_machine_too_early_is_told_to_wait(farm: Farm) -> None:
    wake = c.InstructWorker(worker_id=falling(farm), what="wake")
    said = refused(farm, wake, InvalidField, "worker")
    assert said == "worker node is falling asleep: wake it in a moment"


def test_a_machine_that_fell_asleep_in_time_sleeps_on(farm: Farm) -> None:
    (worker_id,) = asleep(farm, "node")
    farm.dispatch(2 + FALL_S)
    assert worker_of(farm, worker_id).rest is Rest.ASLEEP


def test_that_a_machine_did_not_fall_asleep_is_kept(farm: Farm) -> None:
    worker_id = falling(farm)
    life = Life(farm)
    farm.dispatch(2 + FALL_S)
    assert worker_of(life.again(), worker_id).rest is Rest.AWAKE


def test_a_restart_gives_a_machine_the_rest_of_its_time_to_fall_asleep(farm: Farm) -> None:
    worker_id = join(farm, traits=MACHINE)
    sleep(farm, worker_id, 1_000)
    again = restarted(farm, now=1_001)
    again.dispatch(1_002)
    assert worker_of(again, worker_id).rest is Rest.FALLING


def test_a_machine_that_fell_asleep_while_the_server_was_away_can_be_woken(farm: Farm) -> None:
    worker_id = falling(farm)
    again = restarted(farm)
    wake = c.InstructWorker(worker_id=worker_id, what="wake")
    assert again.apply(wake, 5).effects == [WakeMachine(worker_id, MACHINE.macs)]
    assert worker_of(again, worker_id).rest is Rest.WAKING


def test_two_kinds_of_work_each_wake_machines(farm: Farm) -> None:
    first, _, third = asleep(farm, "a1", "a2", "b1")
    for mask in ("a", "b"):
        submit(farm, job(block("1", hosts_mask=mask)))
    assert woken(farm) == [first, third]


def test_a_machine_that_is_awake_and_full_does_not_count(farm: Farm) -> None:
    (sleeper,) = asleep(farm, "sleeper")
    edit_pool(farm, max_tasks_host=1)
    join(farm, traits=MACHINE)
    submit(farm, job(block("1-2")))
    assert woken(farm) == [sleeper]


def test_a_machine_without_bounds_is_thought_to_take_as_many_as_it_may(farm: Farm) -> None:
    edit_pool(farm, capacity_host=-1, max_tasks_host=4)
    machines = asleep(farm, "a", "b", "c")
    submit(farm, job(block("1-5")))
    assert woken(farm) == machines[:2]


def test_a_machine_takes_no_part_of_a_task(farm: Farm) -> None:
    machines = asleep(farm, "a", "b", "c")
    submit(farm, job(block("1-7", capacity=300)))  # 3 have room in each
    assert woken(farm) == machines


def test_a_machine_that_may_take_no_task_is_not_woken(farm: Farm) -> None:
    edit_pool(farm, max_tasks_host=0)
    asleep(farm, "a")
    submit(farm)
    assert woken(farm) == []


@pytest.mark.parametrize("branch", ["/", "/show"])
@pytest.mark.parametrize(
    ("users", "blocks"), [(("ada",), 2), (("ada", "ada"), 1), (("ada", "bob"), 1)]
)
def test_the_work_of_all_blocks_jobs_and_users_is_counted(
    farm: Farm, users: tuple[str, ...], blocks: int, branch: str
) -> None:
    edit_pool(farm, max_tasks_host=1)
    machines = asleep(farm, *"abcde")
    for user in users:
        submit(farm, job(*[block("1-2")] * blocks, branch=branch), user=user)
    assert woken(farm) == machines[:4]


def test_a_task_of_several_machines_wakes_as_many(farm: Farm) -> None:
    workers = asleep(farm, "a", "b", "c", "d")
    submit(farm, job(block("1", multihost_min=2, capacity=300)))
    assert woken(farm) == workers[:3]
