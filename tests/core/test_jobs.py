from __future__ import annotations

import tracemalloc
from typing import Any

import pytest

from grange.core import commands as c
from grange.core.effects import DropFiles, Outcome, StopRun
from grange.core.errors import InvalidField, NoSuchBlock, NoSuchJob, NoSuchTask, TokenReused
from grange.core.events import JobChanged, JobDeleted, JobSubmitted
from grange.core.farm import Farm
from grange.model.ids import JobId
from grange.model.spec import BlockSpec
from grange.model.states import TaskOp
from tests.build import (
    begun,
    block,
    block_of,
    change,
    counted,
    edit_pool,
    fail,
    image,
    job,
    job_of,
    join,
    named,
    one,
    refused,
    restarted,
    run_all,
    spare,
    started,
    submit,
    why,
)


def token(farm: Farm, word: str, name: str = "job", user: str = "ada") -> c.Submitted:
    command = c.SubmitJob(spec=job(name=name), user=user, token=word)
    reply = farm.apply(command, 1).reply
    assert isinstance(reply, c.Submitted)
    return reply


def delete(farm: Farm, job_id: JobId, now: float = 2) -> Outcome:
    return farm.apply(c.DeleteJob(job_id=job_id), now)


def test_a_job_is_accepted_and_told(farm: Farm) -> None:
    out = farm.apply(c.SubmitJob(spec=job(host="desk"), user="ada"), 1)
    assert out.reply == c.Submitted(job_id=JobId(1))
    assert out.events == [JobSubmitted(JobId(1))]
    assert [line.text for line in out.notes] == ["submitted by ada from desk"]


def test_a_job_belongs_to_who_submits_it(farm: Farm) -> None:
    job_id = submit(farm, job(user="eve"), user="ada")
    assert (job_of(farm, job_id).user, job_of(farm, job_id).spec.user) == ("ada", "ada")


def test_ids_of_jobs_are_never_used_again(farm: Farm) -> None:
    first = submit(farm)
    delete(farm, first)
    assert submit(farm) > first


def test_a_submission_that_comes_twice_makes_one_job(farm: Farm) -> None:
    first = token(farm, "t1")
    before = image(farm)
    again = token(farm, "t1")
    assert (again.job_id, again.again, first.again) == (first.job_id, True, False)
    assert image(farm) == before


def test_a_submission_that_comes_again_after_its_job_makes_none(farm: Farm) -> None:
    first = token(farm, "t1")
    delete(farm, first.job_id)
    assert token(farm, "t1", name="another") == c.Submitted(job_id=first.job_id, again=True)
    assert not farm.state.jobs


def test_a_token_is_its_users_own(farm: Farm) -> None:
    assert token(farm, "t1").job_id != token(farm, "t1", user="bob").job_id


def test_a_token_of_another_job_is_refused(farm: Farm) -> None:
    token(farm, "t1")
    command = c.SubmitJob(spec=job(name="another"), user="ada", token="t1")
    assert refused(farm, command, TokenReused).endswith("take a new one")


def test_a_deleted_job_stops_what_it_runs(farm: Farm) -> None:
    edit_pool(farm, capacity_host=9_000)
    worker_id = join(farm)
    job_id = submit(farm)
    other = submit(farm, job(block("1"), priority=200))
    runs = [run.run_id for _, run in started(farm) if run.job_id == job_id]
    out = delete(farm, job_id)
    stops = [StopRun(worker_id, run_id, "job deleted") for run_id in runs]
    assert out.effects == [*stops, DropFiles(job_id)]
    assert JobDeleted(job_id) in out.events
    assert {run.job_id for run in farm.state.runs.values()} == {other}


def test_a_deleted_job_leaves_nothing(farm: Farm) -> None:
    join(farm)
    fresh = (len(farm.state.demands), len(farm.state.shares))
    job_id = submit(farm, job(branch="/show", depend_mask_global="x.*"))
    started(farm)
    delete(farm, job_id)
    state = farm.state
    left = (state.jobs, state.names, state.masked, state.runs, state.demand_ids)
    assert not any(left)
    assert (len(state.demands), len(state.shares)) == (fresh[0], fresh[1] + 2)
    assert not state.branches["/show"].jobs


