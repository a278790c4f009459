from __future__ import annotations

from typing import Any

import pytest

from grange.core import commands as c
from grange.core.deps import (
    check_job_targets,
    dependants_of_task,
    link_jobs,
    stuck_jobs,
    targets_of_task,
    waits_on,
)
from grange.core.errors import DependencyCycle, InvalidField
from grange.core.events import JobChanged
from grange.core.farm import Farm
from grange.model.ids import JobId
from grange.model.spec import BlockSpec, JobSpec
from grange.model.states import RunStatus, TaskOp
from tests.build import (
    DONE,
    READY,
    RUNNING,
    WAITING,
    begun,
    block,
    block_of,
    change,
    counted,
    edit_job,
    edit_pool,
    end,
    fail,
    job,
    job_of,
    join,
    named,
    one,
    refused,
    restarted,
    run_all,
    started,
    states,
    submit,
    why,
)


def refuse(farm: Farm, spec: JobSpec, field: str = "", user: str = "ada") -> str:
    return refused(farm, c.SubmitJob(spec=spec, user=user), DependencyCycle, field)


def order(farm: Farm) -> list[JobId]:
    """Let all run; the jobs in the order of their first starts."""
    return list(dict.fromkeys(run.job_id for run in run_all(farm)))


@pytest.mark.parametrize("mask", ["light", "l.*", "other|light"])
def test_a_job_waits_for_jobs_of_its_user_by_name(farm: Farm, mask: str) -> None:
    join(farm)
    comp = submit(farm, job(name="comp", depend_mask="nothing-yet", priority=200))
    light, of_bob = submit(farm, job(name="light")), submit(farm, job(name="light"), user="bob")
    edit_job(farm, comp, depend_mask=mask)
    assert job_of(farm, comp).waits == {light}
    assert why(farm, comp) == ["depends-on-jobs"]
    assert of_bob in farm.state.jobs


@pytest.mark.parametrize("mask", ["light", "l.*"])
def test_a_job_waits_for_jobs_of_all_users(farm: Farm, mask: str) -> None:
    light = submit(farm, job(name="light"), user="bob")
    comp = submit(farm, job(name="comp", depend_mask_global=mask))
    assert job_of(farm, comp).waits == {light}


def test_a_job_waits_for_jobs_by_id(farm: Farm) -> None:
    join(farm)
    first, second = submit(farm), submit(farm)
    last = submit(farm, job(depend_jobs=(first, second), priority=255))
    assert order(farm) == [first, second, last]


def test_a_mask_that_nothing_matches_holds_nothing(farm: Farm) -> None:
    join(farm)
    submit(farm, job(depend_mask="none", depend_mask_global="none.*"))
    assert begun(farm) == [0]


def test_a_job_does_not_wait_for_itself(farm: Farm) -> None:
    join(farm)
    submit(farm, job(name="a", depend_mask="a", depend_mask_global=".*"))
    assert begun(farm) == [0]


def test_a_job_does_not_wait_for_jobs_that_are_done(farm: Farm) -> None:
    join(farm)
    submit(farm, job(name="a"))
    run_all(farm)
    assert not job_of(farm, submit(farm, job(depend_mask="a"))).waits


@pytest.mark.parametrize("mask", ["late", "l.*"])
def test_a_job_waits_for_one_that_comes_later(farm: Farm, mask: str) -> None:
    first = submit(farm, job(name="first", depend_mask=mask))
    late = submit(farm, job(name="late"))
    assert job_of(farm, first).waits == {late}
    assert why(farm, first) == ["depends-on-jobs"]


def test_a_failed_job_holds_those_who_wait_for_it(farm: Farm) -> None:
    join(farm)
    submit(farm, job(block("1", errors_retries=0), name="a"))
    held = submit(farm, job(depend_mask="a"))
    fail(farm)
    assert begun(farm) == []
    assert why(farm, held) == ["depends-on-jobs"]


