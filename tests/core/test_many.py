"""Tasks that need several machines at once."""

from __future__ import annotations

from typing import Any

import pytest

from grange.core import commands as c
from grange.core.effects import Outcome, StopRun
from grange.core.errors import InvalidField
from grange.core.farm import Farm
from grange.model.ids import JobId, RunId
from grange.model.spec import BlockSpec, TaskSpec
from grange.model.states import Part, RunStatus, TaskState
from tests.build import (
    Begun,
    block_of,
    edit_job,
    edit_pool,
    edit_worker,
    job,
    job_of,
    join,
    restarted,
    started,
    states,
    submit,
    why,
)
from tests.core.several import DAEMON, end, helpers_of, machines, main_of, many


def test_a_task_gets_all_its_machines_at_once(farm: Farm) -> None:
    machines(farm, 2)
    submit(farm, job(many()))
    assert started(farm) == []
    join(farm, "m2")
    runs = started(farm)
    main = main_of(runs)
    assert main.command == ("render", "@#@")
    assert [run.command for _, run in helpers_of(runs)] == [DAEMON, DAEMON]
    assert {run.helps for _, run in helpers_of(runs)} == {main.run_id}
    assert len({worker_id for worker_id, _ in runs}) == 3


@pytest.mark.proves("render.services.hosts")
def test_the_task_is_told_the_names_of_its_machines(farm: Farm) -> None:
    machines(farm, 3)
    submit(farm, job(many()))
    runs = started(farm)
    names = {farm.state.workers[worker_id].name for worker_id, _ in helpers_of(runs)}
    assert set(main_of(runs).hosts) == names
    assert all(run.hosts == main_of(runs).hosts for _, run in runs)


def test_the_task_may_run_on_one_of_its_machines(farm: Farm) -> None:
    machines(farm, 2)
    submit(farm, job(many(multihost_master_on_slave=True)))
    runs = started(farm)
    main = main_of(runs)
    (home,) = [worker_id for worker_id, run in runs if run is main]
    assert [at for at, run in helpers_of(runs) if at == home] == [home], "it is served there too"
    assert len(main.hosts) == 2
    assert farm.state.workers[home].tasks == 1
    assert farm.state.workers[home].capacity_used == 1_000


def test_every_machine_is_loaded(farm: Farm) -> None:
    ids = machines(farm, 3)
    job_id = submit(farm, job(many(need_memory_mb=500), many(need_memory_mb=500)))
    started(farm)
    for worker_id in ids:
        worker = farm.state.workers[worker_id]
        assert (worker.tasks, worker.capacity_used, worker.memory_reserved_mb) == (1, 1_000, 500)
    assert block_of(farm, job_id).capacity_used == 3_000
    assert farm.state.users["ada"].running == 1
    assert job_of(farm, job_id).share.running == 1


def test_without_a_service_machines_are_kept_and_nothing_is_started_there(farm: Farm) -> None:
    ids = machines(farm, 3)
    submit(farm, job(many(multihost_service="")))
    (main,) = started(farm)
    assert len(main[1].hosts) == 2
    assert [len(farm.state.workers[n].runs) for n in ids] == [1, 1, 1]
    parts = sorted(run.part for run in farm.state.runs.values())
    assert parts == [Part.KEPT, Part.KEPT, Part.TASK]
    assert main[1].start_wait_s == 0
    out = end(farm, main)
    assert not [item for item in out.effects if isinstance(item, StopRun)]
    assert farm.state.runs == {}


def test_a_kept_machine_that_comes_back_keeps_its_place(farm: Farm) -> None:
    ids = machines(farm, 3)
    job_id = submit(farm, job(many(multihost_service="")))
    main = started(farm)[0]
    kept = next(n for n in ids if n != main[0])
    farm.apply(c.UnlinkWorker(worker_id=kept), 1)
    join(farm, farm.state.workers[kept].name)
    assert states(farm, job_id)[0] == TaskState.RUNNING
    farm.apply(c.LoseWorker(worker_id=kept), 1)
    assert states(farm, job_id)[0] == TaskState.READY


