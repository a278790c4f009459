from __future__ import annotations

from typing import Any

import pytest

from grange.core import commands as c
from grange.core.effects import StartRun, StopRun
from grange.core.errors import ForeignRuns, InvalidField, NameTaken, NoSuchWorker
from grange.core.farm import Farm
from grange.core.workers import AHEAD_MAX
from grange.model.ids import RunId, WorkerId
from grange.model.run import RunResult, Traits
from grange.model.states import Nimby, Presence, RunStatus
from tests.build import (
    DONE,
    READY,
    RUNNING,
    TRAITS,
    Disk,
    begun,
    block,
    block_of,
    edit_pool,
    edit_worker,
    end,
    hosts,
    image,
    job,
    join,
    one,
    refused,
    restarted,
    started,
    states,
    submit,
    worker_of,
)


def rejoin(farm: Farm, runs: tuple[RunId, ...] = (), now: float = 2, **fields: Any) -> c.Joined:
    fields.setdefault("boot_id", "b")
    reply = farm.apply(c.JoinWorker(name="node", traits=TRAITS, runs=runs, **fields), now).reply
    assert isinstance(reply, c.Joined)
    return reply


def lose(farm: Farm, worker_id: WorkerId, now: float = 2) -> list[object]:
    return list(farm.apply(c.LoseWorker(worker_id=worker_id), now).effects)


def unlink(farm: Farm, worker_id: WorkerId, now: float = 2) -> None:
    farm.apply(c.UnlinkWorker(worker_id=worker_id), now)


def test_a_worker_that_joins_is_given_an_id_and_work(farm: Farm) -> None:
    submit(farm)
    worker_id = join(farm)
    assert worker_of(farm, worker_id).presence is Presence.ONLINE
    assert one(farm)[0] == worker_id


@pytest.mark.proves("render.editable.kept_over_restarts")
def test_a_worker_that_comes_back_keeps_its_id_and_settings(farm: Farm) -> None:
    worker_id = join(farm)
    edit_worker(farm, worker_id, priority=7)
    lose(farm, worker_id)
    assert rejoin(farm, boot_id="new").worker_id == worker_id
    assert worker_of(farm, worker_id).spec.priority == 7


@pytest.mark.proves("render.attributes.name")
def test_a_second_worker_of_a_name_is_refused(farm: Farm) -> None:
    join(farm, "node", boot="first")
    command = c.JoinWorker(name="node", boot_id="second", traits=TRAITS)
    assert "give this one another --name" in refused(farm, command, NameTaken)


def test_a_worker_that_lost_power_takes_the_place_of_its_former_life(farm: Farm) -> None:
    job_id = submit(farm, job(block("1")))
    worker_id = join(farm, "node", boot="first", home="h")
    one(farm)
    reply = rejoin(farm, boot_id="second", home="h")
    assert (reply.worker_id, reply.keep) == (worker_id, ())
    assert states(farm, job_id) == [READY]


def test_a_namesake_waits_until_the_lease_of_a_missing_worker_is_over(farm: Farm) -> None:
    submit(farm)
    worker_id = join(farm, "node", boot="first", home="h")
    one(farm)
    unlink(farm, worker_id)
    twin = c.JoinWorker(name="node", boot_id="second", traits=TRAITS, home="other")
    refused(farm, twin, NameTaken)
    assert worker_of(farm, worker_id).runs
    lose(farm, worker_id)
    assert farm.apply(twin, 9).reply == c.Joined(worker_id=worker_id, keep=())


def test_a_nimby_that_was_asked_for_at_start_is_not_set_again_by_a_new_link(farm: Farm) -> None:
    worker_id = rejoin(farm, nimby="nobody").worker_id
    farm.apply(c.EditWorker(worker_id=worker_id, changes={"nimby": "free"}), 3)
    unlink(farm, worker_id)
    rejoin(farm, nimby="nobody")
    assert worker_of(farm, worker_id).spec.nimby is Nimby.FREE
    lose(farm, worker_id)
    rejoin(farm, boot_id="another life", nimby="nobody")
    assert worker_of(farm, worker_id).spec.nimby is Nimby.NOBODY


def test_a_namesake_waits_across_a_restart_of_the_server(farm: Farm) -> None:
    disk = Disk()
    join(farm, "node", boot="first", home="h")
    disk.commit(farm.take_dirty())
    again = Farm.restore(disk.load(), 2)
    twin = c.JoinWorker(name="node", boot_id="second", traits=TRAITS, home="other")
    refused(again, twin, NameTaken)
    assert rejoin(again, boot_id="third", home="h").keep == ()


@pytest.mark.proves("render.attributes.name")
@pytest.mark.parametrize(("ours", "theirs"), [("h", "other"), ("", "")])
def test_another_machine_of_the_same_name_is_refused(farm: Farm, ours: str, theirs: str) -> None:
    join(farm, "node", boot="first", home=ours)
    command = c.JoinWorker(name="node", boot_id="second", traits=TRAITS, home=theirs)
    refused(farm, command, NameTaken)


