from __future__ import annotations

import math
from typing import Any

import pytest

from grange.core import commands as c
from grange.core.errors import InvalidField, NoSuchBlock, NoSuchTask, Rejected, TokenReused
from grange.core.events import JobDone, JobSubmitted
from grange.core.farm import Farm
from grange.core.records import ChunkRecord, RunRecord
from grange.core.tasks import STARTS_MAX
from grange.model.ids import JobId, RunId, WorkerId
from grange.model.run import RunResult
from grange.model.spec import NAME_MAX, JobSpec
from grange.model.states import RunStatus, TaskOp, TaskState
from tests.build import (
    DONE,
    FAILED,
    READY,
    SKIPPED,
    SUSPENDED,
    WAITING,
    block,
    block_of,
    change,
    image,
    job,
    job_of,
    join,
    named,
    one,
    refused,
    restarted,
    run_all,
    states,
    submit,
)

WELL = RunResult(status=RunStatus.DONE, duration_s=3.0)


def over(state: TaskState, first: int, last: int, number: int = 0) -> c.RestoredTasks:
    return c.RestoredTasks(block=number, first=first, last=last, state=state)


def ran(task: int, **fields: Any) -> c.RestoredRun:
    said: dict[str, Any] = {
        "block": 0,
        "worker": "render01",
        "started": 100.0,
        "ended": 103.0,
    } | fields
    return c.RestoredRun(task=task, **{"result": WELL, **said})


def restore(
    farm: Farm,
    *parts: c.RestoredTasks | c.RestoredRun,
    spec: JobSpec | None = None,
    now: float = 200,
    **fields: Any,
) -> c.Restored:
    reply = farm.apply(command(*parts, spec=spec, **fields), now).reply
    assert isinstance(reply, c.Restored)
    return reply


def command(
    *parts: c.RestoredTasks | c.RestoredRun, spec: JobSpec | None = None, **fields: Any
) -> c.RestoreJob:
    return c.RestoreJob(
        spec=spec or job(),
        user="ada",
        tasks=tuple(part for part in parts if isinstance(part, c.RestoredTasks)),
        runs=tuple(part for part in parts if isinstance(part, c.RestoredRun)),
        **fields,
    )


def stored_runs(farm: Farm) -> list[RunRecord]:
    return [item for item in farm.take_dirty().put if isinstance(item, RunRecord)]


def test_tasks_are_as_they_were_and_the_others_as_at_a_submission(farm: Farm) -> None:
    parts = (over(DONE, 0, 1), over(FAILED, 2, 2), over(SUSPENDED, 3, 3), over(SKIPPED, 5, 5))
    reply = restore(farm, *parts, spec=job(block("1-6")))
    assert reply == c.Restored(job_id=JobId(1))
    assert states(farm, reply.job_id) == [DONE, DONE, FAILED, SUSPENDED, READY, SKIPPED]
    assert not job_of(farm, reply.job_id).done


def test_only_what_is_left_is_run(farm: Farm) -> None:
    restore(farm, over(DONE, 0, 2), spec=job(block("1-5")))
    join(farm)
    assert [run.task for run in run_all(farm, 201)] == [3, 4]


def test_a_job_whose_tasks_are_all_over_is_done(farm: Farm) -> None:
    out = farm.apply(command(over(DONE, 0, 3)), 200)
    assert out.events[0] == JobSubmitted(JobId(1))
    assert JobDone(JobId(1)) in out.events
    assert [line.text for line in out.notes][-1] == "restored by ada: 4 tasks are as they were"
    assert job_of(farm, JobId(1)).done == block_of(farm, JobId(1)).done == 200


def test_the_story_says_how_many_tasks_were_restored(farm: Farm) -> None:
    out = farm.apply(command(over(DONE, 1, 2), over(FAILED, 3, 3)), 200)
    assert [line.text for line in out.notes] == ["restored by ada: 3 tasks are as they were"]


def test_as_what_a_task_may_begin_is_said(farm: Farm) -> None:
    said = refused(farm, command(over(READY, 0, 0)), InvalidField, "tasks[0].state", now=200)
    assert said == ("a task cannot begin as ready, only as done, failed, skipped, suspended")


def test_a_later_span_stands_over_an_earlier_one(farm: Farm) -> None:
    reply = restore(farm, over(DONE, 0, 3), over(FAILED, 1, 2))
    assert states(farm, reply.job_id) == [DONE, FAILED, FAILED, DONE]


