"""Who waits for whom when jobs begin again, and where masks or ids fit only in part."""

from __future__ import annotations

from grange.core.commands import NoteFrames, SubmitJob
from grange.core.deps import stuck_jobs
from grange.core.errors import DependencyCycle
from grange.core.farm import Farm
from grange.model.states import TaskOp, TaskState
from tests.build import (
    READY,
    WAITING,
    Life,
    begun,
    block,
    change,
    edit_pool,
    job,
    job_of,
    join,
    one,
    refused,
    started,
    states,
    submit,
)


def test_a_pattern_that_does_not_fit_holds_nobody(farm: Farm) -> None:
    held = submit(farm, job(name="x", depend_mask_global="a|b"))
    submit(farm, job(name="c"))
    assert job_of(farm, held).waits == set()
    other = submit(farm, job(name="b"))
    assert job_of(farm, held).waits == {other}


def test_a_job_that_begins_again_holds_those_who_named_it_by_its_id(farm: Farm) -> None:
    first = submit(farm, job(name="a"))
    second = submit(farm, job(name="b", depend_jobs=(first,)))
    change(farm, first, TaskOp.SKIP)
    assert job_of(farm, second).waits == set()
    change(farm, first, TaskOp.RESTART)
    assert job_of(farm, second).waits == {first}


def test_a_job_that_is_done_does_not_hide_others_that_wait(farm: Farm) -> None:
    first = submit(farm, job(name="a"))
    done, waits = (submit(farm, job(name=name, depend_mask="a")) for name in ("b", "c"))
    change(farm, first, TaskOp.SKIP)
    change(farm, done, TaskOp.SKIP)
    change(farm, first, TaskOp.RESTART)
    assert job_of(farm, waits).waits == {first}


def frames_shown(farm: Farm, count: int) -> list[TaskState]:
    """States of tasks that use every other frame of one that runs, after it has shown some."""
    spec = block("1-11x2", frames_per_task=6, name="a", depend_sub_task=True)
    waiting = block("1-11x2", tasks_depend_mask="a", name="b")
    job_id = submit(farm, job(spec, waiting))
    join(farm)
    worker_id, run = one(farm)
    if count:
        farm.apply(NoteFrames(worker_id=worker_id, run_id=run.run_id, count=count), 1)
    return states(farm, job_id, 1)


def test_frames_of_a_task_that_runs_are_of_use_once_it_has_shown_them(farm: Farm) -> None:
    assert frames_shown(farm, 3) == [READY, READY, READY, WAITING, WAITING, WAITING]


def test_a_task_that_runs_and_has_shown_nothing_frees_nobody(farm: Farm) -> None:
    assert frames_shown(farm, 0) == [WAITING] * 6


def test_tasks_that_become_free_together_are_started_whatever_was_started_before(
    farm: Farm,
) -> None:
    edit_pool(farm, capacity_host=99_000, max_tasks_host=99)
    job_id = submit(farm, job(block("1-9", name="a"), block("1-9", tasks_depend_mask="a")))
    change(farm, job_id, TaskOp.DONE, block=0, tasks=((5, 5),))
    change(farm, job_id, TaskOp.SUSPEND, block=0)
    join(farm)
    assert begun(farm) == [5]
    life = Life(farm)
    change(farm, job_id, TaskOp.DONE, block=0)
    assert states(life.again(), job_id, 1).count(READY) == 8
    assert begun(farm) == [0, 1, 2, 3, 4, 6, 7, 8]


def test_frames_that_one_task_has_shown_are_not_those_of_another(farm: Farm) -> None:
    edit_pool(farm, capacity_host=9_000)
    first = block("1-8", frames_per_task=4, name="a", depend_sub_task=True)
    job_id = submit(farm, job(first, block("1-8", tasks_depend_mask="a", name="b")))
    worker_id = join(farm)
    (_, run), _ = started(farm)
    farm.apply(NoteFrames(worker_id=worker_id, run_id=run.run_id, count=2), 1)
    assert states(farm, job_id, 1) == [READY, READY, *[WAITING] * 6]


def test_a_job_is_stuck_that_waits_for_one_that_waits_for_a_circle(farm: Farm) -> None:
    ids = [submit(farm, job(name=f"j{n}")) for n in range(5)]
    free, one_way, other_way, both, behind = (job_of(farm, job_id) for job_id in ids)
    waits = [(one_way, other_way), (other_way, one_way), (both, free), (both, one_way)]
    for item, target in [*waits, (behind, both)]:
        item.waits.add(target.job_id)
        target.dependants.add(item.job_id)
    assert stuck_jobs(farm.state) == ids[1:]
    for item, target in [*waits, (behind, both)]:
        item.waits.clear()
        target.dependants.clear()


def test_a_circle_of_blocks_is_refused_where_one_of_them_waits_for_a_free_one_too(
    farm: Farm,
) -> None:
    spec = job(
        block(name="a"), block(name="b", depend_mask="a|c"), block(name="c", depend_mask="b")
    )
    said = refused(farm, SubmitJob(spec=spec, user="ada"), DependencyCycle, "blocks")
    assert "b -> c -> b" in said
