from __future__ import annotations

from typing import Any

import pytest

from grange.core import commands as c
from grange.core.events import JobDone, JobFailed, RunEnded, TaskChanged
from grange.core.farm import Farm
from grange.model.run import RunResult
from grange.model.states import RUN_OK, RUN_UNCOUNTED, STATUS_FLAG, RunStatus, TaskFlag, TaskOp
from tests.build import (
    DONE,
    FAILED,
    READY,
    RUNNING,
    SKIPPED,
    WAITING,
    Life,
    begun,
    block,
    block_of,
    edit_branch,
    edit_pool,
    edit_user,
    end,
    fail,
    hosts,
    image,
    job,
    job_of,
    join,
    one,
    restarted,
    states,
    submit,
    worker_of,
)

FAILURES = sorted(set(RunStatus) - RUN_OK - RUN_UNCOUNTED)


@pytest.mark.parametrize("status", sorted(RUN_OK))
def test_a_run_that_ends_well_finishes_its_task(farm: Farm, status: RunStatus) -> None:
    worker_id = join(farm)
    job_id = submit(farm, job(block("1")))
    run_id = one(farm)[1].run_id
    out = end(farm, worker_id, run_id, status, now=9)
    wanted = SKIPPED if status is RunStatus.SKIPPED else DONE
    assert states(farm, job_id) == [wanted]
    assert TaskChanged(job_id, 0, 0, wanted) in out.events
    assert RunEnded(run_id, job_id, 0, 0, worker_id, status) in out.events
    assert JobDone(job_id) in out.events
    assert job_of(farm, job_id).done == block_of(farm, job_id).done == 9


@pytest.mark.parametrize("status", sorted(RUN_UNCOUNTED))
def test_a_run_that_is_nobodys_fault_is_not_counted(farm: Farm, status: RunStatus) -> None:
    worker_id = join(farm)
    job_id = submit(farm, job(block("1", errors_retries=0)))
    out = end(farm, worker_id, one(farm)[1].run_id, status, message="gone")
    assert states(farm, job_id) == [READY]
    assert block_of(farm, job_id).tasks.errors[0] == 0
    assert [line.text for line in out.notes] == [f"{status}: gone (run 1 on node)"]
    assert begun(farm) == [0]


@pytest.mark.parametrize("status", FAILURES)
def test_a_run_that_fails_is_counted(farm: Farm, status: RunStatus) -> None:
    worker_id = join(farm)
    job_id = submit(farm, job(block("1", errors_retries=0)))
    out = end(farm, worker_id, one(farm)[1].run_id, status, message="boom")
    assert states(farm, job_id) == [FAILED]
    assert JobFailed(job_id) in out.events
    assert [line.text for line in out.notes] == ["failed on node: boom; no retry left"]
    assert block_of(farm, job_id).error_hosts["node"].count == 1


@pytest.mark.parametrize("status", sorted(STATUS_FLAG))
def test_a_status_leaves_its_mark_on_the_task(farm: Farm, status: RunStatus) -> None:
    worker_id = join(farm)
    job_id = submit(farm, job(block("1", errors_retries=0)))
    end(farm, worker_id, one(farm)[1].run_id, status, warning=True)
    assert block_of(farm, job_id).tasks.flags[0] == STATUS_FLAG[status] | TaskFlag.WARNING


def test_each_start_is_told_which_attempt_it_is(farm: Farm) -> None:
    join(farm)
    submit(farm, job(block("1")))
    fail(farm)
    assert one(farm)[1].attempt == 2


@pytest.mark.parametrize(
    ("duration", "state", "said"),
    [
        (4.9, READY, "done after 4.9 s, less than the least of 5 s"),
        (5.0, DONE, ""),
    ],
)
def test_a_success_that_comes_too_soon_is_none(
    farm: Farm, duration: float, state: Any, said: str
) -> None:
    worker_id = join(farm)
    job_id = submit(farm, job(block("1", task_min_run_time_s=5)))
    out = end(farm, worker_id, one(farm)[1].run_id, duration_s=duration)
    assert states(farm, job_id) == [state]
    assert said in out.notes[0].text


def test_what_the_service_skipped_may_be_quick(farm: Farm) -> None:
    worker_id = join(farm)
    job_id = submit(farm, job(block("1", task_min_run_time_s=5)))
    end(farm, worker_id, one(farm)[1].run_id, RunStatus.SKIPPED, duration_s=0.0)
    assert states(farm, job_id) == [SKIPPED]