def test_blocks_and_tasks_that_waited_for_what_is_over_are_free(farm: Farm) -> None:
    spec = job(
        block("1-2", name="a"),
        block("1-2", name="b", depend_mask="a"),
        block("1-2", name="c", tasks_depend_mask="b"),
    )
    reply = restore(farm, over(DONE, 0, 1), over(DONE, 0, 0, 1), spec=spec)
    assert not block_of(farm, reply.job_id, 1).waits
    assert states(farm, reply.job_id, 2) == [READY, WAITING]


def test_a_job_that_waits_for_a_restored_one_that_is_done_is_free(farm: Farm) -> None:
    waiting = submit(farm, job(name="comp", depend_mask="shot"))
    restore(farm, over(DONE, 0, 3), spec=job(name="shot"))
    assert not job_of(farm, waiting).waits
    join(farm)
    assert len(run_all(farm, 201)) == 4


def test_a_job_waits_for_a_restored_one_that_is_not_done(farm: Farm) -> None:
    waiting = submit(farm, job(name="comp", depend_mask="shot"))
    reply = restore(farm, over(DONE, 0, 2), spec=job(name="shot"))
    assert job_of(farm, waiting).waits == {reply.job_id}


def test_runs_are_history_from_the_beginning(farm: Farm) -> None:
    lost = RunResult(status=RunStatus.FAILED, exit_code=2)
    reply = restore(
        farm,
        over(DONE, 0, 0),
        over(FAILED, 3, 3),
        ran(0),
        ran(3, worker="", attempt=7, started=0.0, ended=0.0, result=lost),
    )
    first, second = stored_runs(farm)
    assert reply.first_run == first.run_id
    assert second.run_id == first.run_id + 1
    assert (first.task, first.worker, first.attempt, first.result) == (0, "render01", 1, WELL)
    assert (first.started, first.ended, first.worker_id) == (100.0, 103.0, WorkerId(0))
    assert (second.task, second.worker, second.attempt, second.result) == (3, "", 7, lost)
    assert (second.started, second.ended) == (200.0, 200.0)
    table = block_of(farm, reply.job_id).tasks
    assert list(table.last_run) == [first.run_id, 0, 0, second.run_id]
    assert list(table.starts) == [1, 0, 0, 7]


def test_a_run_without_a_start_was_started_when_it_ended(farm: Farm) -> None:
    restore(farm, ran(0, started=0.0, ended=50.0))
    (run,) = stored_runs(farm)
    assert (run.started, run.ended) == (50.0, 50.0)


def test_the_times_of_runs_that_are_done_count(farm: Farm) -> None:
    parts = (over(DONE, 0, 1), over(FAILED, 2, 2))
    runs = (ran(0), ran(1, ended=110.0), ran(2, started=90.0, ended=199.0))
    reply = restore(farm, *parts, *runs)
    found = block_of(farm, reply.job_id)
    assert (found.run_time_min, found.run_time_max, found.run_time_sum) == (3.0, 10.0, 13.0)
    assert found.started == job_of(farm, reply.job_id).started == 90.0


def test_a_restored_task_that_is_begun_again_has_one_start_more(farm: Farm) -> None:
    reply = restore(farm, over(DONE, 0, 3), ran(0, attempt=4))
    change(farm, reply.job_id, TaskOp.RESTART, tasks=((0, 0),), block=0)
    join(farm)
    _, run = one(farm, 201)
    assert (run.attempt, run.run_id) == (5, reply.first_run + 1)


def test_what_was_restored_is_there_after_a_restart(farm: Farm) -> None:
    spec = job(block("1-600"))
    reply = restore(farm, over(DONE, 0, 255), over(FAILED, 599, 599), ran(599), spec=spec)
    before = block_of(farm, reply.job_id)
    after = block_of(restarted(farm, 201), reply.job_id)
    assert after.tasks.counts == before.tasks.counts
    assert after.tasks.state == before.tasks.state
    assert after.tasks.last_run[599] == reply.first_run


def test_two_spans_of_one_state_are_counted_together(farm: Farm) -> None:
    reply = restore(farm, over(DONE, 0, 0), over(DONE, 2, 3))
    assert block_of(farm, reply.job_id).tasks.counts[DONE] == 3


def test_only_what_is_not_as_at_a_submission_is_stored(farm: Farm) -> None:
    restore(farm, over(DONE, 0, 255), ran(600), spec=job(block("1-900")))
    chunks = [item for item in farm.take_dirty().put if isinstance(item, ChunkRecord)]
    assert [chunk.number for chunk in chunks] == [0, 2]


def test_the_same_again_answers_with_the_same_job_and_runs(farm: Farm) -> None:
    parts = (over(DONE, 0, 1), ran(0), ran(1))
    first = restore(farm, *parts, token="t")
    before = image(farm)
    again = restore(farm, *parts, token="t")
    assert again == c.Restored(job_id=first.job_id, first_run=first.first_run, again=True)
    assert image(farm) == before