def test_the_same_worker_may_make_a_second_link(farm: Farm) -> None:
    worker_id = join(farm)
    assert rejoin(farm).worker_id == worker_id


@pytest.mark.parametrize(("ours", "theirs"), [("", ""), ("h", ""), ("", "h")])
def test_another_machine_takes_the_name_of_one_that_is_missing(
    farm: Farm, ours: str, theirs: str
) -> None:
    submit(farm)
    worker_id = join(farm, home=ours)
    one(farm)
    unlink(farm, worker_id)
    assert rejoin(farm, boot_id="other", home=theirs).worker_id == worker_id
    assert not worker_of(farm, worker_id).runs


@pytest.mark.parametrize(("field", "value"), [("name", ""), ("nimby", "maybe")])
def test_a_worker_that_says_nonsense_is_refused(farm: Farm, field: str, value: str) -> None:
    said: dict[str, Any] = {"name": "n", "boot_id": "b", "traits": TRAITS, field: value}
    command = c.JoinWorker(**said)
    refused(farm, command, InvalidField, field)


def test_a_run_that_both_know_is_kept(farm: Farm) -> None:
    job_id = submit(farm, job(block("1")))
    worker_id = join(farm)
    run_id = one(farm)[1].run_id
    unlink(farm, worker_id)
    assert rejoin(farm, (run_id,)).keep == (run_id,)
    assert states(farm, job_id) == [RUNNING]


def test_a_run_that_only_the_farm_knows_is_given_back(farm: Farm) -> None:
    job_id = submit(farm, job(block("1")))
    join(farm)
    one(farm)
    assert rejoin(farm).keep == ()
    assert states(farm, job_id) == [READY]
    assert begun(farm, 2) == [0]


def test_a_run_that_only_the_worker_knows_is_stopped(farm: Farm) -> None:
    worker_id = join(farm)
    command = c.JoinWorker(name="node", boot_id="b", traits=TRAITS, runs=(RunId(77),))
    out = farm.apply(command, 2)
    assert out.reply == c.Joined(worker_id=worker_id, keep=())
    assert out.effects == [StopRun(worker_id, RunId(77), "superseded")]


@pytest.mark.parametrize("known", [{"last_run": 40}, {"runs": (40,)}, {"ended": (12, 40)}])
def test_a_farm_begun_anew_gives_out_numbers_beyond_those_its_workers_remember(
    farm: Farm, known: dict[str, Any]
) -> None:
    submit(farm)
    farm.apply(c.JoinWorker(name="node", boot_id="b", traits=TRAITS, **known), 2)
    assert one(farm)[1].run_id == 41


def test_numbers_do_not_go_back_to_those_of_a_worker(farm: Farm) -> None:
    submit(farm, job(block("1-3")))
    join(farm, "first", last_run=RunId(40))
    join(farm, "second", last_run=RunId(7))
    assert farm.state.last_ids["run"] == 40


def test_a_worker_of_a_farm_far_ahead_is_refused(farm: Farm) -> None:
    command = c.JoinWorker(name="node", boot_id="b", traits=TRAITS, last_run=RunId(AHEAD_MAX + 1))
    assert "empty state folder" in refused(farm, command, ForeignRuns)
    assert farm.state.last_ids["run"] == 0


def test_a_run_of_another_worker_is_stopped(farm: Farm) -> None:
    submit(farm, job(block("1")))
    join(farm, "other")
    run_id = one(farm)[1].run_id
    assert rejoin(farm, (run_id,)).keep == ()
    assert run_id in farm.state.runs


def test_a_run_whose_result_is_on_its_way_is_waited_for(farm: Farm) -> None:
    job_id = submit(farm, job(block("1")))
    worker_id = join(farm)
    run_id = one(farm)[1].run_id
    assert rejoin(farm, ended=(run_id,)).keep == ()
    assert states(farm, job_id) == [RUNNING]
    end(farm, worker_id, run_id, now=3)
    assert states(farm, job_id) == [DONE]


@pytest.mark.proves("render.launching.nimby")
def test_a_worker_says_at_its_start_whom_it_serves(farm: Farm) -> None:
    worker_id = rejoin(farm, nimby="nobody", user="ada").worker_id
    assert worker_of(farm, worker_id).spec.nimby is Nimby.NOBODY
    assert worker_of(farm, worker_id).spec.user == "ada"
    rejoin(farm, user="bob")
    assert worker_of(farm, worker_id).spec.user == "ada"


def test_an_owner_who_is_named_late_is_served(farm: Farm) -> None:
    edit_worker(farm, join(farm), nimby="owner")
    submit(farm, job(block("1")))
    assert begun(farm) == []
    rejoin(farm, user="ada")
    assert begun(farm, 2) == [0]