def test_helpers_are_stopped_when_the_task_is_over(farm: Farm) -> None:
    machines(farm, 3)
    job_id = submit(farm, job(many()))
    runs = started(farm)
    (main,) = [item for item in runs if not item[1].helps]
    out = end(farm, main)
    told = {(item.worker_id, item.run_id) for item in out.effects if isinstance(item, StopRun)}
    assert told == {(at, run.run_id) for at, run in helpers_of(runs)}
    assert states(farm, job_id)[0] == TaskState.DONE
    assert farm.state.runs == {}
    assert farm.state.helpers == {}


def test_the_task_waits_for_its_service_to_be_up(farm: Farm) -> None:
    machines(farm, 3)
    submit(farm, job(many(multihost_service_wait_s=7)))
    runs = started(farm)
    assert main_of(runs).start_wait_s == 7
    assert [run.start_wait_s for _, run in helpers_of(runs)] == [0, 0]


def test_a_helper_is_not_held_to_the_limits_of_the_task(farm: Farm) -> None:
    machines(farm, 3)
    submit(
        farm,
        job(
            many(
                task_min_run_time_s=5,
                task_max_run_time_s=9,
                task_progress_change_timeout_s=3,
                files=("/o/@####@.exr",),
                check_rendered_files=True,
                skip_existing_files=True,
            )
        ),
    )
    for _, run in helpers_of(started(farm)):
        assert (run.min_run_time_s, run.max_run_time_s, run.progress_change_timeout_s) == (0, 0, 0)
        assert run.files == ()
        assert not run.check_rendered_files
        assert not run.skip_existing_files
        assert run.skip_thumbnails


# More than the least


def test_a_task_takes_as_many_as_it_may(farm: Farm) -> None:
    machines(farm, 6)
    submit(farm, job(many(2, 4)))
    assert len(started(farm)) == 5


def test_a_task_waits_a_while_for_more(farm: Farm) -> None:
    machines(farm, 3)
    job_id = submit(farm, job(many(2, 4, multihost_max_wait_s=10)))
    assert started(farm, 1) == []
    assert why(farm, job_id, now=2) == ["gathering"]
    assert farm.next_deadline() == 11
    assert started(farm, 10.9) == []
    assert len(started(farm, 11)) == 3


def test_a_task_that_has_all_it_may_waits_no_more(farm: Farm) -> None:
    machines(farm, 3)
    submit(farm, job(many(2, 4, multihost_max_wait_s=10)))
    assert started(farm, 1) == []
    for name in ("m3", "m4"):
        join(farm, name)
    assert len(started(farm, 3)) == 5


def test_the_wait_begins_anew_when_there_were_too_few_again(farm: Farm) -> None:
    ids = machines(farm, 3)
    submit(farm, job(many(2, 4, multihost_max_wait_s=10)))
    assert started(farm, 1) == []
    edit_worker(farm, ids[0], paused=True)
    edit_pool(farm, max_tasks_host=2)  # has all be looked at
    assert started(farm, 5) == []
    edit_worker(farm, ids[0], paused=False)
    assert started(farm, 8) == []
    assert started(farm, 17.9) == []
    assert len(started(farm, 18)) == 3


def test_a_task_that_is_to_wait_for_no_more_takes_what_is_there(farm: Farm) -> None:
    machines(farm, 4)
    submit(farm, job(many(2, 4)))
    assert len(started(farm)) == 4


# Helpers that are lost


def lost(farm: Farm, **fields: Any) -> tuple[JobId, list[Begun], Begun]:
    """A task on three machines, and one that serves it."""
    machines(farm, 3)
    job_id = submit(farm, job(many(**fields)))
    runs = started(farm)
    return job_id, runs, helpers_of(runs)[0]


def stops(out: Outcome) -> set[RunId]:
    return {item.run_id for item in out.effects if isinstance(item, StopRun)}


def test_a_lost_helper_costs_the_run_and_is_nobodys_fault(farm: Farm) -> None:
    job_id, runs, helper = lost(farm)
    out = farm.apply(c.LoseWorker(worker_id=helper[0]), 1)
    others = {run.run_id for _, run in runs} - {helper[1].run_id}
    assert stops(out) == others
    assert states(farm, job_id)[0] == TaskState.READY
    assert block_of(farm, job_id).tasks.errors[0] == 0
    assert farm.state.runs == {}


