from __future__ import annotations

from typing import Any

import pytest

from grange.core import commands as c
from grange.core.effects import StopRun
from grange.core.errors import InvalidField, NoSuchTask
from grange.core.events import JobChanged, TaskChanged, TasksChanged
from grange.core.farm import Farm
from grange.core.operate import TOUCHES
from grange.model.ids import JobId
from grange.model.states import TASK_MOVES, RunStatus, TaskFilter, TaskFlag, TaskOp, TaskState
from tests.build import (
    DONE,
    FAILED,
    READY,
    RUNNING,
    SKIPPED,
    SUSPENDED,
    WAITING,
    begun,
    block,
    block_of,
    change,
    edit_pool,
    end,
    fail,
    job,
    job_of,
    join,
    named,
    one,
    refused,
    run_all,
    spare,
    started,
    states,
    submit,
)

MIXED = [WAITING, READY, RUNNING, DONE, FAILED, SKIPPED, SUSPENDED]
TO: dict[TaskOp, dict[TaskState, TaskState]] = {
    TaskOp.RESTART: dict.fromkeys([RUNNING, DONE, FAILED, SKIPPED, SUSPENDED], READY),
    TaskOp.SKIP: dict.fromkeys([WAITING, READY, RUNNING, FAILED, SUSPENDED], SKIPPED),
    TaskOp.DONE: dict.fromkeys([WAITING, READY, RUNNING, FAILED, SKIPPED, SUSPENDED], DONE),
    TaskOp.SUSPEND: dict.fromkeys([WAITING, READY, RUNNING, FAILED, SKIPPED], SUSPENDED),
    TaskOp.CONTINUE: {SUSPENDED: READY},
    TaskOp.STOP: {RUNNING: READY},
}


def mixed(farm: Farm) -> JobId:
    """A job whose second block has a task in each state; task 0 waits for the first block."""
    edit_pool(farm, capacity_host=99_000, max_tasks_host=99)
    spec = block("1-7", name="b", tasks_depend_mask="a", errors_retries=0)
    job_id = submit(farm, job(block("1", name="a"), spec))
    change(farm, job_id, TaskOp.SUSPEND, block=0)
    for op, task in ((TaskOp.DONE, 3), (TaskOp.SKIP, 5), (TaskOp.SUSPEND, 6), (TaskOp.SUSPEND, 1)):
        change(farm, job_id, op, block=1, tasks=((task, task),))
    worker_id = join(farm)
    _, (_, run) = started(farm)
    end(farm, worker_id, run.run_id, RunStatus.FAILED)
    change(farm, job_id, TaskOp.CONTINUE, block=1, tasks=((1, 1),))
    assert states(farm, job_id, 1) == MIXED
    return job_id


def expected(op: TaskOp, touched: set[TaskState]) -> list[TaskState]:
    """The states that tasks should have, where only some states are touched."""
    return [TO[op].get(s, s) if s in touched else s for s in MIXED]


@pytest.mark.parametrize("op", TaskOp)
def test_an_operation_touches_the_tasks_that_it_can_change(farm: Farm, op: TaskOp) -> None:
    job_id = mixed(farm)
    assert change(farm, job_id, op, block=1) == len(TO[op])
    assert states(farm, job_id, 1) == expected(op, set(TaskState))


@pytest.mark.parametrize("op", TaskOp)
@pytest.mark.parametrize(
    ("only", "states_"),
    [
        (TaskFilter.FAILED, {FAILED}),
        (TaskFilter.RUNNING, {RUNNING}),
        (TaskFilter.DONE, {DONE}),
        (TaskFilter.SKIPPED, {SKIPPED}),
        (TaskFilter.SUSPENDED, {SUSPENDED}),
        (TaskFilter.WARNING, set()),
    ],
)
def test_a_filter_leaves_the_other_tasks_alone(
    farm: Farm, op: TaskOp, only: TaskFilter, states_: set[TaskState]
) -> None:
    job_id = mixed(farm)
    assert change(farm, job_id, op, block=1, only=only) == len(states_ & TO[op].keys())
    assert states(farm, job_id, 1) == expected(op, states_)


@pytest.mark.parametrize("op", TaskOp)
@pytest.mark.parametrize("task", range(7))
def test_one_task_is_touched_alone(farm: Farm, op: TaskOp, task: int) -> None:
    job_id = mixed(farm)
    change(farm, job_id, op, block=1, tasks=((task, task),))
    moved = list(MIXED)
    moved[task] = TO[op].get(moved[task], moved[task])
    assert states(farm, job_id, 1) == moved


