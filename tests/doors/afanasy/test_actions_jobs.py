"""Operations and parameters of jobs, blocks and tasks."""

from __future__ import annotations

import pytest

from grange.core import commands as c
from grange.model.ids import JobId
from grange.model.states import RunStatus, TaskState
from tests.build import block, job, named
from tests.doors.afanasy.proves import proves
from tests.doors.afanasy.stand import Stand

OK = ("log", "Action processed.")
WAITING, READY, RUNNING, DONE, FAILED, SKIPPED, SUSPENDED = TaskState


def states(stand: Stand, number: int, at: int = 0) -> list[TaskState]:
    """Where the tasks of a block are."""
    return [TaskState(state) for state in stand.block(number, at).tasks.state]


def mixed(stand: Stand) -> int:
    """A job of four tasks: done, failed, skipped, suspended."""
    number = stand.submit(job(block("1-4", errors_retries=0)))
    stand.join(traits=stand.traits())
    for status in (RunStatus.DONE, RunStatus.FAILED):
        (run,) = stand.started()
        stand.end(run, status)
    stand.operate("jobs", number, "skip", task_ids=[2], block_ids=[0])
    stand.operate("jobs", number, "suspend", task_ids=[3], block_ids=[0])
    stand.started()
    assert states(stand, number) == [DONE, FAILED, SKIPPED, SUSPENDED]
    stand.operate("jobs", number, "pause")  # so that nothing is started again
    return number


@proves("action jobs delete")
def test_a_job_is_deleted(stand: Stand) -> None:
    number = stand.submit(job())
    assert stand.operate("jobs", number, "delete") == OK
    assert not stand.has_job(number)


@proves("action jobs pause", "action jobs start")
def test_a_job_is_paused_and_started_and_repeating_it_says_so(stand: Stand) -> None:
    number = stand.submit(job())
    assert stand.operate("jobs", number, "pause") == OK
    assert stand.job(number).spec.paused
    assert stand.operate("jobs", number, "pause") == ("log", "job 'job' is paused already")
    assert stand.operate("jobs", number, "start") == OK
    assert not stand.job(number).spec.paused
    assert stand.operate("jobs", number, "start") == ("log", "job 'job' is not paused already")


@proves("action jobs stop")
def test_a_stopped_job_is_paused_and_its_tasks_are_ready(stand: Stand) -> None:
    stand.join()
    number = stand.submit(job())
    assert RUNNING in states(stand, number)
    assert stand.operate("jobs", number, "stop") == OK
    assert set(states(stand, number)) == {READY}
    assert stand.job(number).spec.paused
    kind, text = stand.operate("jobs", number, "stop")
    assert (kind, text) == ("log", "job 'job' is paused already and runs nothing")


WHOLE = [
    ("restart", [READY, READY, READY, READY]),
    ("restart_pause", [READY, READY, READY, READY]),
    ("restart_errors", [DONE, READY, SKIPPED, SUSPENDED]),
    ("restart_done", [READY, FAILED, SKIPPED, SUSPENDED]),
    ("restart_skipped", [DONE, FAILED, READY, SUSPENDED]),
]


@pytest.mark.parametrize(("name", "after"), WHOLE, ids=[name for name, _ in WHOLE])
def test_a_job_is_restarted(stand: Stand, name: str, after: list[TaskState]) -> None:
    number = mixed(stand)
    assert stand.operate("jobs", number, name) == OK
    assert states(stand, number) == after


@proves(*(f"action jobs {name}" for name, _ in WHOLE))
def test_every_way_to_restart_a_job_that_has_nothing_of_the_kind_says_so(stand: Stand) -> None:
    number = stand.submit(job())
    for name, _ in WHOLE:
        asked = name.replace("restart_pause", "restart")
        said = stand.operate("jobs", number, name)
        assert said == ("log", f"job 'job': no task to {asked}")