def test_a_failed_helper_is_a_failure_on_its_machine(farm: Farm) -> None:
    job_id, _, helper = lost(farm)
    out = end(farm, helper, RunStatus.FAILED, "port is taken")
    table = block_of(farm, job_id).tasks
    assert (states(farm, job_id)[0], table.errors[0]) == (TaskState.READY, 1)
    assert block_of(farm, job_id).error_hosts.keys() == {farm.state.workers[helper[0]].name}
    assert "port is taken" in out.notes[-1].text


@pytest.mark.parametrize("status", [RunStatus.FAILED, RunStatus.LOST])
def test_a_task_may_go_on_without(farm: Farm, status: RunStatus) -> None:
    job_id, runs, helper = lost(farm, slave_lost_ignore=True)
    out = end(farm, helper, status, "gone")
    assert stops(out) == set()
    assert states(farm, job_id)[0] == TaskState.RUNNING
    assert len(farm.state.runs) == len(runs) - 1
    assert "goes on without its helper" in out.notes[-1].text


def test_a_helper_that_ends_well_has_done_its_part(farm: Farm) -> None:
    job_id, runs, helper = lost(farm)
    end(farm, helper)
    assert states(farm, job_id)[0] == TaskState.RUNNING
    assert farm.state.workers[helper[0]].capacity_used == 0
    end(farm, next(item for item in runs if not item[1].helps))
    assert states(farm, job_id)[0] == TaskState.DONE


def test_an_ejected_helper_gives_the_task_back(farm: Farm) -> None:
    job_id, _, helper = lost(farm)
    out = farm.apply(c.EjectWorker(worker_id=helper[0]), 1)
    assert out.reply == 1
    assert helper[1].run_id in stops(out)
    assert states(farm, job_id)[0] == TaskState.READY
    assert block_of(farm, job_id).tasks.errors[0] == 0


def test_a_worker_that_lost_task_and_helper_gives_back_both(farm: Farm) -> None:
    machines(farm, 2)
    job_id = submit(farm, job(many(multihost_master_on_slave=True)))
    runs = started(farm)
    farm.apply(c.LoseWorker(worker_id=runs[0][0]), 1)
    assert farm.state.runs == {}
    assert states(farm, job_id)[0] == TaskState.READY


def test_what_a_helper_says_of_frames_counts_for_nothing(farm: Farm) -> None:
    job_id, _, helper = lost(farm)
    farm.apply(c.NoteFrames(worker_id=helper[0], run_id=helper[1].run_id, count=1), 1)
    assert block_of(farm, job_id).sub_frames == {}


def test_a_deleted_job_stops_each_run_once(farm: Farm) -> None:
    job_id, runs, _ = lost(farm)
    out = farm.apply(c.DeleteJob(job_id=job_id), 1)
    told = [item.run_id for item in out.effects if isinstance(item, StopRun)]
    assert sorted(told) == sorted(run.run_id for _, run in runs)
    assert farm.state.runs == {}


def test_a_restart_brings_helpers_back(farm: Farm) -> None:
    _, runs, _ = lost(farm)
    twin = restarted(farm)
    assert twin.state.helpers == farm.state.helpers
    assert {n: run.part for n, run in twin.state.runs.items()} == {
        run.run_id: Part.HELPER if run.helps else Part.TASK for _, run in runs
    }


def test_why_names_how_many_it_needs(farm: Farm) -> None:
    machines(farm, 2)
    job_id = submit(farm, job(many()))
    assert why(farm, job_id) == ["hosts"]


def test_a_least_above_the_most_is_refused(farm: Farm) -> None:
    with pytest.raises(InvalidField) as refused:
        submit(farm, job(many(4, 3)))
    assert refused.value.field == "blocks[0].multihost_max"


def test_an_edit_may_ask_for_fewer(farm: Farm) -> None:
    machines(farm, 2)
    job_id = submit(farm, job(many(3)))
    assert started(farm) == []
    edit_job(farm, job_id, block=0, multihost_min=1)
    assert len(started(farm)) == 2


def test_a_task_for_one_machine_has_no_helpers(farm: Farm) -> None:
    spec = BlockSpec(tasks=(TaskSpec(name="m1", command=("true",)),), multihost_min=1)
    with pytest.raises(InvalidField) as refused:
        submit(farm, job(spec, maintenance=True))
    assert refused.value.field == "maintenance"