def test_the_times_of_good_runs_are_kept(farm: Farm) -> None:
    worker_id = join(farm)
    job_id = submit(farm, job(block("1-5", errors_retries=0)))
    for seconds, status in ((4, "done"), (2, "done"), (9, "skipped"), (9, "failed"), (6, "done")):
        end(farm, worker_id, one(farm, 100)[1].run_id, RunStatus(status), now=100 + seconds)
    kept = block_of(farm, job_id)
    assert (kept.run_time_min, kept.run_time_max, kept.run_time_sum) == (2, 6, 12)


def test_a_parsers_word_for_the_job_is_kept(farm: Farm) -> None:
    worker_id = join(farm)
    job_id = submit(farm)
    for word in ("half", "half", ""):
        end(farm, worker_id, one(farm)[1].run_id, report=word)
    assert job_of(farm, job_id).report == "half"


def test_a_run_ends_once(farm: Farm) -> None:
    worker_id = join(farm)
    submit(farm)
    run_id = one(farm)[1].run_id
    end(farm, worker_id, run_id)
    before = image(farm)
    out = end(farm, worker_id, run_id, RunStatus.FAILED)
    assert image(farm) == before
    assert (out.events, out.effects, out.notes) == ([], [], [])


def test_a_report_about_a_deleted_job_changes_nothing(farm: Farm) -> None:
    worker_id = join(farm)
    job_id = submit(farm)
    run_id = one(farm)[1].run_id
    farm.apply(c.DeleteJob(job_id=job_id), 2)
    before = image(farm)
    end(farm, worker_id, run_id)
    assert image(farm) == before


def test_what_a_run_held_is_given_back(farm: Farm) -> None:
    edit_pool(farm, tickets_pool={"nuke": {"count": 1}})
    worker_id = join(farm)
    submit(farm, job(block("1", need_memory_mb=9, tickets={"nuke": 1})))
    run_id = one(farm)[1].run_id
    worker = worker_of(farm, worker_id)
    assert (worker.capacity_used, worker.memory_reserved_mb) == (1_000, 9)
    assert worker.tickets_used == {"nuke": 1}
    end(farm, worker_id, run_id)
    assert (worker.capacity_used, worker.memory_reserved_mb, worker.tickets_used) == (0, 0, {})


def sub_task_job(farm: Farm) -> Any:
    """Block b waits for frames of block a, whose only task has frames 1-4."""
    first = block("1-4", name="a", frames_per_task=4, depend_sub_task=True)
    return submit(farm, job(first, block("1-4", name="b", tasks_depend_mask="a")))


def note_frames(farm: Farm, worker_id: Any, run_id: Any, count: int) -> Any:
    return farm.apply(c.NoteFrames(worker_id=worker_id, run_id=run_id, count=count), 1)


def test_frames_of_a_running_task_free_those_who_wait_for_them(farm: Farm) -> None:
    edit_pool(farm, capacity_host=9_000)
    job_id = sub_task_job(farm)
    worker_id = join(farm)
    _, run = one(farm)
    assert run.report_frames
    note_frames(farm, worker_id, run.run_id, 2)
    assert states(farm, job_id, 1) == [READY, READY, WAITING, WAITING]
    assert begun(farm) == [0, 1]


def test_fewer_frames_than_before_are_no_news(farm: Farm) -> None:
    job_id = sub_task_job(farm)
    worker_id = join(farm)
    _, run = one(farm)
    note_frames(farm, worker_id, run.run_id, 2)
    assert note_frames(farm, worker_id, run.run_id, 1).events == []
    assert states(farm, job_id, 1) == [READY, READY, WAITING, WAITING]


def test_frames_of_a_run_that_failed_are_not_there(farm: Farm) -> None:
    job_id = sub_task_job(farm)
    worker_id = join(farm)
    _, run = one(farm)
    note_frames(farm, worker_id, run.run_id, 3)
    end(farm, worker_id, run.run_id, RunStatus.FAILED)
    assert states(farm, job_id, 1) == [WAITING] * 4


def test_frames_of_an_unknown_run_change_nothing(farm: Farm) -> None:
    worker_id = join(farm)
    before = image(farm)
    note_frames(farm, worker_id, 77, 3)
    assert image(farm) == before