def test_a_deleted_job_frees_those_who_wait_for_it(farm: Farm) -> None:
    join(farm)
    first = submit(farm, job(name="a", priority=0))
    second = submit(farm, job(depend_mask="a"))
    assert begun(farm) == []
    assert JobChanged(second) in delete(farm, first).events
    assert one(farm)[1].job_id == second


def test_post_commands_run_when_the_job_is_deleted(farm: Farm) -> None:
    spec = job(
        block(command_post=("rm", "tmp"), working_directory="/w"),
        command_post=("notify",),
        branch="/show",
        name="film",
    )
    join(farm)
    delete(farm, submit(farm, spec))
    (made,) = farm.state.jobs.values()
    assert (made.spec.name, made.spec.branch, made.spec.hidden) == ("post film", "/show", True)
    runs = [(run.command, run.working_directory) for run in run_all(farm)]
    assert runs == [(("notify",), "/w"), (("rm", "tmp"), "/w")]


def test_a_job_that_waits_for_all_others_waits_for_their_post_commands_too(farm: Farm) -> None:
    join(farm)
    first = submit(farm, job(name="film", command_post=("clean",), paused=True))
    held = submit(farm, job(block("1"), depend_mask=".*"))
    delete(farm, first)
    waits = [job_of(some, held).waits for some in (farm, restarted(farm))]
    assert waits[0] == waits[1] == set(farm.state.jobs) - {held}
    assert [run.job_name for run in run_all(farm)] == ["post film", "job"]


def test_a_job_of_post_commands_goes_away_by_itself(farm: Farm) -> None:
    delete(farm, submit(farm, job(command_post="rm tmp")), now=10)
    assert len(farm.state.jobs) == 1
    assert farm.next_deadline() == 1_810
    farm.dispatch(1_810)
    assert not farm.state.jobs


def test_a_paused_job_starts_nothing_and_runs_on(farm: Farm) -> None:
    edit_pool(farm, capacity_host=2_000, max_tasks_host=1)
    join(farm)
    job_id = submit(farm)
    started(farm)
    join(farm, "other")
    out = farm.apply(c.PauseJob(job_id=job_id, paused=True), 1)
    assert [line.text for line in out.notes] == ["paused"]
    assert begun(farm) == []
    assert len(farm.state.runs) == 1
    assert why(farm, job_id) == ["paused"]
    farm.apply(c.PauseJob(job_id=job_id, paused=False), 1)
    assert begun(farm) == [1]


def test_pausing_twice_is_no_news(farm: Farm) -> None:
    job_id = submit(farm, job(paused=True))
    assert not farm.apply(c.PauseJob(job_id=job_id, paused=True), 1).events


def test_a_job_may_be_submitted_paused(farm: Farm) -> None:
    join(farm)
    submit(farm, job(paused=True))
    assert begun(farm) == []


def try_next(
    farm: Farm, job_id: JobId, *tasks: int, number: int = 0, remove: bool = False
) -> None:
    command = c.TryNext(job_id=job_id, block=number, tasks=tasks, remove=remove)
    farm.apply(command, 1)


def test_tasks_to_try_next_start_before_the_others(farm: Farm) -> None:
    join(farm)
    job_id = submit(farm, job(block("1-9")))
    try_next(farm, job_id, 7, 3)
    assert [run.task for run in run_all(farm)][:4] == [7, 3, 0, 1]
    assert not job_of(farm, job_id).try_next


def test_a_task_of_a_later_block_may_be_tried_first(farm: Farm) -> None:
    join(farm)
    submit(farm, job(block("1-2"), block("1-3"), try_first=((1, 2),)))
    runs = [(run.block, run.task) for run in run_all(farm)]
    assert runs == [(1, 2), (0, 0), (0, 1), (1, 0), (1, 1)]


def test_tasks_are_taken_off_the_list(farm: Farm) -> None:
    join(farm)
    job_id = submit(farm)
    try_next(farm, job_id, 3, 2)
    try_next(farm, job_id, 3, remove=True)
    assert job_of(farm, job_id).try_next == [(0, 2)]
    assert begun(farm) == [2]