def test_what_an_operation_leads_to_is_a_legal_move() -> None:
    for op, states_ in TOUCHES.items():
        assert set(TO[op]) == states_
        assert all(TO[op][state] in TASK_MOVES[state] for state in states_)


@pytest.mark.parametrize(
    ("scope", "count"),
    [
        ({}, 7),
        ({"block": 1}, 3),
        ({"block": 0, "tasks": ((1, 2),)}, 2),
        ({"block": 0, "tasks": ((3, 3), (0, 0))}, 2),
        ({"block": 0, "tasks": ((0, 2), (1, 3), (2, 2))}, 4),
        ({"block": 0, "tasks": ((0, 1), (1, 3))}, 4),
        ({"block": 0, "tasks": ()}, 0),
    ],
)
def test_tasks_are_addressed_by_job_block_or_spans(
    farm: Farm, scope: dict[str, Any], count: int
) -> None:
    job_id = submit(farm, job(block("1-4"), block("1-3")))
    assert change(farm, job_id, TaskOp.SKIP, **scope) == count
    assert change(farm, job_id, TaskOp.RESTART, **scope) == count
    assert states(farm, job_id) + states(farm, job_id, 1) == [READY] * 7


def test_tasks_without_a_block_are_refused(farm: Farm) -> None:
    command = c.ChangeTasks(job_id=submit(farm), op=TaskOp.SKIP, tasks=((0, 0),))
    refused(farm, command, InvalidField, "block")


@pytest.mark.parametrize("span", [(0, 4), (-1, 0), (2, 1), (9, 9)])
def test_tasks_that_are_not_there_are_refused(farm: Farm, span: tuple[int, int]) -> None:
    spans = ((0, 0), span)
    command = c.ChangeTasks(job_id=submit(farm), op=TaskOp.SKIP, block=0, tasks=spans)
    said = refused(farm, command, NoSuchTask, "tasks")
    assert said == f"block 1/0 has tasks 0-3, not {span[0]}-{span[1]}"


def test_an_operation_on_nothing_is_no_news(farm: Farm) -> None:
    out = farm.apply(c.ChangeTasks(job_id=submit(farm), op=TaskOp.CONTINUE), 1)
    assert (out.reply, out.events, out.notes) == (0, [], [])


def test_an_operation_is_told_to_watchers_and_in_the_story(farm: Farm) -> None:
    job_id = submit(farm)
    out = farm.apply(c.ChangeTasks(job_id=job_id, op=TaskOp.SKIP), 1)
    assert TasksChanged(job_id, 0) in out.events
    assert out.events[-1] == JobChanged(job_id)
    assert [(line.text, line.block, line.first) for line in out.notes][-1] == (
        *("4 tasks skipped", 0, None),
    )


def test_an_operation_on_some_tasks_names_them_in_the_story(farm: Farm) -> None:
    job_id = submit(farm)
    command = c.ChangeTasks(job_id=job_id, op=TaskOp.SKIP, block=0, tasks=((3, 3), (0, 1)))
    out = farm.apply(command, 1)
    assert TaskChanged(job_id, 0, 3, SKIPPED) in out.events
    assert (out.notes[-1].first, out.notes[-1].last) == (0, 3)


def test_spans_that_are_a_whole_block_are_changed_at_once(farm: Farm) -> None:
    job_id = submit(farm)
    command = c.ChangeTasks(job_id=job_id, op=TaskOp.SUSPEND, block=0, tasks=((2, 3), (0, 1)))
    assert farm.apply(command, 1).events == [TasksChanged(job_id, 0), JobChanged(job_id)]


def test_an_operation_on_one_task_is_told_to_who_watches_the_job(farm: Farm) -> None:
    job_id = submit(farm)
    command = c.ChangeTasks(job_id=job_id, op=TaskOp.SUSPEND, block=0, tasks=((2, 2),))
    told = [TaskChanged(job_id, 0, 2, SUSPENDED), JobChanged(job_id)]
    assert farm.apply(command, 1).events == told