def test_frames_count_only_where_the_block_says_so(farm: Farm) -> None:
    first = block("1-4", name="a", frames_per_task=4)
    job_id = submit(farm, job(first, block("1-4", tasks_depend_mask="a")))
    worker_id = join(farm)
    _, run = one(farm)
    note_frames(farm, worker_id, run.run_id, 2)
    assert states(farm, job_id, 1) == [WAITING] * 4
    assert not run.report_frames


def test_a_failure_in_a_block_that_waits_again_is_not_ready(farm: Farm) -> None:
    edit_pool(farm, capacity_host=9_000)
    job_id = submit(farm, job(block("1", name="a"), block("1", tasks_depend_mask="a")))
    worker_id = join(farm)
    end(farm, worker_id, one(farm)[1].run_id)
    _, run = one(farm)
    farm.apply(c.ChangeTasks(job_id=job_id, op=TaskOp.RESTART, block=0), 1)
    end(farm, worker_id, run.run_id, RunStatus.FAILED)
    assert states(farm, job_id, 1) == [WAITING]


def test_a_result_is_stored_with_its_run(farm: Farm) -> None:
    worker_id = join(farm)
    submit(farm)
    run_id = one(farm)[1].run_id
    farm.take_dirty()
    result = RunResult(status=RunStatus.DONE, exit_code=0, duration_s=3.5)
    farm.apply(c.EndRun(worker_id=worker_id, run_id=run_id, result=result), 7)
    (record,) = [item for item in farm.take_dirty().put if type(item).__name__ == "RunRecord"]
    assert (record.ended, record.result) == (7, result)  # type: ignore[union-attr]


def test_a_worker_is_not_busy_after_its_run(farm: Farm) -> None:
    submit(farm, job(block("1-2")))
    worker_id = join(farm)
    end(farm, worker_id, one(farm)[1].run_id)
    assert hosts(farm) == ["node"]
    assert states(farm, next(iter(farm.state.jobs))) == [DONE, RUNNING]


@pytest.mark.parametrize("limited", ["user", "branch"])
def test_the_end_of_a_run_makes_room_under_a_limit(farm: Farm, limited: str) -> None:
    edit_pool(farm, capacity_host=9_000)
    edit_user(farm, max_running_tasks=1 if limited == "user" else -1)
    edit_branch(farm, max_running_tasks=1 if limited == "branch" else -1)
    worker_id = join(farm)
    submit(farm)
    _, run = one(farm)
    assert begun(farm) == []
    end(farm, worker_id, run.run_id)
    assert begun(farm) == [1]


def test_what_a_run_has_to_say_of_the_job_outlives_a_restart(farm: Farm) -> None:
    worker_id = join(farm)
    job_id = submit(farm)
    _, run = one(farm)
    life = Life(farm)
    end(farm, worker_id, run.run_id, report="half done")
    assert job_of(life.again(), job_id).report == "half done"


def test_how_long_tasks_took_outlives_a_restart(farm: Farm) -> None:
    worker_id = join(farm)
    job_id = submit(farm)
    _, run = one(farm)
    life = Life(farm)
    end(farm, worker_id, run.run_id, now=5)
    assert block_of(life.again(), job_id).run_time_sum == 4


def test_a_run_of_variable_capacity_is_the_same_after_a_restart(farm: Farm) -> None:
    edit_pool(farm, capacity_host=5_000)
    join(farm)
    submit(farm, job(block("1", capacity_coeff_max=3)))
    _, run = one(farm)
    assert restarted(farm).state.runs == farm.state.runs
    assert farm.state.runs[run.run_id].coeff == 3


def test_tickets_that_come_back_serve_blocks_of_other_workers(farm: Farm) -> None:
    edit_pool(farm, tickets_pool={"nuke": {"count": 1}})
    first, _ = join(farm, "n1"), join(farm, "n2")
    submit(farm, job(block("1", tickets={"nuke": 1}), hosts_mask="n1"))
    _, run = one(farm)
    submit(farm, job(block("1", tickets={"nuke": 1}), hosts_mask="n2"))
    assert begun(farm) == []
    end(farm, first, run.run_id)
    assert hosts(farm) == ["n2"]


def test_a_run_that_ended_well_is_no_news_of_a_failed_job(farm: Farm) -> None:
    worker_id = join(farm)
    job_id = submit(farm)
    out = end(farm, worker_id, one(farm)[1].run_id)
    assert JobFailed(job_id) not in out.events
