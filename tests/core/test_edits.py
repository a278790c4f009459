from __future__ import annotations

from typing import Any

import pytest

from grange.core import commands as c
from grange.core.errors import (
    DependencyCycle,
    InvalidField,
    NoSuchBranch,
    NoSuchUser,
    Rejected,
)
from grange.core.events import JobChanged, TasksChanged
from grange.core.farm import Farm
from grange.model.spec import BlockSpec, TaskSpec
from grange.model.states import TaskOp
from tests.build import (
    DONE,
    READY,
    WAITING,
    begun,
    block,
    block_of,
    change,
    counted,
    edit_branch,
    edit_job,
    edit_pool,
    edit_user,
    end,
    job,
    job_of,
    join,
    named,
    refused,
    restarted,
    run_all,
    started,
    states,
    submit,
    why,
)


def test_an_edit_tells_what_it_changed(farm: Farm) -> None:
    job_id = submit(farm)
    out = edit_job(farm, job_id, priority=7, annotation="x", hidden=False)
    assert {(item.field, item.before, item.after) for item in out.changed} == {
        ("priority", 99, 7),
        ("annotation", "", "x"),
    }
    assert out.events == [JobChanged(job_id)]
    assert [line.text for line in out.notes] == ["changed priority, annotation"]


def test_an_edit_that_changes_nothing_is_no_news(farm: Farm) -> None:
    out = edit_job(farm, submit(farm), priority=99)
    assert (out.events, out.notes) == ([], [])


def test_a_note_about_a_block_names_it(farm: Farm) -> None:
    out = edit_job(farm, submit(farm), block=0, capacity=5)
    assert [(line.text, line.block) for line in out.notes] == [("changed capacity", 0)]


def test_a_job_of_priority_0_never_runs(farm: Farm) -> None:
    join(farm)
    job_id = submit(farm, job(priority=0))
    assert begun(farm) == []
    assert why(farm, job_id) == ["priority"]
    edit_job(farm, job_id, priority=1)
    assert begun(farm) == [0]


def test_a_job_is_given_to_another_user(farm: Farm) -> None:
    mine, job_id, his = submit(farm), submit(farm), submit(farm, user="bob")
    edit_job(farm, job_id, user="bob")
    assert list(farm.state.users["ada"].jobs) == [mine]
    assert list(farm.state.users["bob"].jobs) == [his, job_id]
    assert job_of(farm, job_id).user == "bob"


def test_a_job_that_is_given_away_comes_last_also_after_a_restart(farm: Farm) -> None:
    job_id, _, _ = submit(farm), submit(farm, user="bob"), submit(farm, user="bob")
    edit_job(farm, job_id, user="bob")
    jobs = list(farm.state.users["bob"].jobs)
    assert jobs[-1] == job_id
    assert list(restarted(farm).state.users["bob"].jobs) == jobs


@pytest.mark.parametrize("path", ["/show", "show/", "\\show"])
def test_a_job_is_moved_to_another_branch(farm: Farm, path: str) -> None:
    edit_branch(farm, "/show", max_running_tasks=0)
    join(farm)
    job_id = submit(farm)
    edit_job(farm, job_id, branch=path)
    assert job_of(farm, job_id).spec.branch == "/show"
    assert why(farm, job_id) == ["branch-limit"]
    assert job_id not in farm.state.branches["/"].jobs


@pytest.mark.parametrize(
    ("changes", "error", "field"),
    [
        ({"user": "nobody"}, NoSuchUser, "user"),
        ({"branch": "/none"}, NoSuchBranch, "branch"),
        ({"maintenance": True}, InvalidField, "maintenance"),
        ({"depend_mask": "("}, InvalidField, "depend_mask"),
        ({"depend_jobs": [5]}, InvalidField, "depend_jobs[0]"),
        ({"command_pre": [""]}, InvalidField, "command_pre"),
        ({"hosts_mask_type": "regex", "hosts_mask": "("}, InvalidField, "hosts_mask"),
    ],
)
def test_an_edit_that_cannot_be_is_refused(
    farm: Farm, changes: dict[str, Any], error: type[Rejected], field: str
) -> None:
    command = c.EditJob(job_id=submit(farm), changes=changes)
    refused(farm, command, error, field)


def test_a_task_that_is_for_one_machine_gets_no_helpers(farm: Farm) -> None:
    job_id = submit(farm, job(named("n1"), maintenance=True))
    command = c.EditJob(job_id=job_id, block=0, changes={"multihost_min": 1})
    refused(farm, command, InvalidField, "blocks[0]")
    wide = submit(farm, job(named("n1", multihost_min=1)))
    command = c.EditJob(job_id=wide, changes={"maintenance": True})
    refused(farm, command, InvalidField, "maintenance")


@pytest.mark.parametrize("field", ["user", "branch"])
def test_a_job_stays_where_it_runs(farm: Farm, field: str) -> None:
    edit_branch(farm, "/show")
    edit_user(farm, "bob")
    join(farm)
    job_id = submit(farm)
    started(farm)
    command = c.EditJob(job_id=job_id, changes={field: "bob" if field == "user" else "/show"})
    assert "stop them before" in refused(farm, command, InvalidField, field)