def test_a_running_task_is_stopped_first(farm: Farm) -> None:
    job_id = submit(farm)
    worker_id = join(farm)
    (_, run), = started(farm)  # fmt: skip
    out = farm.apply(c.ChangeTasks(job_id=job_id, op=TaskOp.SKIP), 2)
    assert out.effects == [StopRun(worker_id, run.run_id, "skipped by request")]
    assert states(farm, job_id) == [SKIPPED] * 4
    assert not farm.state.runs
    result = farm.state.dirty.runs[run.run_id].result
    assert result is not None
    assert (result.status, result.message) == (RunStatus.STOPPED, "skipped by request")


def test_a_task_that_is_stopped_may_start_again(farm: Farm) -> None:
    job_id = submit(farm, job(block("1")))
    join(farm)
    started(farm)
    assert change(farm, job_id, TaskOp.STOP) == 1
    assert begun(farm) == [0]


@pytest.mark.parametrize("tasks", [None, ((0, 0),)])
def test_the_errors_of_a_task_are_forgotten(farm: Farm, tasks: Any) -> None:
    join(farm)
    spec = block("1-2", errors_retries=1, errors_task_same_host=2, errors_avoid_host=0)
    job_id = submit(farm, job(spec))
    fail(farm, 2)
    assert states(farm, job_id) == [FAILED, READY]
    change(farm, job_id, TaskOp.RESTART, block=0, tasks=tasks)
    assert block_of(farm, job_id).tasks.errors[0] == 0
    assert not block_of(farm, job_id).task_errors
    assert fail(farm, 2) == ["node", "node"]


def test_one_task_that_is_restarted_forgets_its_hosts(farm: Farm) -> None:
    join(farm)
    spare(farm)
    spec = block("1-2", errors_retries=9, errors_task_same_host=1, errors_avoid_host=0)
    job_id = submit(farm, job(spec))
    fail(farm, 2)
    assert begun(farm) == []
    for op in (TaskOp.SUSPEND, TaskOp.CONTINUE):
        change(farm, job_id, op, block=0, tasks=((1, 1),))
    assert list(block_of(farm, job_id).task_errors) == [0]
    assert begun(farm) == [1]


def test_only_the_errors_of_touched_tasks_are_forgotten(farm: Farm) -> None:
    join(farm)
    spare(farm)
    spec = block("1-2", errors_retries=9, errors_task_same_host=1, errors_avoid_host=0)
    job_id = submit(farm, job(spec))
    fail(farm, 2)
    change(farm, job_id, TaskOp.SKIP, block=0, tasks=((0, 0),))
    change(farm, job_id, TaskOp.RESTART, block=0, only=TaskFilter.SKIPPED)
    assert list(block_of(farm, job_id).task_errors) == [1]


def test_a_restart_of_failed_tasks_keeps_warnings_of_others(farm: Farm) -> None:
    worker_id = join(farm)
    job_id = submit(farm, job(block("1-2", errors_retries=0)))
    for fields in ({"status": RunStatus.DONE, "warning": True}, {"status": RunStatus.FAILED}):
        ((_, run),) = started(farm)
        end(farm, worker_id, run.run_id, **fields)
    assert states(farm, job_id) == [DONE, FAILED]
    change(farm, job_id, TaskOp.RESTART, only=TaskFilter.FAILED)
    assert block_of(farm, job_id).tasks.flags[0] == TaskFlag.WARNING
    assert change(farm, job_id, TaskOp.RESTART, only=TaskFilter.WARNING) == 1


def test_a_restart_of_warnings_passes_over_tasks_without(farm: Farm) -> None:
    worker_id = join(farm)
    job_id = submit(farm, job(block("1-3")))
    for warning in (False, True, False):
        _, run = one(farm)
        end(farm, worker_id, run.run_id, warning=warning)
    assert change(farm, job_id, TaskOp.RESTART, only=TaskFilter.WARNING) == 1
    assert states(farm, job_id) == [DONE, READY, DONE]


@pytest.mark.parametrize("tasks", [None, ((0, 0),)])
@pytest.mark.parametrize("op", [TaskOp.SKIP, TaskOp.SUSPEND, TaskOp.DONE])
def test_the_flags_of_a_task_go_with_its_state(farm: Farm, op: TaskOp, tasks: Any) -> None:
    join(farm)
    job_id = submit(farm, job(block("1-2", errors_retries=0)))
    fail(farm)
    block_of(farm, job_id).tasks.set_flags(0, TaskFlag.PARSER_ERROR)
    change(farm, job_id, op, block=0, tasks=tasks)
    assert block_of(farm, job_id).tasks.flags[0] == 0