@proves("action jobs restart_warnings", "action jobs restart_running")
def test_tasks_that_warned_and_tasks_that_run_are_restarted(stand: Stand) -> None:
    number = stand.submit(job())
    stand.join()
    (run,) = stand.started()
    stand.end(run, warning=True)
    assert states(stand, number) == [DONE, RUNNING, READY, READY]
    stand.operate("jobs", number, "pause")
    assert stand.operate("jobs", number, "restart_running") == OK
    assert states(stand, number) == [DONE, READY, READY, READY]
    assert stand.operate("jobs", number, "restart_warnings") == OK
    assert states(stand, number) == [READY, READY, READY, READY]


@proves("action jobs reset_error_hosts", "action jobs blocks reset_error_hosts")
def test_error_hosts_are_forgotten_in_a_job_or_in_one_block(stand: Stand) -> None:
    stand.join()
    number = stand.submit(job(block("1"), named("a")))
    for whole in (False, True):
        (run,) = stand.started()
        stand.end(run, RunStatus.FAILED)
        assert stand.block(number).error_hosts
        rest = {} if whole else {"block_ids": [0]}
        assert stand.operate("jobs", number, "reset_error_hosts", **rest) == OK
        assert not stand.block(number).error_hosts
        kind, text = stand.operate("jobs", number, "reset_error_hosts", **rest)
        assert kind == "log"
        assert text.endswith("has no error hosts")


@proves("action jobs blocks trynext", "action jobs reset_trying_next_tasks")
def test_tasks_are_tried_next_and_taken_off_that_list(stand: Stand) -> None:
    number = stand.submit(job(block("1-4"), block("1-4", name="two")))
    said = ("info", "Tasks to try next processed.")
    for mode in ("append", "append"):
        rest = {"task_ids": [3], "mode": mode, "block_ids": [-1]}
        assert stand.operate("jobs", number, "trynext", **rest) == said
    (shown,) = stand.get("jobs", ids=[number])["jobs"]
    assert (shown["try_this_blocks_num"], shown["try_this_tasks_num"]) == ([0, 1], [3, 3])
    rest = {"task_ids": [3], "mode": "remove", "block_ids": [0]}
    assert stand.operate("jobs", number, "trynext", **rest) == said
    assert stand.job(number).try_next == [(1, 3)]
    assert stand.operate("jobs", number, "reset_trying_next_tasks") == OK
    assert stand.job(number).try_next == []
    kind, text = stand.operate("jobs", number, "reset_trying_next_tasks")
    assert (kind, text) == ("log", "job 'job' has no tasks to try next")


@proves("action jobs append_blocks")
def test_blocks_are_appended(stand: Stand) -> None:
    number = stand.submit(job())
    fresh = {"name": "nb", "service": "generic", "tasks": [{"name": "n1", "command": "true"}]}
    said = stand.operate("jobs", number, "append_blocks", blocks=[fresh])
    assert said == {"object": {"block_ids": [1]}}
    assert stand.block(number, 1).spec.name == "nb"
    kind, text = stand.operate("jobs", number, "append_blocks", blocks=[{"name": 7}])
    assert kind == "error"
    assert "name" in text


@proves("action jobs blocks append_tasks")
def test_tasks_are_appended_to_a_block_of_named_tasks_alone(stand: Stand) -> None:
    number = stand.submit(job(named("a"), block("1-2")))
    fresh = [{"name": "x", "command": "true"}]
    said = stand.operate("jobs", number, "append_tasks", tasks=fresh, block_ids=[0])
    assert said == {"object": {"task_ids": [1]}}
    said = stand.operate("jobs", number, "append_tasks", tasks=fresh, block_ids=[1])
    assert said == ("error", "Appending tasks to numeric block is not allowed.")


TASKS = [
    ("skip", [1], [DONE, SKIPPED, SKIPPED, SUSPENDED]),
    ("done", [1, 2], [DONE, DONE, DONE, SUSPENDED]),
    ("suspend", [0, 1, 2], [DONE, SUSPENDED, SUSPENDED, SUSPENDED]),
    ("continue", [], [DONE, FAILED, SKIPPED, READY]),
    ("restart", [0, 1], [READY, READY, SKIPPED, SUSPENDED]),
    ("restart_skipped", [], [DONE, FAILED, READY, SUSPENDED]),
    ("restart_done", [0], [READY, FAILED, SKIPPED, SUSPENDED]),
    ("restart_errors", [0, 1], [DONE, READY, SKIPPED, SUSPENDED]),
]