def test_a_job_may_be_edited_after_the_job_it_waited_for_is_gone(farm: Farm) -> None:
    first = submit(farm)
    job_id = submit(farm, job(depend_jobs=(first,)))
    farm.apply(c.DeleteJob(job_id=first), 1)
    edit_job(farm, job_id, priority=3)
    assert job_of(farm, job_id).spec.priority == 3


def test_a_new_dependency_holds_a_job(farm: Farm) -> None:
    join(farm)
    first, second = submit(farm, job(name="a")), submit(farm, job(name="b"), user="bob")
    edit_job(farm, first, depend_mask_global="b")
    assert {run.job_id for _, run in started(farm)} == {second}
    edit_job(farm, first, depend_mask_global="")
    assert why(farm, first) == ["capacity"]


def test_an_edit_that_would_close_a_circle_is_refused(farm: Farm) -> None:
    first = submit(farm, job(name="a"))
    submit(farm, job(name="b", depend_mask="a"))
    submit(farm, job(name="c", depend_mask="b"))
    command = c.EditJob(job_id=first, changes={"depend_mask": "c"})
    assert refused(farm, command, DependencyCycle).endswith("a -> c -> b -> a")


def test_a_job_that_is_done_is_edited_without_waking(farm: Farm) -> None:
    join(farm)
    job_id = submit(farm)
    run_all(farm)
    submit(farm, job(name="other"))
    edit_job(farm, job_id, depend_mask="other", priority=5)
    assert job_of(farm, job_id).done


def test_a_preview_that_is_approved_goes_on(farm: Farm) -> None:
    edit_pool(farm, capacity_host=99_000, max_tasks_host=99)
    join(farm)
    job_id = submit(farm, job(block("1-10", sequential=5), preview_approval=True))
    assert begun(farm) == [0, 9, 4]
    assert why(farm, job_id) == ["approval"]
    edit_job(farm, job_id, preview_approval=False)
    assert begun(farm) == [1, 2, 3, 5, 6, 7, 8]


def test_a_time_to_wait_for_is_set_later(farm: Farm) -> None:
    join(farm)
    job_id = submit(farm)
    edit_job(farm, job_id, wait_until=50)
    assert begun(farm, 49) == []
    assert farm.next_deadline() == 50
    assert begun(farm, 50) == [0]


def test_a_life_time_is_set_later(farm: Farm) -> None:
    job_id = submit(farm, now=10)
    edit_job(farm, job_id, now=11, life_time_s=20)
    farm.dispatch(29)
    assert job_id in farm.state.jobs
    farm.dispatch(30)
    assert job_id not in farm.state.jobs


def test_a_blocks_needs_change_while_it_runs(farm: Farm) -> None:
    edit_pool(farm, capacity_host=2_000)
    join(farm)
    job_id = submit(farm)
    worker_id, run = started(farm)[0]
    edit_job(farm, job_id, block=0, capacity=2_000)
    end(farm, worker_id, run.run_id)
    assert begun(farm) == []
    assert why(farm, job_id) == ["capacity"]


def test_a_blocks_order_changes(farm: Farm) -> None:
    join(farm)
    job_id = submit(farm)
    edit_job(farm, job_id, block=0, sequential=-1)
    assert [run.task for run in run_all(farm)] == [3, 2, 1, 0]


@pytest.mark.parametrize(
    ("changes", "error", "field"),
    [
        ({"command": []}, InvalidField, "blocks[0].command"),
        ({"command": [""]}, InvalidField, "blocks[0].command"),
        ({"depend_mask": "("}, InvalidField, "blocks[0].depend_mask"),
        ({"file_size_min": 2, "file_size_max": 1}, InvalidField, "blocks[0].file_size_max"),
        ({"depend_mask": "b"}, DependencyCycle, "blocks"),
    ],
)
def test_an_edit_of_a_block_that_cannot_be_is_refused(
    farm: Farm, changes: dict[str, Any], error: type[Rejected], field: str
) -> None:
    job_id = submit(farm, job(block(name="a"), block(name="b", depend_mask="a")))
    refused(farm, c.EditJob(job_id=job_id, block=0, changes=changes), error, field)


def test_a_command_without_which_tasks_would_be_empty_cannot_be_taken_away(farm: Farm) -> None:
    job_id = submit(farm, job(BlockSpec(command=("do",), tasks=(TaskSpec(name="a"),))))
    command = c.EditJob(job_id=job_id, block=0, changes={"command": []})
    refused(farm, command, InvalidField, "blocks[0].tasks[0].command")


def test_a_pre_command_cannot_wait_for_its_block(farm: Farm) -> None:
    job_id = submit(farm, job(block(name="a", command_pre=("setup",))))
    command = c.EditJob(job_id=job_id, block=1, changes={"depend_mask": "a"})
    refused(farm, command, DependencyCycle, "blocks")