def test_a_job_that_is_restarted_holds_its_dependants_again(farm: Farm) -> None:
    join(farm)
    first = submit(farm, job(block("1"), name="a"))
    held = submit(farm, job(block("1-2"), depend_mask="a"))
    for _ in range(2):
        (worker_id, run), = started(farm)  # fmt: skip
        end(farm, worker_id, run.run_id)
    assert states(farm, held) == [DONE, READY]
    change(farm, first, TaskOp.RESTART)
    assert why(farm, held) == ["depends-on-jobs"]
    assert order(farm) == [first, held]


def test_a_done_job_is_not_held_again(farm: Farm) -> None:
    join(farm)
    first = submit(farm, job(name="a"))
    second = submit(farm, job(depend_mask="a"))
    run_all(farm)
    change(farm, first, TaskOp.RESTART)
    assert not job_of(farm, second).waits


def test_jobs_that_would_wait_for_each_other_are_refused_with_their_names(farm: Farm) -> None:
    submit(farm, job(name="a", depend_mask="c"))
    submit(farm, job(name="b", depend_mask="a"))
    said = refuse(farm, job(name="c", depend_mask="b"))
    assert said == "jobs would wait for each other: c -> b -> a -> c"


def test_jobs_of_two_users_may_close_a_circle_too(farm: Farm) -> None:
    submit(farm, job(name="a", depend_mask_global="b"), user="bob")
    refuse(farm, job(name="b", depend_mask_global="a"))
    submit(farm, job(name="b", depend_mask="a"))


def test_a_long_circle_is_told_in_part(farm: Farm) -> None:
    submit(farm, job(name="j0", depend_mask="j20"))
    for number in range(1, 20):
        submit(farm, job(name=f"j{number}", depend_mask=f"j{number - 1}"))
    said = refuse(farm, job(name="j20", depend_mask="j19"))
    assert said.startswith("jobs would wait for each other: j20 -> j19 -> j18")
    assert said.count("->") == 11


def circle_through_a_done_job(farm: Farm) -> tuple[JobId, JobId]:
    """Job a was done when b, which waits for a's like, came: and a waits for b's like."""
    join(farm)
    first = submit(farm, job(block("1"), name="a", depend_mask="b"))
    run_all(farm)
    second = submit(farm, job(block("1"), name="b", depend_mask="a"))
    change(farm, first, TaskOp.RESTART)
    return first, second


def test_a_job_that_wakes_into_a_circle_waits_and_the_other_does_not(farm: Farm) -> None:
    first, second = circle_through_a_done_job(farm)
    assert order(farm) == [second, first]


def test_a_circle_does_not_come_back_with_a_restart(farm: Farm) -> None:
    first, second = circle_through_a_done_job(farm)
    again = restarted(farm)
    waits = [job_of(again, job_id).waits for job_id in (first, second)]
    assert sorted(map(len, waits)) == [0, 1]


def test_a_job_that_is_done_by_hand_waits_for_nobody(farm: Farm) -> None:
    submit(farm, job(name="a"))
    held = submit(farm, job(depend_mask="a"))
    change(farm, held, TaskOp.DONE)
    assert not job_of(farm, held).waits
    assert not job_of(restarted(farm), held).waits


def test_two_thousand_jobs_in_a_row_run_one_after_the_other(farm: Farm) -> None:
    join(farm)
    specs = [job(block("1"), name=f"j{n}", depend_mask=f"j{n - 1}") for n in range(2_000)]
    ids = [submit(farm, spec) for spec in specs]
    assert order(farm) == ids


def test_jobs_in_a_row_by_id_are_not_compared_with_each_other(farm: Farm) -> None:
    ids = [submit(farm, job(block("1")))]
    with counted("waits_on") as calls:
        for _ in range(200):
            ids.append(submit(farm, job(block("1"), depend_jobs=(ids[-1],))))
    assert calls["waits_on"] < 400


def blocks(farm: Farm, *specs: BlockSpec) -> JobId:
    return submit(farm, job(*specs))