@pytest.mark.parametrize(("name", "chosen", "after"), TASKS, ids=[item[0] for item in TASKS])
def test_tasks_are_changed(
    stand: Stand, name: str, chosen: list[int], after: list[TaskState]
) -> None:
    number = mixed(stand)
    assert stand.operate("jobs", number, name, task_ids=chosen, block_ids=[0]) == OK
    assert states(stand, number) == after
    assert not any(stand.block(number).tasks.errors[task] for task in chosen)


@proves(
    *(f"action jobs blocks {name}" for name, _, _ in TASKS),
    "action jobs blocks restart_running",
    "action jobs blocks restart_warnings",
)
def test_an_operation_without_a_task_to_change_says_so(stand: Stand) -> None:
    number = stand.submit(job(block("1-2", name="b")))
    stand.operate("jobs", number, "done", block_ids=[-1])
    names = {name for name, _, _ in TASKS} - {"restart", "restart_done"}
    for name in (*names, "restart_running", "restart_warnings"):
        said = stand.operate("jobs", number, name, block_ids=[-1])
        assert said == ("log", f"job 'job'['b']: no task to {name}")
    for name in ("restart", "restart_done"):
        assert stand.operate("jobs", number, name, block_ids=[-1]) == OK
        stand.operate("jobs", number, "done", block_ids=[-1])


def test_a_restart_may_reach_the_tasks_that_are_depended_upon(stand: Stand) -> None:
    number = stand.submit(job(block("1-2", name="a"), block("1-2", tasks_depend_mask="a")))
    stand.operate("jobs", number, "done", block_ids=[-1])
    rest = {"task_ids": [1], "mode": "affect_depends", "block_ids": [1]}
    assert stand.operate("jobs", number, "restart", **rest) == OK
    assert states(stand, number, 0) == [DONE, READY]
    assert states(stand, number, 1) == [DONE, WAITING]


def test_blocks_are_chosen_by_prefixes_of_their_names(stand: Stand) -> None:
    number = stand.submit(job(block("1", name="render_a"), block("1", name="comp")))
    assert stand.operate("jobs", number, "skip", block_mask="ren") == OK
    assert states(stand, number, 0) == [SKIPPED]
    assert states(stand, number, 1) == [READY]
    kind, text = stand.operate("jobs", number, "skip", block_mask="x")
    assert (kind, text) == ("error", "job 'job' has no block 'x'")


def test_a_block_or_task_that_is_not_there_is_named(stand: Stand) -> None:
    number = stand.submit(job())
    said = stand.operate("jobs", number, "skip", block_ids=[4])
    assert said == ("error", "Invalid block number = 4: job 'job'")
    for name in ("skip", "restart", "trynext"):
        said = stand.operate("jobs", number, name, task_ids=[0, 9], block_ids=[0])
        assert said == ("error", "Invalid task number = 9: job 'job'['block']")
    said = stand.operate("jobs", number, "skip")
    assert said == ("error", "Unknown operation: skip")
    said = stand.operate("jobs", number, "delete", block_ids=[0])
    assert said == ("error", "Unknown operation: delete")


@proves("action jobs blocks tickets")
def test_a_block_asks_for_tickets_and_for_none(stand: Stand) -> None:
    number = stand.submit(job())
    rest = {"block_ids": [-1], "name": "T1"}
    assert stand.operate("jobs", number, "tickets", count=2, **rest) == OK
    assert stand.block(number).spec.tickets == {"T1": 2}
    kind, text = stand.operate("jobs", number, "tickets", count=2, **rest)
    assert kind == "log"
    assert text.endswith("asks for 2 'T1' already")
    assert stand.operate("jobs", number, "tickets", count=-1, **rest) == OK
    assert stand.block(number).spec.tickets == {}
    kind, text = stand.operate("jobs", number, "tickets", count=-1, **rest)
    assert text.endswith("asks for no 'T1'")