def test_the_same_again_after_a_task_has_run_anew_knows_the_runs_by_the_others(
    farm: Farm,
) -> None:
    parts = (over(DONE, 0, 3), ran(0), ran(1))
    first = restore(farm, *parts, token="t")
    join(farm)
    change(farm, first.job_id, TaskOp.RESTART, tasks=((0, 0),), block=0)
    run_all(farm, 201)
    assert restore(farm, *parts, token="t").first_run == first.first_run
    change(farm, first.job_id, TaskOp.RESTART, tasks=((1, 1),), block=0)
    run_all(farm, 202)
    assert restore(farm, *parts, token="t").first_run == RunId(0)


@pytest.mark.parametrize(
    "others",
    [(ran(4),), (ran(-1),), (ran(0, block=1),), (ran(0, block=-1),), (ran(1), ran(0)), ()],
)
def test_other_runs_under_the_same_token_are_none_of_the_job(
    farm: Farm, others: tuple[c.RestoredRun, ...]
) -> None:
    first = restore(farm, ran(0), ran(1), token="t")
    again = restore(farm, *others, token="t")
    assert again == c.Restored(job_id=first.job_id, again=True)


def test_the_same_again_after_the_job_was_deleted_answers_with_its_number(farm: Farm) -> None:
    first = restore(farm, ran(0), token="t")
    farm.apply(c.DeleteJob(job_id=first.job_id), 201)
    assert restore(farm, ran(0), token="t") == c.Restored(job_id=first.job_id, again=True)


def test_a_token_of_another_job_is_refused(farm: Farm) -> None:
    restore(farm, token="t")
    refused(farm, command(token="t", spec=job(name="other")), TokenReused, now=200)


def test_pre_commands_may_be_over_too(farm: Farm) -> None:
    spec = job(block("1-2", command_pre=("mkdir",)), command_pre=("ls",))
    reply = restore(farm, over(DONE, 0, 0, 1), over(DONE, 0, 0, 2), spec=spec)
    join(farm)
    assert [run.block for run in run_all(farm, 201)] == [0, 0]
    assert job_of(farm, reply.job_id).done == 201


@pytest.mark.parametrize(
    ("part", "error", "field"),
    [
        (over(DONE, 0, 4), NoSuchTask, "tasks[0]"),
        (over(DONE, -1, 0), NoSuchTask, "tasks[0]"),
        (over(DONE, 2, 1), NoSuchTask, "tasks[0]"),
        (over(DONE, 0, 0, 1), NoSuchBlock, "tasks[0]"),
        (over(DONE, 0, 0, -1), NoSuchBlock, "tasks[0]"),
        (over(READY, 0, 0), InvalidField, "tasks[0].state"),
        (over(TaskState.RUNNING, 0, 0), InvalidField, "tasks[0].state"),
        (over(WAITING, 0, 0), InvalidField, "tasks[0].state"),
        (ran(4), NoSuchTask, "runs[0]"),
        (ran(0, block=1), NoSuchBlock, "runs[0]"),
        (ran(0, worker="n" * (NAME_MAX + 1)), InvalidField, "runs[0].worker"),
        (ran(0, attempt=0), InvalidField, "runs[0].attempt"),
        (ran(0, attempt=STARTS_MAX + 1), InvalidField, "runs[0].attempt"),
        (ran(0, started=104.0), InvalidField, "runs[0].started"),
        (ran(0, started=201.0, ended=0.0), InvalidField, "runs[0].started"),
        (ran(0, started=-1.0), InvalidField, "runs[0].started"),
        (ran(0, started=math.nan), InvalidField, "runs[0].started"),
        (ran(0, ended=math.inf), InvalidField, "runs[0].started"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_made(
    farm: Farm, part: Any, error: type[Rejected], field: str
) -> None:
    assert refused(farm, command(part), error, field, now=200)


def test_bounds_are_kept_to_the_last(farm: Farm) -> None:
    parts = (over(DONE, 0, 3), ran(3, worker="n" * NAME_MAX, attempt=STARTS_MAX, started=103.0))
    assert restore(farm, *parts).first_run == RunId(1)


def test_a_second_run_of_a_task_is_refused(farm: Farm) -> None:
    refused(farm, command(ran(0), ran(0)), InvalidField, "runs[1]", now=200)
    spec = job(block("1"), named("a"))
    assert restore(farm, ran(0), ran(0, block=1), spec=spec).first_run == RunId(1)


def test_the_job_itself_is_checked_as_at_a_submission(farm: Farm) -> None:
    empty = JobSpec(name="empty", blocks=())
    refused(farm, command(spec=empty), InvalidField, "blocks", now=200)