@pytest.mark.parametrize("mask", ["a", "a|x", "[ab]"])
def test_a_block_waits_for_whole_blocks(farm: Farm, mask: str) -> None:
    join(farm)
    job_id = blocks(farm, block("1-2", name="b", depend_mask=mask), block("1-2", name="a"))
    assert why(farm, job_id) == ["depends-on-blocks"]
    assert [run.block for run in run_all(farm)] == [1, 1, 0, 0]


def test_a_skipped_block_frees_those_who_wait(farm: Farm) -> None:
    join(farm)
    job_id = blocks(farm, block(name="a"), block("1", name="b", depend_mask="a"))
    change(farm, job_id, TaskOp.SKIP, block=0)
    assert one(farm)[1].block == 1


def test_a_block_that_is_restarted_holds_those_who_wait(farm: Farm) -> None:
    join(farm)
    job_id = blocks(farm, block("1", name="a"), block("1", name="b", depend_mask="a"))
    change(farm, job_id, TaskOp.SKIP, block=0)
    change(farm, job_id, TaskOp.RESTART, block=0)
    assert [run.block for run in run_all(farm)] == [0, 1]


def test_tasks_wait_for_the_tasks_of_their_frames(farm: Farm) -> None:
    edit_pool(farm, capacity_host=9_000)
    job_id = blocks(farm, block("1-3", name="a"), block("1-3", tasks_depend_mask="a"))
    worker_id = join(farm)
    second = started(farm)[1]
    end(farm, worker_id, second[1].run_id)
    assert states(farm, job_id, 1) == [WAITING, READY, WAITING]


@pytest.mark.parametrize(
    ("mine", "theirs", "needed"),
    [
        (block("1-4"), block("1-4", frames_per_task=2), [[0], [0], [1], [1]]),
        (block("1-4", frames_per_task=2), block("1-4"), [[0, 1], [2, 3]]),
        (block("1-3"), block("2-9x2"), [[], [0], []]),
        (block("5-6"), named("p", "q"), [[0], [1]]),
        (named("p", "q", "r"), block("5-6"), [[0], [1], []]),
        (named("p", "q"), named("x", "y", "z"), [[0], [1]]),
        (named("p", frames_per_task=3), named("x", "y", "z"), [[0, 1, 2]]),
        (named("p", "q"), named("x", "y", "z", frames_per_task=-2), [[0, 1], [2]]),
        (block("1-9x4"), block("1-9", frames_per_task=4), [[0], [1], [2]]),
    ],
)
def test_a_task_waits_where_frames_meet(
    farm: Farm, mine: BlockSpec, theirs: BlockSpec, needed: list[list[int]]
) -> None:
    spec = {"name": "b", "tasks_depend_mask": "a"}
    job_id = blocks(farm, replaced(mine, **spec), replaced(theirs, name="a"))
    assert states(farm, job_id) == [WAITING if tasks else READY for tasks in needed]
    for task, tasks in enumerate(needed):
        for other in tasks:
            assert states(farm, job_id)[task] == WAITING
            change(farm, job_id, TaskOp.SKIP, block=1, tasks=((other, other),))
        assert states(farm, job_id)[task] == READY
        change(farm, job_id, TaskOp.RESTART, block=1)


def replaced(spec: BlockSpec, **fields: Any) -> BlockSpec:
    values = {name: getattr(spec, name) for name in spec.__struct_fields__}
    return BlockSpec(**(values | fields))


def test_a_block_may_wait_for_tasks_of_several_blocks(farm: Farm) -> None:
    job_id = blocks(
        farm,
        block("1-2", name="a"),
        block("1-2", name="aa"),
        block("1-2", name="b", tasks_depend_mask="a+"),
    )
    change(farm, job_id, TaskOp.SKIP, block=0)
    assert states(farm, job_id, 2) == [WAITING, WAITING]
    change(farm, job_id, TaskOp.SKIP, block=1, tasks=((0, 0),))
    assert states(farm, job_id, 2) == [READY, WAITING]


def test_a_task_that_is_restarted_holds_the_tasks_that_wait(farm: Farm) -> None:
    job_id = blocks(farm, block("1-2", name="a"), block("1-2", tasks_depend_mask="a"))
    change(farm, job_id, TaskOp.SKIP, block=0)
    change(farm, job_id, TaskOp.RESTART, block=0, tasks=((1, 1),))
    assert states(farm, job_id, 1) == [READY, WAITING]