def test_tasks_begin_and_cease_to_wait_for_tasks(farm: Farm) -> None:
    job_id = submit(farm, job(block(name="a"), block("2-5", name="b")))
    edit_job(farm, job_id, block=1, tasks_depend_mask="a")
    assert states(farm, job_id, 1) == [WAITING, WAITING, WAITING, READY]
    out = edit_job(farm, job_id, block=1, tasks_depend_mask="")
    assert states(farm, job_id, 1) == [READY] * 4
    assert TasksChanged(job_id, 1) in out.events


def test_a_renamed_block_frees_the_tasks_that_waited_for_its_tasks(farm: Farm) -> None:
    job_id = submit(farm, job(block("1-2", name="a"), block("1-2", tasks_depend_mask="a")))
    edit_job(farm, job_id, block=0, name="c")
    assert states(farm, job_id, 1) == [READY, READY]
    edit_job(farm, job_id, block=0, name="a")
    assert states(farm, job_id, 1) == [WAITING, WAITING]


def test_a_renamed_block_frees_those_who_waited_for_its_name(farm: Farm) -> None:
    join(farm)
    job_id = submit(farm, job(block("1", name="a"), block("1", name="b", depend_mask="a")))
    edit_job(farm, job_id, block=0, name="c")
    assert [(run.block, run.task) for run in run_all(farm)] == [(0, 0), (1, 0)]
    assert not block_of(farm, job_id, 1).waits


def test_an_edit_of_a_done_blocks_dependency_does_not_undo_it(farm: Farm) -> None:
    join(farm)
    job_id = submit(farm, job(block("1", name="a"), block("1", name="b")))
    run_all(farm)
    edit_job(farm, job_id, block=1, depend_mask="a", tasks_depend_mask="a")
    assert states(farm, job_id, 1) == [DONE]
    change(farm, job_id, TaskOp.RESTART, block=0)
    assert states(farm, job_id, 1) == [DONE]


def test_a_job_that_is_given_away_frees_and_holds_those_who_wait_for_it(farm: Farm) -> None:
    first = submit(farm, job(name="a"))
    of_ada = submit(farm, job(depend_mask="a"))
    of_bob = submit(farm, job(depend_mask="a"), user="bob")
    out = edit_job(farm, first, user="bob")
    assert [job_of(farm, job_id).waits for job_id in (of_ada, of_bob)] == [set(), {first}]
    assert {JobChanged(of_ada), JobChanged(of_bob)} < set(out.events)


def test_an_edit_of_a_priority_asks_nothing_of_other_jobs(farm: Farm) -> None:
    for _ in range(100):
        submit(farm, job(depend_mask="x.*"))
    job_id = submit(farm, job(depend_mask="y.*"))
    with counted("waits_on", "job_targets", "refuse_job_cycle") as calls:
        edit_job(farm, job_id, priority=7)
    assert not calls


def test_a_job_in_a_circle_that_was_cut_may_be_edited(farm: Farm) -> None:
    join(farm)
    first = submit(farm, job(block("1"), name="a", depend_mask="b"))
    run_all(farm)
    submit(farm, job(block("1"), name="b", depend_mask="a"))
    change(farm, first, TaskOp.RESTART)
    edit_job(farm, first, priority=7)
    refused(farm, c.EditJob(job_id=first, changes={"depend_mask": "b|c"}), DependencyCycle)


def test_an_edit_of_something_else_sets_no_timer(farm: Farm) -> None:
    job_id = submit(farm, job(wait_until=50, life_time_s=90))
    edit_job(farm, job_id, priority=7)
    assert len(farm.state.timers) == 2


def test_a_job_that_is_given_away_lives_as_long_as_its_new_users(farm: Farm) -> None:
    edit_user(farm, "bob", jobs_life_time_s=60)
    edit_job(farm, submit(farm, now=10), user="bob")
    assert farm.next_deadline() == 70


def many_slots(farm: Farm) -> None:
    edit_pool(farm, capacity_host=99_000, max_tasks_host=99)
    join(farm)


def test_a_preview_is_asked_for_later(farm: Farm) -> None:
    many_slots(farm)
    job_id = submit(farm, job(block("1-10", sequential=5)))
    edit_job(farm, job_id, preview_approval=True)
    assert begun(farm) == [0, 9, 4]


def test_a_new_order_of_a_block_needs_approval_too(farm: Farm) -> None:
    many_slots(farm)
    job_id = submit(farm, job(block("1-10"), preview_approval=True))
    edit_job(farm, job_id, block=0, sequential=5)
    assert begun(farm) == [0, 9, 4]


def test_a_time_to_wait_for_that_has_come_needs_no_timer(farm: Farm) -> None:
    edit_job(farm, submit(farm), now=50, wait_until=50)
    assert farm.next_deadline() is None


def test_an_edit_of_a_block_that_moves_no_task_is_news_of_its_job_alone(farm: Farm) -> None:
    job_id = submit(farm, job(block(), block()))
    assert edit_job(farm, job_id, block=0, capacity=5).events == [JobChanged(job_id)]
