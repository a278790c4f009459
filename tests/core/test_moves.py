from __future__ import annotations

import msgspec
import pytest

from grange.core import moves
from grange.core.effects import Outcome
from grange.core.events import JobChanged, JobDone, TaskChanged, TasksChanged
from grange.core.farm import Farm
from grange.core.records import ChunkRecord
from grange.model.spec import BlockSpec
from grange.model.states import TaskOp
from tests.build import (
    DONE,
    READY,
    SKIPPED,
    WAITING,
    Life,
    block,
    block_of,
    change,
    end,
    job,
    job_of,
    join,
    named,
    one,
    started,
    states,
    submit,
)


def test_the_end_of_a_job_is_told_once(farm: Farm) -> None:
    job_id = submit(farm, job(block("1"), block("1")))
    out = Outcome()
    for number in (0, 1):
        part = block_of(farm, job_id, number)
        moves.set_state(farm.state, job_of(farm, job_id), part, 0, SKIPPED, 5, out)
    assert [event for event in out.events if isinstance(event, JobDone)] == [JobDone(job_id)]
    assert out.events[-2:] == [JobDone(job_id), JobChanged(job_id)]
    assert [line.text for line in out.notes] == ["job done"]
    assert (block_of(farm, job_id).done, job_of(farm, job_id).done) == (5, 5)


def test_a_finished_block_is_news_of_its_job(farm: Farm) -> None:
    job_id = submit(farm, job(block("1"), block("1")))
    out = Outcome()
    moves.set_state(farm.state, job_of(farm, job_id), block_of(farm, job_id), 0, DONE, 5, out)
    assert out.events == [TaskChanged(job_id, 0, 0, DONE), JobChanged(job_id)]


def test_those_who_wait_for_a_job_are_news_when_it_is_done(farm: Farm) -> None:
    worker_id = join(farm)
    submit(farm, job(block("1"), name="a"))
    held = submit(farm, job(depend_mask="a"))
    out = end(farm, worker_id, one(farm)[1].run_id)
    assert JobChanged(held) in out.events


def test_a_skipped_task_that_is_called_done_frees_nobody_anew(farm: Farm) -> None:
    job_id = submit(farm, job(block("1", name="a"), block("1", tasks_depend_mask="a")))
    change(farm, job_id, TaskOp.SKIP, block=0, tasks=((0, 0),))
    out = Outcome()
    moves.set_state(farm.state, job_of(farm, job_id), block_of(farm, job_id), 0, DONE, 5, out)
    assert out.events == [TaskChanged(job_id, 0, 0, DONE)]


def test_a_task_that_follows_is_told(farm: Farm) -> None:
    worker_id = join(farm)
    job_id = submit(farm, job(block("1", name="a"), block("1", tasks_depend_mask="a")))
    out = end(farm, worker_id, one(farm)[1].run_id)
    assert TaskChanged(job_id, 1, 0, READY) in out.events


def test_tasks_that_follow_at_once_are_told_as_many(farm: Farm) -> None:
    job_id = submit(farm, job(block("1-9", name="a"), block("1-9", tasks_depend_mask="a")))
    out = Outcome()
    job_now, second = job_of(farm, job_id), block_of(farm, job_id, 1)
    moves.refit_block(farm.state, job_now, second, out)
    assert out.events == [TasksChanged(job_id, 1)]
    moves.refit_block(farm.state, job_now, block_of(farm, job_id), out)
    assert len(out.events) == 1


@pytest.mark.parametrize(
    "second", [block("1-4"), block("1-4", frames_per_task=2), named("p", "q")]
)
def test_a_block_follows_another_of_any_shape(farm: Farm, second: BlockSpec) -> None:
    second = msgspec.structs.replace(second, tasks_depend_mask="a")
    job_id = submit(farm, job(block("1-4", name="a"), second))
    size = block_of(farm, job_id, 1).tasks.size
    assert states(farm, job_id, 1) == [WAITING] * size
    change(farm, job_id, TaskOp.SKIP, block=0)
    assert states(farm, job_id, 1) == [READY] * size
    change(farm, job_id, TaskOp.RESTART, block=0)
    assert states(farm, job_id, 1) == [WAITING] * size
    assert started(farm) == []


