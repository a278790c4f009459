from __future__ import annotations

import msgspec
import pytest

from grange.core import commands as c
from grange.core.effects import Launch, TellWorker, WakeMachine
from grange.core.errors import InvalidField
from grange.core.farm import Farm
from grange.core.rest import FALL_S, LOOK_S, WAKE_S
from grange.core.why import why_worker
from grange.model.ids import WorkerId
from grange.model.run import Traits
from grange.model.states import Rest
from tests.build import (
    begun,
    block,
    durable,
    edit_branch,
    edit_pool,
    hosts,
    job,
    join,
    refused,
    restarted,
    submit,
    why,
    worker_of,
)

MAC = "02:42:ac:11:00:02"
MACHINE = Traits(os="linux", memory_mb=4_096, hdd_gb=100, macs=(MAC,))


def instruct(farm: Farm, worker_id: WorkerId, what: str, now: float = 2) -> list[object]:
    command = c.InstructWorker(worker_id=worker_id, what=what)  # type: ignore[arg-type]
    return list(farm.apply(command, now).effects)


def unlink(farm: Farm, worker_id: WorkerId, now: float = 3) -> None:
    farm.apply(c.UnlinkWorker(worker_id=worker_id), now)


def asleep(farm: Farm, name: str = "node", traits: Traits = MACHINE) -> WorkerId:
    """A worker whose machine the farm has put to sleep."""
    worker_id = join(farm, name, traits=traits)
    instruct(farm, worker_id, "sleep")
    unlink(farm, worker_id)
    return worker_id


def rest(farm: Farm, worker_id: WorkerId) -> Rest:
    return worker_of(farm, worker_id).rest


def woken(farm: Farm, now: float) -> list[WorkerId]:
    effects = farm.dispatch(now).effects
    return [effect.worker_id for effect in effects if isinstance(effect, WakeMachine)]


@pytest.mark.proves(
    "render.states.wol_falling", "render.states.wol_sleeping", "render.states.wol_waking"
)
def test_a_machine_falls_asleep_is_woken_and_comes_back(farm: Farm) -> None:
    worker_id = join(farm, traits=MACHINE)
    assert instruct(farm, worker_id, "sleep") == [TellWorker(worker_id, "sleep")]
    seen = [rest(farm, worker_id)]
    unlink(farm, worker_id)
    seen.append(rest(farm, worker_id))
    assert instruct(farm, worker_id, "wake", 9) == [WakeMachine(worker_id, (MAC,))]
    seen.append(rest(farm, worker_id))
    join(farm, traits=MACHINE, now=10)
    seen.append(rest(farm, worker_id))
    assert seen == [Rest.FALLING, Rest.ASLEEP, Rest.WAKING, Rest.AWAKE]


@pytest.mark.parametrize(
    ("launches", "root", "below", "told"),
    [
        (True, "doze", "", Launch(WorkerId(1), "doze", False)),
        (True, "doze", "nap", Launch(WorkerId(1), "nap", False)),
        (True, "", "", TellWorker(WorkerId(1), "sleep")),
        (False, "doze", "", TellWorker(WorkerId(1), "sleep")),
        (None, "doze", "", TellWorker(WorkerId(1), "sleep")),
    ],
)
def test_a_pools_command_puts_a_machine_to_sleep_where_it_may(
    farm: Farm, launches: bool | None, root: str, below: str, told: object
) -> None:
    edit_pool(farm, sleep_command=root)
    edit_pool(farm, "/desks", pattern="node", sleep_command=below)
    worker_id = join(farm, traits=msgspec.structs.replace(MACHINE, launches=launches))
    assert instruct(farm, worker_id, "sleep") == [told]
    assert rest(farm, worker_id) is Rest.FALLING


def test_a_worker_that_says_good_bye_before_it_sleeps_is_asleep_too(farm: Farm) -> None:
    worker_id = join(farm, traits=MACHINE)
    instruct(farm, worker_id, "sleep")
    farm.apply(c.LoseWorker(worker_id=worker_id, reason="it stopped"), 3)
    assert rest(farm, worker_id) is Rest.ASLEEP


@pytest.mark.proves("render.states.wol_falling")
def test_a_machine_that_falls_asleep_gets_no_task(farm: Farm) -> None:
    worker_id = join(farm, traits=MACHINE)
    instruct(farm, worker_id, "sleep")
    job_id = submit(farm)
    assert begun(farm, 2) == []
    assert "asleep" in why(farm, job_id, now=2)


def test_a_machine_that_does_not_fall_asleep_gets_tasks_again(farm: Farm) -> None:
    worker_id = join(farm, traits=MACHINE)
    instruct(farm, worker_id, "sleep", 2)
    submit(farm)
    assert begun(farm, 1 + FALL_S) == []
    assert begun(farm, 2 + FALL_S) == [0]
    assert rest(farm, worker_id) is Rest.AWAKE


def test_a_machine_that_does_not_wake_up_sleeps_on_and_is_tried_again(farm: Farm) -> None:
    worker_id = asleep(farm)
    submit(farm)
    assert woken(farm, 10) == [worker_id]
    assert woken(farm, 9 + WAKE_S) == []
    assert woken(farm, 10 + WAKE_S) == [worker_id]