def test_a_task_is_on_the_list_once(farm: Farm) -> None:
    job_id = submit(farm)
    try_next(farm, job_id, 3, 3)
    assert job_of(farm, job_id).try_next == [(0, 3)]
    try_next(farm, job_id, 1, 3)
    assert job_of(farm, job_id).try_next == [(0, 1), (0, 3)]


def test_a_task_that_cannot_start_does_not_hold_the_others(farm: Farm) -> None:
    join(farm)
    submit(farm, job(block("1-2"), block("1-2", depend_mask="block"), try_first=((0, 1),)))
    job_id = submit(farm, job(block("1", name="a"), block("1", depend_mask="a")))
    try_next(farm, job_id, 0, number=1)
    assert len(run_all(farm)) == 6


def test_a_task_to_try_that_must_avoid_the_host_is_passed_over(farm: Farm) -> None:
    join(farm)
    spare(farm)
    spec = block("1-2", errors_task_same_host=1, errors_avoid_host=0, errors_retries=5)
    job_id = submit(farm, job(spec))
    fail(farm)
    try_next(farm, job_id, 0)
    assert begun(farm) == [1]


def test_avoided_hosts_are_forgotten_on_request(farm: Farm) -> None:
    join(farm)
    spare(farm)
    job_id = submit(
        farm, job(block("1", errors_avoid_host=1, errors_task_same_host=1, errors_retries=9))
    )
    fail(farm)
    assert begun(farm) == []
    out = farm.apply(c.ForgetErrors(job_id=job_id), 1)
    assert [line.text for line in out.notes] == ["avoided hosts forgotten"]
    assert begun(farm) == [0]
    assert not block_of(farm, job_id).task_errors


def test_avoided_hosts_of_one_block_are_forgotten(farm: Farm) -> None:
    join(farm)
    spec = block("1", errors_avoid_host=1, errors_retries=9)
    job_id = submit(farm, job(spec, spec))
    fail(farm, 2)
    farm.apply(c.ForgetErrors(job_id=job_id, block=1), 1)
    assert [bool(block_of(farm, job_id, n).error_hosts) for n in (0, 1)] == [True, False]


@pytest.mark.parametrize(
    ("where", "chosen", "order"),
    [
        ("top", (3, 2), [2, 3, 1, 4]),
        ("top", (1, 2, 3, 4), [1, 2, 3, 4]),
        ("bottom", (3, 2), [1, 4, 2, 3]),
        ("bottom", (1,), [2, 3, 4, 1]),
        ("up", (3,), [1, 3, 2, 4]),
        ("up", (1,), [1, 2, 3, 4]),
        ("up", (1, 2, 4), [1, 2, 4, 3]),
        ("up", (2, 3), [2, 3, 1, 4]),
        ("down", (2,), [1, 3, 2, 4]),
        ("down", (4,), [1, 2, 3, 4]),
        ("down", (3, 4, 1), [2, 1, 3, 4]),
        ("down", (2, 3), [1, 4, 2, 3]),
    ],
)
def test_a_user_puts_his_jobs_in_order(
    farm: Farm, where: Any, chosen: tuple[JobId, ...], order: list[int]
) -> None:
    for _ in range(4):
        submit(farm)
    farm.apply(c.MoveJobs(user="ada", job_ids=chosen, where=where), 1)
    assert list(farm.state.users["ada"].jobs) == order


def test_jobs_of_a_user_start_in_his_order(farm: Farm) -> None:
    join(farm)
    for _ in range(3):
        submit(farm, job(block("1")))
    out = farm.apply(c.MoveJobs(user="ada", job_ids=(JobId(3),), where="top"), 1)
    assert set(out.events) == {JobChanged(JobId(n)) for n in (1, 2, 3)}
    assert [run.job_id for run in run_all(farm)] == [3, 1, 2]