def test_a_note_speaks_of_a_job_a_block_or_tasks(farm: Farm) -> None:
    job_now = job_of(farm, submit(farm))
    out = Outcome()
    moves.note(out, job_now, 3, "whole")
    moves.note(out, job_now, 3, "block", job_now.blocks[0])
    moves.note(out, job_now, 3, "task", job_now.blocks[0], 2)
    moves.note(out, job_now, 3, "tasks", job_now.blocks[0], 1, 3)
    said = [(line.text, line.block, line.first, line.last, line.at) for line in out.notes]
    assert said == [
        ("whole", None, None, None, 3),
        ("block", 0, None, None, 3),
        ("task", 0, 2, 2, 3),
        ("tasks", 0, 1, 3, 3),
    ]


def test_a_job_that_wakes_holds_those_who_wait_for_it(farm: Farm) -> None:
    first = submit(farm, job(block("1"), name="a"))
    held = submit(farm, job(block("1"), depend_mask="a"))
    change(farm, first, TaskOp.SKIP)
    assert not job_of(farm, held).waits
    change(farm, first, TaskOp.RESTART)
    assert job_of(farm, held).waits == {first}


def test_a_block_that_is_finished_frees_a_block_and_holds_it_again(farm: Farm) -> None:
    job_id = submit(farm, job(block("1", name="a"), block("1", depend_mask="a")))
    change(farm, job_id, TaskOp.SKIP, block=0)
    assert not block_of(farm, job_id, 1).waits
    change(farm, job_id, TaskOp.RESTART, block=0)
    assert block_of(farm, job_id, 1).waits == {0}


def test_a_task_that_is_done_does_not_follow(farm: Farm) -> None:
    job_id = submit(farm, job(block("1-2", name="a"), block("1-2", tasks_depend_mask="a")))
    change(farm, job_id, TaskOp.SKIP)
    change(farm, job_id, TaskOp.RESTART, block=0, tasks=((0, 0),))
    assert states(farm, job_id, 1) == [SKIPPED, SKIPPED]


def test_a_task_that_waits_for_two_follows_the_last(farm: Farm) -> None:
    second = block("1-2", frames_per_task=2, tasks_depend_mask="a")
    job_id = submit(farm, job(block("1-2", name="a"), second))
    for task, state in ((0, WAITING), (1, READY)):
        change(farm, job_id, TaskOp.SKIP, block=0, tasks=((task, task),))
        assert states(farm, job_id, 1) == [state]


def test_a_block_that_is_done_before_its_job_is_no_news_of_jobs_that_wait(farm: Farm) -> None:
    job_id = submit(farm, job(block("1"), block("1"), name="a"))
    submit(farm, job(depend_mask="a"))
    out = Outcome()
    moves.set_state(farm.state, job_of(farm, job_id), block_of(farm, job_id), 0, DONE, 5, out)
    assert out.events == [TaskChanged(job_id, 0, 0, DONE), JobChanged(job_id)]


def test_tasks_that_follow_at_once_are_stored(farm: Farm) -> None:
    job_id = submit(farm, job(block("1-9", name="a"), block("1-9", tasks_depend_mask="a")))
    farm.take_dirty()
    change(farm, job_id, TaskOp.SKIP, block=0)
    rows = [item for item in farm.take_dirty().put if isinstance(item, ChunkRecord)]
    assert [(row.block, row.columns[:9]) for row in rows] == [
        (0, bytes([SKIPPED] * 9)),
        (1, bytes([READY] * 9)),
    ]


def test_when_a_block_was_done_outlives_a_restart(farm: Farm) -> None:
    job_id = submit(farm, job(block("1"), block("1")))
    life = Life(farm)
    change(farm, job_id, TaskOp.SKIP, block=0, now=7)
    assert [part.done for part in job_of(life.again(9), job_id).blocks] == [7, 0]