def test_a_task_that_runs_goes_on_when_its_source_is_restarted(farm: Farm) -> None:
    edit_pool(farm, capacity_host=9_000)
    job_id = blocks(farm, block("1", name="a"), block("1", name="b", tasks_depend_mask="a"))
    change(farm, job_id, TaskOp.SKIP, block=0)
    join(farm)
    worker_id, run = one(farm)
    change(farm, job_id, TaskOp.RESTART, block=0)
    assert states(farm, job_id, 1) == [RUNNING]
    end(farm, worker_id, run.run_id)
    assert states(farm, job_id, 1) == [DONE]


@pytest.mark.parametrize("field", ["depend_mask", "tasks_depend_mask"])
def test_blocks_that_would_wait_for_each_other_are_refused_with_their_names(
    farm: Farm, field: str
) -> None:
    specs = [block(name="a", **{field: "c"}), block(name="b", depend_mask="a")]
    said = refuse(farm, job(*specs, block(name="c", depend_mask="b")), "blocks")
    assert said == "blocks wait for each other: a -> c -> b -> a"


def test_the_circle_among_other_blocks_is_named_alone(farm: Farm) -> None:
    specs = [
        block(name="x", depend_mask="b"),
        block(name="b", depend_mask="c"),
        block(name="c", depend_mask="b"),
        block(name="free"),
    ]
    assert refuse(farm, job(*specs), "blocks").endswith(": b -> c -> b")


def test_a_block_does_not_wait_for_itself(farm: Farm) -> None:
    join(farm)
    blocks(farm, block(name="a", depend_mask="a", tasks_depend_mask="a"))
    assert begun(farm) == [0]


def test_blocks_of_one_name_wait_for_each_other_by_that_name(farm: Farm) -> None:
    refuse(farm, job(block(name="a", depend_mask="a"), block(name="a", depend_mask="a")), "blocks")


def test_a_jobs_pre_command_comes_before_all_blocks(farm: Farm) -> None:
    join(farm)
    submit(farm, job(block("1"), block("1"), command_pre=("setup",)))
    assert (run_all(farm)[0].block, run_all(farm)) == (2, [])


def test_a_blocks_pre_command_comes_before_that_block(farm: Farm) -> None:
    join(farm)
    job_id = submit(farm, job(block("1"), block("1", command_pre=("setup",))))
    assert [run.block for run in run_all(farm)] == [0, 2, 1]
    assert block_of(farm, job_id, 2).spec.name == "pre command of block"


def test_a_pre_command_that_fails_holds_what_comes_after(farm: Farm) -> None:
    join(farm)
    job_id = submit(farm, job(block("1"), command_pre=("setup",)))
    worker_id, run = one(farm)
    end(farm, worker_id, run.run_id, RunStatus.FATAL)
    assert begun(farm) == []
    assert why(farm, job_id) == ["depends-on-blocks"]


def test_a_pre_command_runs_where_the_block_would(farm: Farm) -> None:
    join(farm)
    submit(
        farm,
        job(block("1", working_directory="/w", environment={"A": "b"}, command_pre=("setup",))),
    )
    _, run = one(farm)
    assert (run.working_directory, run.environment) == ("/w", {"A": "b"})


def test_a_task_that_waits_for_many_tasks_is_not_looked_at_task_by_task(farm: Farm) -> None:
    """Fan-in: the end of each of 2,000 tasks must not look at the 2,000."""
    edit_pool(farm, capacity_host=-1, max_tasks_host=-1)
    job_id = blocks(farm, block("1-2000", name="a"), named("b", frames_per_task=2_000,
                    tasks_depend_mask="a"))  # fmt: skip
    worker_id = join(farm)
    runs = [run for _, run in started(farm)]
    with counted("__getitem__", "_task_done") as calls:
        for run in runs[:200]:
            end(farm, worker_id, run.run_id)
    assert calls["__getitem__"] + calls["_task_done"] < 200 * 20
    for run in runs[200:]:
        end(farm, worker_id, run.run_id)
    assert states(farm, job_id, 1) == [READY]


