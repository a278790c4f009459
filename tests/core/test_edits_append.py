from __future__ import annotations

import pytest

from grange.core import commands as c
from grange.core.errors import (
    DependencyCycle,
    InvalidField,
    Rejected,
)
from grange.core.events import JobChanged, TasksChanged
from grange.core.farm import Farm
from grange.core.records import NamesRecord
from grange.core.tasks import CHUNK
from grange.model.ids import JobId
from grange.model.spec import BlockSpec, TaskSpec
from tests.build import (
    READY,
    RUNNING,
    SUSPENDED,
    WAITING,
    block,
    end,
    job,
    job_of,
    join,
    named,
    one,
    refused,
    run_all,
    states,
    submit,
    why,
)

MORE = (TaskSpec(name="x", command=("x",)), TaskSpec(name="y", command=("y",)))


def append(farm: Farm, job_id: JobId, *blocks: BlockSpec, now: float = 1) -> object:
    return farm.apply(c.AppendBlocks(job_id=job_id, blocks=blocks), now).reply


def append_tasks(farm: Farm, job_id: JobId, number: int = 0) -> object:
    return farm.apply(c.AppendTasks(job_id=job_id, block=number, tasks=MORE), 1).reply


def test_blocks_are_appended_to_a_job(farm: Farm) -> None:
    join(farm)
    job_id = submit(farm, job(block("1", name="a")))
    assert append(farm, job_id, block("1", name="b", depend_mask="a"), block("7-8")) == (1, 2)
    runs = [(run.block, run.frame_first) for run in run_all(farm)]
    assert runs == [(0, 1), (1, 1), (2, 7), (2, 8)]


def test_a_job_that_was_done_is_not_after_more_blocks(farm: Farm) -> None:
    join(farm)
    job_id = submit(farm, job(name="a"))
    run_all(farm)
    append(farm, job_id, block("1"), now=2)
    assert not job_of(farm, job_id).done
    held = submit(farm, job(depend_mask="a"))
    assert why(farm, held) == ["depends-on-jobs"]
    run_all(farm, now=3)
    assert job_of(farm, job_id).done == 3


def test_appended_blocks_wait_for_tasks_of_others(farm: Farm) -> None:
    job_id = submit(farm, job(block("1-2", name="a")))
    append(farm, job_id, block("1-3", tasks_depend_mask="a"))
    assert states(farm, job_id, 1) == [WAITING, WAITING, READY]


def test_a_block_waits_for_one_that_is_appended_later(farm: Farm) -> None:
    job_id = submit(farm, job(block("1-2", tasks_depend_mask="late", depend_mask="late")))
    append(farm, job_id, block("2", name="late"))
    assert states(farm, job_id) == [READY, WAITING]
    assert why(farm, job_id) == ["depends-on-blocks"]


@pytest.mark.parametrize(
    ("blocks", "error", "field"),
    [
        ((), InvalidField, "blocks"),
        ((block(),) * 10_000, InvalidField, "blocks"),
        ((block(command_pre=("x",)),), InvalidField, "command_pre"),
        ((block(), block("x")), InvalidField, "blocks[2].frames"),
        ((block("1-9999999"), block("1-5")), InvalidField, "blocks"),
        ((block("1-9999999"),), InvalidField, "blocks"),
        ((block("1-99999999"),), InvalidField, "blocks[1].frames"),
        ((block(name="b", depend_mask="a"), block(name="a", depend_mask="b")),
         DependencyCycle, "blocks"),
    ],
)  # fmt: skip
def test_blocks_that_could_never_run_are_not_appended(
    farm: Farm, blocks: tuple[BlockSpec, ...], error: type[Rejected], field: str
) -> None:
    command = c.AppendBlocks(job_id=submit(farm), blocks=blocks)
    refused(farm, command, error, field)


def test_a_maintenance_job_takes_no_frames(farm: Farm) -> None:
    job_id = submit(farm, job(named("a"), maintenance=True))
    for wrong in (block(), named("b", multihost_min=1)):
        command = c.AppendBlocks(job_id=job_id, blocks=(wrong,))
        refused(farm, command, InvalidField, "blocks")


def test_tasks_are_appended_to_a_block(farm: Farm) -> None:
    join(farm)
    job_id = submit(farm, job(named("a", "b")))
    assert append_tasks(farm, job_id) == (2, 3)
    assert [run.task_name for run in run_all(farm)] == ["a", "b", "x", "y"]
    assert append_tasks(farm, job_id) == (4, 5)
    assert not job_of(farm, job_id).done


@pytest.mark.parametrize("sequential", [-1, 0, 2])
def test_appended_tasks_run_in_any_order_of_the_block(farm: Farm, sequential: int) -> None:
    join(farm)
    job_id = submit(farm, job(named("a", "b", sequential=sequential)))
    run_all(farm)
    append_tasks(farm, job_id)
    assert sorted(run.task for run in run_all(farm)) == [2, 3]