def test_what_a_worker_says_of_its_machine_replaces_what_it_said(farm: Farm) -> None:
    worker_id = join(farm)
    traits = Traits(os="windows", memory_mb=1)
    farm.apply(c.JoinWorker(name="node", boot_id="b", traits=traits), 2)
    assert worker_of(farm, worker_id).traits == traits


def test_a_worker_without_its_link_gets_no_work_and_keeps_its_runs(farm: Farm) -> None:
    edit_pool(farm, capacity_host=9_000)
    job_id = submit(farm, job(block("1-2"), max_running_tasks=1))
    worker_id = join(farm)
    one(farm)
    unlink(farm, worker_id)
    unlink(farm, worker_id, now=9)
    farm.apply(c.EditJob(job_id=job_id, changes={"max_running_tasks": -1}), 2)
    assert begun(farm, 2) == []
    assert states(farm, job_id) == [RUNNING, READY]
    assert worker_of(farm, worker_id).seen == 2


def test_the_runs_of_a_lost_worker_run_elsewhere(farm: Farm) -> None:
    job_id = submit(farm, job(block("1")))
    worker_id = join(farm)
    one(farm)
    join(farm, "other")
    lose(farm, worker_id)
    assert states(farm, job_id) == [READY]
    assert hosts(farm, 2) == ["other"]


def test_a_run_that_is_lost_is_nobodys_fault(farm: Farm) -> None:
    job_id = submit(farm, job(block("1")))
    worker_id = join(farm)
    one(farm)
    lose(farm, worker_id)
    block_now = block_of(farm, job_id)
    assert (block_now.tasks.errors[0], block_now.error_hosts) == (0, {})


def test_a_worker_is_lost_once(farm: Farm) -> None:
    worker_id = join(farm)
    lose(farm, worker_id)
    assert not farm.apply(c.LoseWorker(worker_id=worker_id), 9).events


def test_the_report_of_a_lost_run_changes_nothing(farm: Farm) -> None:
    submit(farm, job(block("1")))
    worker_id = join(farm)
    run_id = one(farm)[1].run_id
    lose(farm, worker_id)
    before = image(farm)
    end(farm, worker_id, run_id, now=3)
    assert image(farm) == before


def test_a_report_by_another_worker_changes_nothing(farm: Farm) -> None:
    submit(farm, job(block("1")))
    join(farm)
    run_id = one(farm)[1].run_id
    forger = join(farm, "forger")
    before = image(farm)
    end(farm, forger, run_id)
    farm.apply(c.NoteFrames(worker_id=forger, run_id=run_id, count=1), 1)
    assert image(farm) == before


def test_what_a_worker_runs_goes_on_when_it_is_paused(farm: Farm) -> None:
    edit_pool(farm, capacity_host=2_000, max_tasks_host=2)
    job_id = submit(farm, job(block("1-3")))
    worker_id = join(farm)
    _, (_, run) = started(farm)
    edit_worker(farm, worker_id, paused=True)
    end(farm, worker_id, run.run_id)
    assert begun(farm) == []
    assert states(farm, job_id) == [RUNNING, DONE, READY]


NOBODY = WorkerId(99)


@pytest.mark.parametrize(
    "command",
    [
        c.UnlinkWorker(worker_id=NOBODY),
        c.LoseWorker(worker_id=NOBODY),
        c.EditWorker(worker_id=NOBODY, changes={}),
        c.DeleteWorker(worker_id=NOBODY),
        c.EjectWorker(worker_id=NOBODY),
        c.HealWorker(worker_id=NOBODY),
        c.InstructWorker(worker_id=NOBODY, what="exit"),
        c.LaunchCommand(worker_id=NOBODY, command=("true",)),
        c.MeasureWorker(worker_id=NOBODY, free_memory_mb=1, free_hdd_gb=1),
    ],
    ids=lambda command: type(command).__name__,
)
def test_a_worker_that_is_not_there_is_refused(farm: Farm, command: c.Command) -> None:
    assert refused(farm, command, NoSuchWorker) == "no worker 99"


def test_a_late_report_after_a_restart_of_the_server_counts(farm: Farm) -> None:
    """A worker was away while the server restarted; its result is not lost."""
    job_id = submit(farm, job(block("1")))
    worker_id = join(farm)
    run_id = one(farm)[1].run_id
    again = restarted(farm, now=5)
    assert worker_of(again, worker_id).presence is Presence.MISSING
    again.apply(c.JoinWorker(name="node", boot_id="b", traits=TRAITS, ended=(run_id,)), 6)
    result = RunResult(status=RunStatus.DONE)
    again.apply(c.EndRun(worker_id=worker_id, run_id=run_id, result=result), 6)
    assert states(again, job_id) == [DONE]


def test_the_effects_of_a_start_name_the_worker(farm: Farm) -> None:
    submit(farm, job(block("1")))
    worker_id = join(farm)
    (effect,) = farm.dispatch(1).effects
    assert isinstance(effect, StartRun)
    assert effect.worker_id == worker_id