def test_a_restart_may_take_what_a_task_depends_on_with_it(farm: Farm) -> None:
    join(farm)
    job_id = submit(farm, job(block("1-3", name="a"), block("1-3", tasks_depend_mask="a")))
    run_all(farm)
    count = change(farm, job_id, TaskOp.RESTART, block=1, tasks=((1, 1),), with_depends=True)
    assert count == 2
    assert states(farm, job_id) == [DONE, READY, DONE]
    assert states(farm, job_id, 1) == [DONE, WAITING, DONE]


def test_a_restart_takes_nothing_with_it_unless_asked(farm: Farm) -> None:
    join(farm)
    job_id = submit(farm, job(block("1-3", name="a"), block("1-3", tasks_depend_mask="a")))
    run_all(farm)
    assert change(farm, job_id, TaskOp.RESTART, block=1, tasks=((1, 1),)) == 1
    assert states(farm, job_id) == [DONE] * 3
    assert states(farm, job_id, 1) == [DONE, READY, DONE]


def test_other_operations_take_nothing_with_them(farm: Farm) -> None:
    job_id = submit(farm, job(block("1-2", name="a"), block("1-2", tasks_depend_mask="a")))
    assert change(farm, job_id, TaskOp.SKIP, block=1, with_depends=True) == 2
    assert states(farm, job_id) == [READY, READY]


def test_a_restart_leaves_alone_what_has_not_run(farm: Farm) -> None:
    job_id = submit(farm, job(block("1", name="a"), block("1", tasks_depend_mask="a")))
    change(farm, job_id, TaskOp.SKIP, block=1)
    assert change(farm, job_id, TaskOp.RESTART, block=1, with_depends=True) == 1


def test_a_block_that_is_restarted_waits_for_what_is_not_done(farm: Farm) -> None:
    job_id = submit(farm, job(block("1-3", name="a"), block("1-3", tasks_depend_mask="a")))
    change(farm, job_id, TaskOp.SKIP, block=1)
    change(farm, job_id, TaskOp.RESTART, block=1)
    assert states(farm, job_id, 1) == [WAITING] * 3


def test_a_block_whose_tasks_wait_is_told_of_once(farm: Farm) -> None:
    job_id = submit(farm, job(block("1-3", name="a"), block("1-3", tasks_depend_mask="a")))
    out = farm.apply(c.ChangeTasks(job_id=job_id, op=TaskOp.SUSPEND, block=1), 1)
    assert out.events == [TasksChanged(job_id, 1), JobChanged(job_id)]


def test_a_done_job_that_is_restarted_is_not_done(farm: Farm) -> None:
    join(farm)
    job_id = submit(farm)
    run_all(farm)
    assert job_of(farm, job_id).done
    change(farm, job_id, TaskOp.RESTART)
    assert not job_of(farm, job_id).done
    assert [run.task for run in run_all(farm)] == [0, 1, 2, 3]


def test_a_block_that_others_depend_on_by_task_frees_and_holds_them(farm: Farm) -> None:
    job_id = submit(farm, job(block("1-3", name="a"), block("1-3", tasks_depend_mask="a")))
    change(farm, job_id, TaskOp.SKIP, block=0)
    assert states(farm, job_id, 1) == [READY] * 3
    change(farm, job_id, TaskOp.RESTART, block=0)
    assert states(farm, job_id, 1) == [WAITING] * 3


@pytest.mark.parametrize("op", [TaskOp.SKIP, TaskOp.SUSPEND, TaskOp.RESTART])
def test_a_hundred_thousand_tasks_are_changed_at_once(farm: Farm, op: TaskOp) -> None:
    """Ten of them run, and another block depends on them: no list of tasks goes out."""
    edit_pool(farm, capacity_host=-1, max_tasks_host=10)
    join(farm)
    job_id = submit(farm, job(block("1-100000", name="a"), named("end", tasks_depend_mask="a")))
    change(farm, job_id, TaskOp.SKIP, block=0, tasks=((100, 99_999),))
    started(farm)
    out = farm.apply(c.ChangeTasks(job_id=job_id, op=op, block=0), 2)
    assert len(out.effects) == 10
    assert len(out.events) < 200


def test_a_command_on_many_tasks_that_have_errors_is_quick(farm: Farm) -> None:
    join(farm)
    job_id = submit(farm, job(block("1-100000", errors_retries=0, errors_avoid_host=0)))
    fail(farm, 50)
    assert change(farm, job_id, TaskOp.RESTART) == 50
    assert not block_of(farm, job_id).task_errors