@pytest.mark.parametrize(("user", "ids"), [("ada", (1, 2)), ("bob", (1,)), ("eve", (1,))])
def test_only_jobs_of_the_user_are_moved(farm: Farm, user: str, ids: tuple[JobId, ...]) -> None:
    submit(farm)
    submit(farm, user="bob")
    refused(farm, c.MoveJobs(user=user, job_ids=ids, where="top"), InvalidField, "job_ids")


def test_a_thousand_jobs_of_two_thousand_are_moved_at_once(farm: Farm) -> None:
    ids = [submit(farm, job(block("1"))) for _ in range(2_000)]
    farm.apply(c.MoveJobs(user="ada", job_ids=tuple(ids[1::2]), where="up"), 1)
    assert list(farm.state.users["ada"].jobs)[:4] == [ids[1], ids[0], ids[3], ids[2]]


GONE = JobId(99)


@pytest.mark.parametrize(
    "command",
    [
        c.DeleteJob(job_id=GONE),
        c.PauseJob(job_id=GONE, paused=True),
        c.EditJob(job_id=GONE, changes={}),
        c.ChangeTasks(job_id=GONE, op=TaskOp.SKIP),
        c.AppendBlocks(job_id=GONE, blocks=(BlockSpec(),)),
        c.AppendTasks(job_id=GONE, block=0, tasks=()),
        c.TryNext(job_id=GONE, block=0, tasks=()),
        c.ForgetErrors(job_id=GONE),
    ],
    ids=lambda command: type(command).__name__,
)
def test_a_job_that_is_not_there_is_refused(farm: Farm, command: c.Command) -> None:
    assert refused(farm, command, NoSuchJob) == "no job 99"


@pytest.mark.parametrize("number", [-1, 1])
def test_a_block_that_is_not_there_is_refused(farm: Farm, number: int) -> None:
    job_id = submit(farm, job(named("a")))
    for command in (
        c.EditJob(job_id=job_id, block=number, changes={}),
        c.ChangeTasks(job_id=job_id, block=number, op=TaskOp.SKIP),
        c.AppendTasks(job_id=job_id, block=number, tasks=()),
        c.TryNext(job_id=job_id, block=number, tasks=()),
        c.ForgetErrors(job_id=job_id, block=number),
    ):
        said = refused(farm, command, NoSuchBlock)
        assert said == f"job {job_id} has no block {number}, only 0-0"


@pytest.mark.parametrize("task", [-1, 4])
def test_a_task_that_is_not_there_cannot_be_tried(farm: Farm, task: int) -> None:
    command = c.TryNext(job_id=submit(farm), block=0, tasks=(0, task))
    assert refused(farm, command, NoSuchTask, "tasks") == f"block 1/0 has no task {task}"


def test_a_million_frames_take_less_than_16_bytes_each(farm: Farm) -> None:
    tracemalloc.start()
    submit(farm, job(block("1-1000000")))
    used, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert used < 16 * 1_000_000


@pytest.mark.parametrize("frames", ["1-10", "1-1000000"])
def test_a_job_of_any_size_comes_and_goes_in_a_few_steps(farm: Farm, frames: str) -> None:
    with counted() as calls:
        job_id = submit(farm, job(block(frames, name="a"), block(frames, tasks_depend_mask="a")))
        change(farm, job_id, TaskOp.SKIP, block=0)
        delete(farm, job_id)
    assert sum(calls.values()) < 700


def test_a_job_needs_an_owner(farm: Farm) -> None:
    assert refused(farm, c.SubmitJob(spec=job(), user=""), InvalidField, "user")


def test_a_job_that_others_were_waiting_for_holds_them_when_it_comes(farm: Farm) -> None:
    done = submit(farm, job(block("1"), depend_mask="late", name="done"))
    change(farm, done, TaskOp.SKIP)
    first = submit(farm, job(depend_mask="late"))
    out = farm.apply(c.SubmitJob(spec=job(name="late"), user="ada"), 1)
    assert JobChanged(first) in out.events
    assert JobChanged(done) not in out.events
    assert job_of(farm, first).waits == {3}


def test_a_deleted_job_waits_for_nobody(farm: Farm) -> None:
    first = submit(farm, job(name="a"))
    delete(farm, submit(farm, job(depend_mask="a")))
    assert not job_of(farm, first).dependants
