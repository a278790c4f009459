from __future__ import annotations

from typing import Any

import pytest

from grange.core import commands as c
from grange.core.deps import (
    dependants_of_task,
    targets_of_task,
)
from grange.core.errors import DependencyCycle
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
    edit_pool,
    end,
    job,
    job_of,
    join,
    named,
    one,
    refused,
    run_all,
    started,
    states,
    submit,
    why,
)


def refuse(farm: Farm, spec: JobSpec, field: str = "", user: str = "ada") -> str:
    return refused(farm, c.SubmitJob(spec=spec, user=user), DependencyCycle, field)


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
