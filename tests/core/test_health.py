from __future__ import annotations

from typing import Any

import pytest

from grange.core import commands as c
from grange.core.effects import TellWorker
from grange.core.errors import NoSuchWorker
from grange.core.events import WorkerChanged, WorkerTroubled
from grange.core.farm import Farm
from grange.core.health import SICK_MAX
from grange.model.ids import WorkerId
from grange.model.run import RunResult
from grange.model.states import RunStatus
from tests.build import (
    begun,
    block,
    durable,
    edit_pool,
    end,
    image,
    job,
    join,
    one,
    refused,
    restarted,
    submit,
    worker_of,
)

TEST_S = 300


def examined(farm: Farm, worker_id: WorkerId, *faults: str, now: float = 5) -> list[Any]:
    return farm.apply(c.NoteHealth(worker_id=worker_id, faults=faults), now).events


def told(farm: Farm, now: float) -> list[Any]:
    return [effect for effect in farm.dispatch(now).effects if isinstance(effect, TellWorker)]


def sick(farm: Farm, **pool: Any) -> WorkerId:
    """A worker on which tasks of two users have failed, at second 1."""
    edit_pool(farm, sick_errors_count=2, **pool)
    worker_id = join(farm)
    for user in ("ada", "bob"):
        submit(farm, job(block("1-1", errors_retries=0)), user=user)
        worker_id, run = one(farm)
        end(farm, worker_id, run.run_id, RunStatus.FAILED)
    assert worker_of(farm, worker_id).sick
    return worker_id


def test_what_is_wrong_with_its_machine_makes_a_worker_sick(farm: Farm) -> None:
    worker_id = join(farm)
    faults = ("disk: 0 GB are left", "gpu: it does not answer")
    why = "disk: 0 GB are left; gpu: it does not answer"
    news = [WorkerChanged(worker_id), WorkerTroubled(worker_id, "sick", why)]
    assert examined(farm, worker_id, *faults) == news
    assert worker_of(farm, worker_id).sick == why
    submit(farm)
    assert begun(farm) == []
    assert durable(restarted(farm)) == durable(farm)


def test_a_worker_that_is_found_well_gets_tasks_again(farm: Farm) -> None:
    worker_id = sick(farm)
    submit(farm)
    assert begun(farm) == []
    assert examined(farm, worker_id) == [WorkerChanged(worker_id)]
    assert (worker_of(farm, worker_id).sick, worker_of(farm, worker_id).sick_users) == ("", {})
    assert begun(farm) == [0]


def test_the_same_finding_again_is_no_news(farm: Farm) -> None:
    worker_id = join(farm)
    assert examined(farm, worker_id) == []
    examined(farm, worker_id, "disk: full")
    assert examined(farm, worker_id, "disk: full") == []
    assert examined(farm, worker_id, "disk: fuller") == [WorkerChanged(worker_id)]


def test_people_are_told_of_a_worker_that_fails_tasks_of_several_users(farm: Farm) -> None:
    edit_pool(farm, sick_errors_count=2)
    worker_id = join(farm)
    told = []
    for user in ("ada", "bob", "eve"):
        submit(farm, job(block("1-1", errors_retries=0)), user=user)
        if worker_of(farm, worker_id).sick:
            break
        _, run = one(farm)
        result = RunResult(status=RunStatus.FAILED)
        out = farm.apply(c.EndRun(worker_id=worker_id, run_id=run.run_id, result=result), 1)
        told.append([item for item in out.events if isinstance(item, WorkerTroubled)])
    why = "tasks of 2 users failed one after the other"
    assert told == [[], [WorkerTroubled(worker_id, "sick", why)]]


@pytest.mark.parametrize("what", ["no-task", "overload"])
def test_what_figures_say_of_a_worker_is_news_and_changes_nothing(farm: Farm, what: Any) -> None:
    worker_id = join(farm)
    before = image(farm)
    out = farm.apply(c.NoteTrouble(worker_id=worker_id, what=what, text="for 60 s"), 5)
    assert out.events == [WorkerTroubled(worker_id, what, "for 60 s")]
    assert (out.effects, image(farm)) == ([], before)


def test_figures_of_a_worker_that_is_gone_are_no_news(farm: Farm) -> None:
    command = c.NoteTrouble(worker_id=WorkerId(9), what="overload", text="")
    assert "no worker 9" in refused(farm, command, NoSuchWorker)


def test_the_reason_has_an_end(farm: Farm) -> None:
    worker_id = join(farm)
    examined(farm, worker_id, "x" * 5_000)
    assert len(worker_of(farm, worker_id).sick) == SICK_MAX


def test_nobody_can_be_examined_who_is_not_there(farm: Farm) -> None:
    assert "no worker 9" in refused(farm, c.NoteHealth(worker_id=WorkerId(9)), NoSuchWorker)