def test_a_hundred_thousand_tasks_begin_to_wait_for_as_many(farm: Farm) -> None:
    job_id = blocks(farm, block("1-100000", name="a"), block("1-100000", tasks_depend_mask="a"))
    assert set(states(farm, job_id, 1)) == {WAITING}


def test_frames_of_done_and_of_running_tasks_are_taken_together(farm: Farm) -> None:
    edit_pool(farm, capacity_host=9_000)
    first = block("1-8", name="a", frames_per_task=4, depend_sub_task=True)
    job_id = blocks(farm, first, block("1-8", frames_per_task=6, tasks_depend_mask="a"))
    worker_id = join(farm)
    (_, done), (_, runs) = started(farm)
    end(farm, worker_id, done.run_id)
    for count, state in ((1, WAITING), (2, READY)):
        farm.apply(c.NoteFrames(worker_id=worker_id, run_id=runs.run_id, count=count), 1)
        assert states(farm, job_id, 1) == [state, WAITING]


def test_a_job_that_others_wait_for_is_edited(farm: Farm) -> None:
    join(farm)
    first = submit(farm, job(block("1"), name="a"))
    held = submit(farm, job(depend_mask="a"))
    out = edit_job(farm, first, depend_mask="x")
    assert JobChanged(held) in out.events
    assert job_of(farm, held).waits == {first}


def test_a_job_that_waits_is_deleted(farm: Farm) -> None:
    first = submit(farm, job(name="a"))
    held = submit(farm, job(depend_mask="a"))
    farm.apply(c.DeleteJob(job_id=held), 1)
    assert not job_of(farm, first).dependants


def test_a_task_that_is_done_stays_so_when_its_source_is_restarted_alone(farm: Farm) -> None:
    job_id = blocks(farm, block("1-2", name="a"), block("1-2", tasks_depend_mask="a"))
    change(farm, job_id, TaskOp.DONE)
    change(farm, job_id, TaskOp.RESTART, block=0, tasks=((0, 0),))
    assert states(farm, job_id, 1) == [DONE, DONE]


def test_a_task_knows_the_tasks_that_it_waits_for(farm: Farm) -> None:
    job_id = blocks(farm, block("1-4", name="a"), block("1-4", frames_per_task=2,
                    tasks_depend_mask="a"))  # fmt: skip
    job_now = job_of(farm, job_id)
    first, second = job_now.blocks
    assert list(targets_of_task(job_now, second, 1)) == [(first, 2), (first, 3)]
    assert list(dependants_of_task(job_now, first, 2)) == [(second, 1)]


def test_a_job_waits_for_one_of_its_rules_only(farm: Farm) -> None:
    first = submit(farm, job(name="a"))
    held = job_of(farm, submit(farm, job(depend_jobs=(first,), depend_mask="b")))
    assert waits_on(held, "x", "bob", first)
    assert waits_on(held, "b", "ada", None)
    assert not waits_on(held, "b", "bob", None)
    assert not waits_on(held, "a", "ada", None)


def test_jobs_that_wait_in_a_circle_are_found(farm: Farm) -> None:
    jobs = [job_of(farm, submit(farm)) for _ in range(3)]
    for one_, other in zip(jobs, [*jobs[1:], jobs[0]], strict=True):
        one_.waits.add(other.job_id)
        other.dependants.add(one_.job_id)
    assert stuck_jobs(farm.state) == [1, 2, 3]
    link_jobs(farm.state)
    assert stuck_jobs(farm.state) == []


def test_a_dependency_on_a_job_that_was_known_and_is_gone_is_kept(farm: Farm) -> None:
    with pytest.raises(InvalidField):
        check_job_targets(farm.state, job(depend_jobs=(7, 8)), known=(7,))
    check_job_targets(farm.state, job(depend_jobs=(7, 8)), known=(7, 8))