@proves("action jobs params")
def test_a_job_is_edited_and_hidden_stays_as_it_is(stand: Stand) -> None:
    number = stand.submit(job(hidden=True))
    said = stand.set("jobs", number, priority=77, annotation='note "x"', offline=True, time_wait=7)
    assert said == OK
    spec = stand.job(number).spec
    assert (spec.priority, spec.annotation, spec.paused) == (77, 'note "x"', True)
    assert (spec.wait_until, spec.hidden) == (7.0, True)
    assert stand.set("jobs", number, priority=77) == ("log", "job 'job' is so already")


def test_a_job_goes_to_another_user_and_branch_where_they_exist(stand: Stand) -> None:
    number = stand.submit(job())
    said = stand.set("jobs", number, user_name="bob")
    assert said == ("error", "User does not exist: 'bob'")
    kind, text = stand.set("jobs", number, branch="/no")
    assert (kind, text) == ("error", "branch: no branch '/no'")
    stand.do(c.EditUser(user="bob", changes={}))
    stand.do(c.EditBranch(path="/show", changes={}))
    assert stand.set("jobs", number, user_name="bob", branch="/show") == OK
    moved = stand.job(number)
    assert (moved.user, moved.spec.branch) == ("bob", "/show")


def test_a_parameter_that_is_not_there_or_cannot_be_is_named_and_nothing_is_done(
    stand: Stand,
) -> None:
    number = stand.submit(job())
    for params in ({"prioritty": 1, "annotation": "x"}, {"hosts_mask": "r1([", "priority": 3}):
        if "hosts_mask" in params:
            params["hosts_mask_type"] = "regex"
        kind, text = stand.set("jobs", number, **params)
        assert kind == "error"
        assert "prioritty" in text or "hosts_mask" in text or "r1([" in text
    assert stand.job(number).spec.priority == 99
    assert stand.job(number).spec.annotation == ""
    assert stand.act("jobs", number, params={})[0] == "log"


@proves("action jobs blocks params")
def test_blocks_are_edited(stand: Stand) -> None:
    number = stand.submit(job(block("1-2"), block("1-2", name="two")))
    said = stand.set("jobs", number, [-1], capacity=500, command="sleep 1", need_memory=100)
    assert said == OK
    for at in (0, 1):
        spec = stand.block(number, at).spec
        assert (spec.capacity, spec.command, spec.need_memory_mb) == (500, "sleep 1", 100)
    kind, text = stand.set("jobs", number, [-1], capacity=500)
    assert (kind, text) == ("log", "job 'job': the blocks are so already")


def test_variables_and_folders_that_are_not_named_stay_and_empty_ones_go(stand: Stand) -> None:
    given = {"A": "1", "B": "2", "EMPTY": ""}
    number = stand.submit(job(block("1", environment=given), folders={"out": "/o", "in": "/i"}))
    said = stand.set("jobs", number, [0], environment={"A": "", "TRACKER": "ws1"})
    assert said == OK
    assert stand.block(number, 0).spec.environment == {"B": "2", "EMPTY": "", "TRACKER": "ws1"}
    assert stand.set("jobs", number, folders={"out": "/new", "in": ""}) == OK
    assert stand.job(number).spec.folders == {"out": "/new"}


def test_an_operation_comes_before_parameters(stand: Stand) -> None:
    number = stand.submit(job())
    said = stand.act("jobs", number, operation={"type": "pause"}, params={"priority": 1})
    assert said == OK
    assert stand.job(number).spec.priority == 99


def test_a_job_whose_id_was_shown_is_the_job_that_is_meant(stand: Stand) -> None:
    number = stand.submit(job())
    assert number == JobId(1) + 1
    assert stand.get("jobs")["jobs"][0]["id"] == number
