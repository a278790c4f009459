"""What is shown of the farm, its telemetry and its history."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest

from grange.core import commands as c
from grange.core.errors import NoSuchBlock, NoSuchJob, NoSuchTask, NoSuchUser, NoSuchWorker
from grange.core.farm import Farm
from grange.core.objects import Run
from grange.model.ids import JobId, RunId, WorkerId
from grange.model.run import Progress, Resources, RunResult
from grange.model.spec import BlockSpec, JobSpec, TaskSpec
from grange.model.states import JobState, RunStatus, TaskOp, TaskState, WorkerState
from grange.model.views import JobView
from grange.server.gauges import Gauges
from grange.server.refusal import NoSuchRun
from grange.server.views import Views
from grange.store.sql import open_store
from grange.store.store import AuditRecord, Store
from tests.build import TRAITS, block, job, named

T = TypeVar("T")


class Seen:
    """A farm whose every batch is stored, and what is shown of it."""

    def __init__(self, store: Store) -> None:
        self.now = 100.0
        self.farm = Farm(frozenset({"generic", "nuke"}))
        self.gauges = Gauges()
        self.store = store
        self.views = Views(self.farm, self.gauges, store, lambda: self.now)

    def do(self, command: c.Command) -> Any:
        out = self.farm.apply(command, self.now)
        started = self.farm.dispatch(self.now)
        changes = self.farm.take_dirty()
        changes.notes = [*out.notes, *started.notes]
        self.store.commit(changes)
        self.gauges.forget(out.events)
        return out.reply

    def submit(self, *blocks: BlockSpec, user: str = "ada", **fields: Any) -> JobId:
        reply = self.do(c.SubmitJob(spec=job(*blocks, **fields), user=user))
        assert isinstance(reply, c.Submitted)
        return reply.job_id

    def join(self, name: str = "node") -> WorkerId:
        reply = self.do(c.JoinWorker(name=name, boot_id="b", traits=TRAITS))
        assert isinstance(reply, c.Joined)
        return reply.worker_id

    def running(self) -> list[Run]:
        return sorted(self.farm.state.runs.values(), key=lambda run: run.run_id)

    def end(self, status: RunStatus = RunStatus.DONE, **fields: Any) -> RunId:
        """End the oldest run."""
        run = self.running()[0]
        result = RunResult(status=status, **fields)
        self.do(c.EndRun(worker_id=run.worker_id, run_id=run.run_id, result=result))
        return run.run_id

    def change(self, op: TaskOp, block: int | None = None, job_id: int = 1) -> None:
        self.do(c.ChangeTasks(job_id=JobId(job_id), op=op, block=block))

    def job(self, job_id: int = 1) -> JobView:
        return self.views.job(job_id)

    def states(self) -> tuple[str, ...]:
        """The words for job 1 and its blocks."""
        view = self.job()
        return (view.state, *(block.state for block in view.blocks))


@pytest.fixture
def seen(tmp_path: Path) -> Iterator[Seen]:
    store = open_store(f"sqlite:///{tmp_path / 'farm.db'}")
    yield Seen(store)
    store.close()


def ask(answer: Coroutine[None, None, T]) -> T:
    return asyncio.run(answer)


# States in words


def test_a_job_is_ready_runs_and_is_done(seen: Seen) -> None:
    seen.submit(block("1"))
    assert seen.states() == ("ready", "ready")
    seen.join()
    assert seen.states() == ("running", "running")
    seen.end()
    assert seen.states() == ("done", "done")


def test_a_block_waits_for_another(seen: Seen) -> None:
    seen.submit(block("1", name="a"), block("1", name="b", depend_mask="a"))
    assert seen.states() == ("ready", "ready", "waiting")
    view = seen.job()
    assert view.blocks[1].why == "the block waits for other blocks of the job"
    seen.join()
    assert seen.states() == ("running", "running", "waiting")
    seen.end()
    assert seen.states() == ("running", "done", "running")


def test_a_job_waits_for_another_and_says_for_which(seen: Seen) -> None:
    first = seen.submit(block("1"), name="first")
    second = seen.submit(block("1"), name="second", depend_mask="first")
    view = seen.job(second)
    assert (view.state, view.why) == (JobState.WAITING, f"waits for job {first}")
    assert seen.views.job_detail(second).waits_for == (first,)


def test_a_job_waits_for_its_time(seen: Seen) -> None:
    seen.submit(block("1"), wait_until=200.0)
    assert seen.states() == ("waiting", "waiting")
    seen.now = 201.0
    assert seen.states() == ("ready", "ready")


def test_a_paused_job_is_paused_though_its_last_tasks_run_on(seen: Seen) -> None:
    seen.submit(block("1-2"))
    seen.join()
    seen.do(c.PauseJob(job_id=JobId(1), paused=True))
    assert seen.states() == ("running", "running")
    seen.end()
    assert seen.states() == ("paused", "paused")
    assert seen.job().why == "the job is paused; resume it"


def test_a_job_has_failed_when_nothing_else_is_left(seen: Seen) -> None:
    seen.submit(block("1-2", errors_retries=0))
    seen.join()
    seen.end(RunStatus.FAILED, message="no licence")
    assert seen.states() == ("running", "running")
    seen.end(RunStatus.FAILED)
    assert seen.states() == ("failed", "failed")


def test_what_a_person_holds_back_is_suspended(seen: Seen) -> None:
    seen.submit(block("1-2"))
    seen.change(TaskOp.SUSPEND)
    assert seen.states() == ("suspended", "suspended")
    seen.change(TaskOp.CONTINUE)
    assert seen.states() == ("ready", "ready")


def test_a_preview_awaits_approval(seen: Seen) -> None:
    seen.submit(block("1-9", sequential=8), preview_approval=True)
    seen.join()
    while seen.running():
        seen.end()
    assert seen.states() == ("approval", "approval")
    assert "approval" in seen.job().why


def test_skipped_tasks_make_a_job_done(seen: Seen) -> None:
    seen.submit(block("1-2"))
    seen.change(TaskOp.SKIP)
    view = seen.job()
    assert (view.state, view.tasks.skipped, view.percent) == (JobState.DONE, 2, 100)


def test_a_job_that_is_ready_says_that_it_waits_for_a_worker(seen: Seen) -> None:
    seen.submit(block("1"))
    assert seen.job().why == "waits for a worker"


@pytest.mark.proves(
    "render.states.online", "render.states.nimby", "render.states.NIMBY", "render.states.paused"
)
@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({}, WorkerState.IDLE),
        ({"paused": True}, WorkerState.PAUSED),
        ({"nimby": "nobody"}, WorkerState.NIMBY),
        ({"nimby": "owner"}, WorkerState.NIMBY),
    ],
)
def test_a_workers_state_in_a_word(seen: Seen, changes: dict[str, Any], word: WorkerState) -> None:
    worker_id = seen.join()
    seen.do(c.EditWorker(worker_id=worker_id, changes=changes))
    view = seen.views.worker(worker_id)
    assert view.state is word
    assert bool(view.why) is (word is not WorkerState.IDLE)


@pytest.mark.proves("render.states.busy", "render.states.offline")
def test_a_worker_is_busy_missing_and_offline(seen: Seen) -> None:
    worker_id = seen.join()
    seen.submit(block("1"))
    assert seen.views.worker(worker_id).state is WorkerState.BUSY
    seen.do(c.UnlinkWorker(worker_id=worker_id))
    assert seen.views.worker(worker_id).state is WorkerState.MISSING
    seen.do(c.LoseWorker(worker_id=worker_id))
    assert seen.views.worker(worker_id).state is WorkerState.OFFLINE


@pytest.mark.proves("render.states.sick")
def test_a_worker_that_fails_everybodys_tasks_is_sick(seen: Seen) -> None:
    seen.do(c.EditPool(path="/", changes={"sick_errors_count": 2}))
    worker_id = seen.join()
    for user in ("ada", "bob"):
        seen.submit(block("1", errors_retries=0), user=user)
        seen.end(RunStatus.FAILED)
    view = seen.views.worker(worker_id)
    assert view.state is WorkerState.SICK
    assert "2 users" in view.sick


# Figures


def test_percent_counts_what_runs_by_its_progress(seen: Seen) -> None:
    seen.submit(block("1-4", capacity=100))
    seen.join()
    seen.end()
    seen.gauges.note_progress(Progress(run_id=seen.running()[0].run_id, percent=50))
    view = seen.job()
    assert (view.percent, view.blocks[0].percent) == (37.5, 37.5)


@pytest.mark.parametrize("absurd", [-5, 100, 10**9])
def test_absurd_progress_does_not_finish_a_job(seen: Seen, absurd: int) -> None:
    seen.submit(block("1"))
    seen.join()
    seen.gauges.note_progress(Progress(run_id=seen.running()[0].run_id, percent=absurd))
    assert 0 <= seen.job().percent < 100


def test_the_percent_of_a_job_weighs_blocks_by_their_tasks(seen: Seen) -> None:
    seen.submit(block("1-3", name="a"), block("1", name="b", depend_mask="a"))
    seen.change(TaskOp.DONE, block=0)
    assert [block.percent for block in seen.job().blocks] == [100, 0]
    assert seen.job().percent == 75


def test_the_time_left_follows_from_the_pace(seen: Seen) -> None:
    seen.submit(block("1-5"))
    seen.join()
    assert seen.job().eta_s is None
    seen.now += 10
    seen.end()
    assert seen.job().eta_s == 35  # three to come, half of one that runs, one at a time
    block_view = seen.job().blocks[0]
    assert (block_view.run_time_mean_s, block_view.run_time_max_s) == (10, 10)


def test_the_farm_in_one_line(seen: Seen) -> None:
    seen.submit(block("1-3"))
    seen.join("one")
    seen.do(c.UnlinkWorker(worker_id=seen.join("two")))
    view = seen.views.farm()
    assert (view.jobs, view.jobs_running, view.tasks.ready, view.tasks.running) == (1, 1, 1, 2)
    assert (view.workers, view.workers_online, view.workers_busy) == (2, 1, 1)
    assert view.services == ("generic", "nuke")


@pytest.mark.proves("render.attributes.capacity_used")
def test_a_worker_shows_its_runs_and_load(seen: Seen) -> None:
    worker_id = seen.join()
    seen.submit(block("1"))
    load = Resources(mem_total_mb=5)
    seen.gauges.note_resources(worker_id, load, 5.0)
    view = seen.views.worker(worker_id)
    assert [run.task for run in view.runs] == [0]
    assert (view.resources, view.capacity_used) == (load, 1_000)


# Lists and pages


def test_jobs_are_listed_newest_first_and_by_what_is_asked(seen: Seen) -> None:
    seen.submit(block("1"), name="Castle", user="ada")
    seen.submit(block("1"), name="castle wall", user="bob", paused=True)
    seen.submit(block("1"), name="tower", user="ada", hidden=True)

    def listed(**what: Any) -> list[int]:
        return [view.job_id for view in seen.views.jobs(**what)]

    assert listed() == [2, 1]
    assert listed(hidden=True) == [3, 2, 1]
    assert listed(name="CASTLE") == [2, 1]
    assert listed(user="ada") == [1]
    assert listed(state_name="paused") == [2]
    assert (listed(limit=1), listed(after=2)) == ([2], [1])


def test_tasks_come_in_pages(seen: Seen) -> None:
    seen.submit(block("1-250"))
    page, total = ask(seen.views.tasks(1, 0, 100, 20))
    assert ([view.task for view in page], total) == (list(range(100, 120)), 250)
    assert len(ask(seen.views.tasks(1, 0, 240, 20))[0]) == 10
    assert ask(seen.views.tasks(1, 0, 300, 20)) == ([], 250)


def test_tasks_come_by_their_state(seen: Seen) -> None:
    seen.submit(block("1-9"))
    skip = c.ChangeTasks(job_id=JobId(1), op=TaskOp.SKIP, block=0, tasks=((2, 4),))
    seen.do(skip)
    page, total = ask(seen.views.tasks(1, 0, 1, 10, TaskState.SKIPPED))
    assert ([view.task for view in page], total) == ([3, 4], 3)


def test_a_task_shows_its_frames_and_last_run(seen: Seen) -> None:
    seen.submit(block("10-30x10", frames_per_task=2, errors_retries=0, tasks_name="f@#@"))
    seen.join()
    run_id = seen.end(RunStatus.FAILED, message="no licence")
    (view, other), _ = ask(seen.views.tasks(1, 0, 0, 10))
    assert (view.frame_first, view.frame_last, view.frame_inc) == (10, 20, 10)
    assert (view.run_id, view.worker, view.starts, view.errors) == (run_id, "node", 1, 1)
    assert (view.state, view.message) == (TaskState.FAILED, "no licence")
    assert (other.state, other.frame_first) == (TaskState.RUNNING, 30)


def test_a_task_in_full_shows_its_command_and_all_runs(seen: Seen) -> None:
    seen.submit(block("7", command=("render", "-f", "@#@"), files=("out.@####@.exr",)))
    seen.join()
    seen.end(RunStatus.FAILED, message="no licence")
    detail = ask(seen.views.task_detail(1, 0, 0))
    assert detail.command == ("render", "-f", "7")
    assert detail.files == ("out.0007.exr",)
    assert [(run.attempt, run.result is None) for run in detail.runs] == [(2, True), (1, False)]


def test_a_run_is_shown_though_its_job_is_gone(seen: Seen) -> None:
    seen.submit(block("1"))
    seen.join()
    run_id = seen.end()
    seen.do(c.DeleteJob(job_id=JobId(1)))
    assert ask(seen.views.run(run_id)).job_id == 1
    with pytest.raises(NoSuchRun):
        ask(seen.views.run(99))


def test_states_of_all_tasks_are_a_byte_each(seen: Seen) -> None:
    seen.submit(block("1-3"))
    seen.change(TaskOp.SKIP)
    assert seen.views.states(1, 0) == bytes([TaskState.SKIPPED] * 3)


def test_a_specification_comes_back_whole_with_what_was_edited(seen: Seen) -> None:
    spec = JobSpec(
        name="film",
        blocks=(
            block("1-4", name="frames", command_pre=("setup",), environment={"A": "b"}),
            named("one", "two", name="after", depend_mask="frames"),
        ),
        command_pre=("before",),
        folders={"output": "/out"},
        priority=7,
    )
    seen.do(c.SubmitJob(spec=spec, user="ada"))
    shown = seen.views.job_detail(1).spec
    again = Farm()
    again.apply(c.SubmitJob(spec=shown, user="ada"), 1)
    assert (
        again.state.jobs[JobId(1)].blocks[0].spec == seen.farm.state.jobs[JobId(1)].blocks[0].spec
    )
    assert (shown.blocks[0].frames, shown.blocks[1].tasks) == ("1-4", spec.blocks[1].tasks)
    assert (shown.command_pre, shown.folders, shown.priority) == (("before",), spec.folders, 7)
    assert len(shown.blocks) == 2
    seen.do(c.EditJob(job_id=JobId(1), changes={"priority": 9}))
    seen.do(c.AppendTasks(job_id=JobId(1), block=1, tasks=(TaskSpec(name="x", command=("y",)),)))
    edited = seen.views.job_detail(1).spec
    assert edited.priority == 9


# Stories and reasons


def test_a_story_is_told_in_the_order_in_which_it_happened(seen: Seen) -> None:
    """The end of one run and the start of the next share a batch, and so a time."""
    seen.submit(block("1", errors_retries=1))
    seen.now += 1
    seen.join()
    seen.now += 1
    seen.end(RunStatus.FAILED, message="no licence")
    seen.now += 1
    seen.end()
    lines = [line.text for line in ask(seen.views.story(1, 0, 0))]
    runs = [line for line in lines if line.startswith("run ")]
    assert runs == [
        "run 1 (start 1) given to node",
        "run 1 (start 1) failed after 1.0 s: no licence",
        "run 2 (start 2) given to node",
        "run 2 (start 2) done after 1.0 s",
    ]
    assert lines[0].startswith("submitted by")
    assert "task 0/0: failed on node: no licence; try 1 of 1 follows" in lines


def test_the_story_of_a_job_has_the_notes_of_all(seen: Seen) -> None:
    seen.submit(block("1"), block("1", name="b"))
    seen.do(c.PauseJob(job_id=JobId(1), paused=True))
    times = [line.at for line in ask(seen.views.story(1))]
    assert times == sorted(times)
    assert len(times) >= 2


def test_why_asks_the_rules_themselves(seen: Seen) -> None:
    seen.submit(block("1-2", need_memory_mb=10**6))
    seen.submit(block("1"), paused=True)
    worker_id = seen.join()
    assert [reason.code for reason in seen.views.why_job(1).reasons] == ["memory"]
    assert [reason.code for reason in seen.views.why_block(1, 0).reasons] == ["memory"]
    assert [reason.code for reason in seen.views.why_task(1, 0, 1).reasons] == ["memory"]
    assert [reason.code for reason in seen.views.why_job(2).reasons] == ["paused"]
    assert [reason.code for reason in seen.views.why_worker(worker_id).reasons] == ["memory"]


def test_people_and_places_are_listed_in_order(seen: Seen) -> None:
    seen.submit(block("1"), user="bob", branch="/show")
    seen.submit(block("1"), user="ada")
    seen.join("two")
    seen.join("one")
    seen.do(c.EditPool(path="/fast", changes={"tickets_pool": {"nuke": {"count": 2}}}))
    assert [view.user for view in seen.views.users()] == ["ada", "bob"]
    assert [view.path for view in seen.views.branches()] == ["/", "/show"]
    assert [view.path for view in seen.views.pools()] == ["/", "/fast"]
    assert [view.name for view in seen.views.workers()] == ["one", "two"]
    (ticket,) = seen.views.pools()[1].tickets
    assert (ticket.name, ticket.count, ticket.used) == ("nuke", 2, 0)
    assert seen.views.user("ada").jobs == 1


def test_who_holds_a_ticket_is_shown(seen: Seen) -> None:
    seen.do(c.EditPool(path="/", changes={"tickets_pool": {"nuke": {"count": 2}}}))
    seen.join("one")
    seen.submit(block("1", tickets={"nuke": 2}))
    (ticket,) = seen.views.pools()[0].tickets
    assert (ticket.used, ticket.hosts) == (2, ("one",))


def test_the_audit_is_shown_newest_first(seen: Seen) -> None:
    for number in range(3):
        record = AuditRecord(
            at=float(number),
            user="ada",
            role="artist",
            address="::1",
            action="PauseJob",
            target=f"job/{number}",
            details=b'{"a": "\xff"}',
        )
        seen.store.commit(seen.farm.take_dirty(), [record])
    shown = ask(seen.views.audit(limit=2))
    assert [view.target for view in shown] == ["job/2", "job/1"]


def test_what_is_not_there_is_said(seen: Seen) -> None:
    seen.submit(block("1"))
    with pytest.raises(NoSuchJob, match="no job 7"):
        seen.views.job(7)
    with pytest.raises(NoSuchBlock, match="only 0-0"):
        seen.views.get_block(1, 3)
    with pytest.raises(NoSuchTask, match="only 0-0"):
        ask(seen.views.task_detail(1, 0, 5))
    with pytest.raises(NoSuchTask):
        ask(seen.views.task_detail(1, 0, -1))
    with pytest.raises(NoSuchWorker):
        seen.views.worker(7)
    with pytest.raises(NoSuchUser):
        seen.views.user("eve")