def test_appended_tasks_may_be_held_back(farm: Farm) -> None:
    job_id = submit(farm, job(named("a", suspend_new_tasks=True)))
    append_tasks(farm, job_id)
    assert states(farm, job_id) == [SUSPENDED] * 3


def test_appended_tasks_wait_for_tasks_that_they_meet(farm: Farm) -> None:
    job_id = submit(farm, job(block("1-2", name="a"), named("x", tasks_depend_mask="a")))
    append_tasks(farm, job_id, 1)
    assert states(farm, job_id, 1) == [WAITING, WAITING, READY]


def test_tasks_wait_for_appended_tasks_that_they_meet(farm: Farm) -> None:
    job_id = submit(farm, job(named("a", name="a"), block("1-5", tasks_depend_mask="a")))
    assert states(farm, job_id, 1) == [WAITING, READY, READY, READY, READY]
    append_tasks(farm, job_id)
    assert states(farm, job_id, 1) == [WAITING, WAITING, WAITING, READY, READY]


def test_a_block_waits_again_for_one_that_is_given_more_tasks(farm: Farm) -> None:
    join(farm)
    job_id = submit(farm, job(named("a", name="a"), block("1-2", depend_mask="a")))
    worker_id, run = one(farm)
    end(farm, worker_id, run.run_id)
    assert one(farm)[1].block == 1
    append_tasks(farm, job_id)
    assert why(farm, job_id, 1) == ["depends-on-blocks"]
    assert states(farm, job_id, 1) == [RUNNING, READY]


@pytest.mark.parametrize(
    ("number", "tasks", "field"),
    [
        (0, MORE, "blocks[0].tasks"),
        (1, (), "tasks"),
        (1, (TaskSpec(),), "blocks[1].tasks[1].command"),
        (1, (TaskSpec(command="sh"),), "blocks[1].tasks[1].command"),
    ],
)
def test_tasks_that_could_never_run_are_not_appended(
    farm: Farm, number: int, tasks: tuple[TaskSpec, ...], field: str
) -> None:
    command = () if field.endswith("command") and not tasks[0].command else ("do",)
    job_id = submit(farm, job(block(), named("a", command=command)))
    refused(farm, c.AppendTasks(job_id=job_id, block=number, tasks=tasks), InvalidField, field)


def test_a_job_holds_no_more_tasks_than_one_may(
    farm: Farm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grange.core.edits.TASKS_MAX", 6)
    job_id = submit(farm, job(named("a"), block("1-4")))
    refused(farm, c.AppendTasks(job_id=job_id, block=0, tasks=MORE), InvalidField, "tasks")


def test_blocks_are_appended_up_to_as_many_as_a_job_may_have(
    farm: Farm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grange.core.edits.BLOCKS_MAX", 2)
    job_id = submit(farm)
    assert append(farm, job_id, block("1")) == (1,)
    refused(farm, c.AppendBlocks(job_id=job_id, blocks=(block("1"),)), InvalidField, "blocks")


def test_tasks_are_appended_up_to_as_many_as_a_job_may_have(
    farm: Farm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grange.core.edits.TASKS_MAX", 7)
    assert append_tasks(farm, submit(farm, job(named("a"), block("1-4")))) == (1, 2)


def test_appended_blocks_are_told(farm: Farm) -> None:
    job_id = submit(farm)
    out = farm.apply(c.AppendBlocks(job_id=job_id, blocks=(block(), block())), 3)
    assert out.events == [JobChanged(job_id)]
    assert [(line.text, line.at) for line in out.notes] == [("2 blocks appended", 3)]


def test_appended_tasks_are_told(farm: Farm) -> None:
    job_id = submit(farm, job(block(), named("a", "b", "c")))
    out = farm.apply(c.AppendTasks(job_id=job_id, block=1, tasks=MORE), 3)
    assert out.events == [TasksChanged(job_id, 1)]
    told = [(line.text, line.block, line.first, line.last) for line in out.notes]
    assert told == [("2 tasks appended", 1, 3, 4)]


def test_of_the_names_only_rows_that_grew_are_stored_again(farm: Farm) -> None:
    job_id = submit(farm, job(named(*map(str, range(CHUNK)))))
    farm.take_dirty()
    farm.apply(c.AppendTasks(job_id=job_id, block=0, tasks=MORE * (CHUNK // 2)), 1)
    rows = [item for item in farm.take_dirty().put if isinstance(item, NamesRecord)]
    assert [(row.number, len(row.tasks)) for row in rows] == [(1, CHUNK)]


def test_appended_tasks_that_are_held_back_do_not_wait(farm: Farm) -> None:
    held = named("x", tasks_depend_mask="a", suspend_new_tasks=True)
    job_id = submit(farm, job(block("1-9", name="a"), held))
    append_tasks(farm, job_id, 1)
    assert states(farm, job_id, 1) == [SUSPENDED] * 3