def test_a_sick_worker_examines_itself_again_and_again(farm: Farm) -> None:
    worker_id = sick(farm, sick_test_s=TEST_S)
    assert told(farm, TEST_S) == []
    wanted = [TellWorker(worker_id, "self-test")]
    assert told(farm, 1 + TEST_S) == wanted
    assert told(farm, 2 * TEST_S) == []
    assert told(farm, 1 + 2 * TEST_S) == wanted
    farm.apply(c.HealWorker(worker_id=worker_id), 700)
    assert told(farm, 1 + 3 * TEST_S) == []


def test_one_that_was_sick_before_examines_itself_no_more_often(farm: Farm) -> None:
    worker_id = sick(farm, sick_test_s=TEST_S)
    farm.apply(c.HealWorker(worker_id=worker_id), 10)
    examined(farm, worker_id, "disk: full", now=20)
    asked = [at for at in range(0, 1_000, 10) if told(farm, at)]
    assert asked == [20 + TEST_S, 20 + 2 * TEST_S, 20 + 3 * TEST_S]


@pytest.mark.parametrize("fields", [{}, {"sick_test_s": 0}])
def test_where_no_time_is_set_it_does_not(farm: Farm, fields: dict[str, int]) -> None:
    sick(farm, **fields)
    assert told(farm, 17_000) == []


def test_one_that_is_found_sick_by_itself_is_examined_again_too(farm: Farm) -> None:
    edit_pool(farm, sick_test_s=TEST_S)
    worker_id = join(farm)
    examined(farm, worker_id, "disk: full", now=5)
    examined(farm, worker_id, "disk: fuller", now=6)
    assert told(farm, 5 + TEST_S) == [TellWorker(worker_id, "self-test")]
    assert told(farm, 6 + TEST_S) == []


def test_the_time_may_be_set_when_it_is_sick_already(farm: Farm) -> None:
    worker_id = sick(farm)
    edit_pool(farm, now=50, sick_test_s=TEST_S)
    assert told(farm, 50 + TEST_S) == [TellWorker(worker_id, "self-test")]


def test_a_restart_forgets_nobody_who_is_sick(farm: Farm) -> None:
    worker_id = sick(farm, sick_test_s=TEST_S)
    again = restarted(farm, now=100)
    join(again, now=101)
    assert told(again, 100 + TEST_S) == [TellWorker(worker_id, "self-test")]


def test_who_is_off_the_net_is_asked_later(farm: Farm) -> None:
    worker_id = sick(farm, sick_test_s=TEST_S)
    farm.apply(c.UnlinkWorker(worker_id=worker_id), 2)
    assert told(farm, 1 + TEST_S) == []
    join(farm, now=310)
    assert told(farm, 1 + 2 * TEST_S) == [TellWorker(worker_id, "self-test")]


def test_one_that_was_forgotten_is_not_asked(farm: Farm) -> None:
    worker_id = sick(farm, sick_test_s=TEST_S)
    farm.apply(c.LoseWorker(worker_id=worker_id), 2)
    farm.apply(c.DeleteWorker(worker_id=worker_id), 3)
    assert told(farm, 1 + TEST_S) == []


def test_the_time_comes_from_the_nearest_pool_that_says_one(farm: Farm) -> None:
    for path, seconds in (("/slow", 0), ("/fast", 1), ("/other", -1)):
        edit_pool(farm, path, pattern=path[1:], sick_test_s=seconds)
    edit_pool(farm, sick_test_s=TEST_S)
    for name in ("slow", "fast", "other"):
        examined(farm, join(farm, name), "disk: full")
    fast, other = (farm.state.worker_names[name] for name in ("fast", "other"))
    assert [effect.worker_id for effect in told(farm, 6)] == [fast]
    farm.apply(c.HealWorker(worker_id=fast), 7)
    assert [effect.worker_id for effect in told(farm, 5 + TEST_S)] == [other]


@pytest.mark.parametrize(("own", "after"), [(-1, TEST_S), (0, 0), (1, 1)])
def test_the_nearest_pool_says_how_soon(farm: Farm, own: int, after: int) -> None:
    edit_pool(farm, sick_test_s=TEST_S)
    edit_pool(farm, "/fast", pattern="node", sick_test_s=own)
    examined(farm, join(farm), "disk: full")
    assert farm.next_deadline() == (5 + after if after else None)


def test_a_pool_that_changes_something_else_leaves_the_time_as_it_was(farm: Farm) -> None:
    sick(farm, sick_test_s=TEST_S)
    timers = list(farm.state.timers)
    edit_pool(farm, now=50, annotation="old")
    assert farm.state.timers == timers