def test_to_sleep_it_must_have_no_task_and_an_address(farm: Farm) -> None:
    worker_id = join(farm, traits=MACHINE)
    bare = join(farm, "bare")
    submit(farm, job(block("1-1")))
    assert hosts(farm)
    busy = next(one for one in (worker_id, bare) if worker_of(farm, one).runs)
    sleep = c.InstructWorker(worker_id=busy, what="sleep")
    assert "has tasks: eject them first" in refused(farm, sleep, InvalidField, "worker")
    other = worker_id if busy == bare else bare
    farm.apply(c.EjectWorker(worker_id=busy), 2)
    text = refused(farm, c.InstructWorker(worker_id=bare, what="sleep"), InvalidField, "worker")
    assert "no hardware address" in text
    assert other in (worker_id, bare)


def test_to_be_woken_it_must_be_off_the_net_and_have_an_address(farm: Farm) -> None:
    worker_id = join(farm, traits=MACHINE)
    wake = c.InstructWorker(worker_id=worker_id, what="wake")
    assert "is awake" in refused(farm, wake, InvalidField, "worker")
    instruct(farm, worker_id, "sleep")
    assert "falling asleep" in refused(farm, wake, InvalidField, "worker")
    bare = join(farm, "bare")
    unlink(farm, bare)
    text = refused(farm, c.InstructWorker(worker_id=bare, what="wake"), InvalidField, "worker")
    assert "no hardware address" in text


def test_a_machine_that_was_switched_off_by_hand_can_be_woken(farm: Farm) -> None:
    worker_id = join(farm, traits=MACHINE)
    unlink(farm, worker_id)
    assert instruct(farm, worker_id, "wake") == [WakeMachine(worker_id, (MAC,))]


def test_a_packet_may_be_sent_again(farm: Farm) -> None:
    worker_id = asleep(farm)
    instruct(farm, worker_id, "wake", 5)
    assert instruct(farm, worker_id, "wake", 6) == [WakeMachine(worker_id, (MAC,))]
    assert worker_of(farm, worker_id).rested == 5


@pytest.mark.parametrize(
    ("frames", "max_tasks", "count"),
    [("1-1", 4, 1), ("1-4", 4, 1), ("1-5", 4, 2), ("1-3", 1, 3), ("1-99", 1, 3), ("1-12", -1, 2)],
)
def test_as_many_machines_are_woken_as_the_work_wants(
    farm: Farm, frames: str, max_tasks: int, count: int
) -> None:
    edit_pool(farm, max_tasks_host=max_tasks)
    for name in ("a", "b", "c"):
        asleep(farm, name)
    submit(farm, job(block(frames, capacity=100)))  # 11 have room
    assert len(woken(farm, 10)) == count
    assert woken(farm, 10 + LOOK_S) == []  # they are on their way


def test_nobody_is_woken_for_what_an_awake_machine_takes(farm: Farm) -> None:
    asleep(farm)
    join(farm, "awake")
    submit(farm, job(block("1-4", capacity=100)))
    assert woken(farm, 10) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"need_memory_mb": 5_000},
        {"need_hdd_gb": 200},
        {"tickets": {"nuke": 1}},
        {"hosts_mask": "other"},
        {"need_gpus": 1},
    ],
    ids=str,
)
def test_nobody_is_woken_for_what_he_could_not_do(farm: Farm, fields: dict[str, object]) -> None:
    edit_pool(farm, tickets_pool={"nuke": {"count": 0}})
    asleep(farm)
    submit(farm, job(block("1-4", **fields)))
    assert woken(farm, 10) == []


def test_nobody_is_woken_while_the_farm_is_paused_or_one_is_sick(farm: Farm) -> None:
    worker_id = asleep(farm)
    submit(farm)
    edit_branch(farm, paused=True)
    assert woken(farm, 10) == []
    edit_branch(farm, paused=False)
    worker_of(farm, worker_id).sick = "it was"
    assert woken(farm, 20) == []


def test_it_looks_once_a_second_and_rings_for_it(farm: Farm) -> None:
    first = asleep(farm, "a")
    submit(farm, job(block("1-1")))
    assert woken(farm, 10) == [first]
    second = asleep(farm, "b")
    submit(farm, job(block("1-9")))
    assert woken(farm, 10.5) == []
    assert farm.next_deadline() == 10 + LOOK_S
    assert woken(farm, 10 + LOOK_S) == [second]


def test_what_sleeps_is_known_after_a_restart(farm: Farm) -> None:
    names = {"falling", "asleep", "waking"}
    for name in names:
        worker_id = join(farm, name, traits=MACHINE)
        instruct(farm, worker_id, "sleep")
        if name != "falling":
            unlink(farm, worker_id)
        if name == "waking":
            instruct(farm, worker_id, "wake", 4)
    again = restarted(farm)
    assert durable(again) == durable(farm)
    found = {worker.name: worker.rest for worker in again.state.workers.values()}
    assert found == {name: Rest(name) for name in names}
    assert again.state.resting == farm.state.resting
    again.dispatch(4 + WAKE_S)
    waiting = {worker.name: worker.rest for worker in again.state.workers.values()}
    assert waiting == dict.fromkeys(names, Rest.ASLEEP)


def test_a_worker_that_sleeps_can_be_forgotten(farm: Farm) -> None:
    worker_id = asleep(farm)
    farm.apply(c.LoseWorker(worker_id=worker_id), 100)
    farm.apply(c.DeleteWorker(worker_id=worker_id), 101)
    assert farm.state.resting == set()
    farm.dispatch(2 + FALL_S)


def test_why_names_machines_that_sleep(farm: Farm) -> None:
    worker_id = asleep(farm)
    job_id = submit(farm)
    assert why(farm, job_id, now=9) == ["asleep"]
    view = why_worker(farm.state, worker_of(farm, worker_id), 9)
    assert [reason.code for reason in view.reasons] == ["asleep"]
