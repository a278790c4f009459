"""Watchers get a whole picture first, then what changed; never more than they may see."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pytest

from grange.core import commands as c
from grange.core.farm import Farm
from grange.model.ids import JobId, RunId, WorkerId
from grange.model.run import Progress, RunResult
from grange.model.spec import JobSpec
from grange.model.states import JobState, Role, RunStatus, TaskOp, TaskState
from grange.server import feed as feed_module
from grange.server.auth import Principal
from grange.server.feed import Feed
from grange.server.gauges import Gauges
from grange.server.views import Views
from grange.store.sql import open_store
from grange.store.store import Store
from grange.wire.watch import IDS_MAX, FromServer, LogText, Patch, Snapshot, Watch, WatchError
from tests.build import TRAITS, block, job

PATIENCE_S = 20.0
START = 1_000_000

M = TypeVar("M")


def principal(user: str = "ada", role: Role = Role.ARTIST) -> Principal:
    return Principal(user=user, role=role, name=user, credential_id="c", address="")


class FakeSocket:
    """A watcher's end."""

    def __init__(self, *said: Watch | bytes) -> None:
        self._incoming: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._got: asyncio.Queue[FromServer | None] = asyncio.Queue()
        self.reads = asyncio.Event()  # cleared: the watcher does not read
        self.reads.set()
        self.sending = asyncio.Event()  # the server has something to say
        self.closed: tuple[int, str] | None = None
        for message in said:
            self.say(message)

    def say(self, message: Watch | bytes | None) -> None:
        data = msgspec.json.encode(message) if isinstance(message, Watch) else message
        self._incoming.put_nowait(data)

    async def receive(self) -> bytes | None:
        return await self._incoming.get()

    async def send(self, data: bytes) -> None:
        self.sending.set()
        await self.reads.wait()
        self._got.put_nowait(msgspec.json.decode(data, type=FromServer))

    async def close(self, code: int, reason: str) -> None:
        if self.closed is None:
            self.closed = (code, reason)
            self._got.put_nowait(None)

    async def got(self, kind: type[M]) -> M:
        """The next message, which must be of a kind."""
        async with asyncio.timeout(PATIENCE_S):
            message = await self._got.get()
        assert isinstance(message, kind), message
        return message


class Shell:
    """A farm that is watched."""

    def __init__(self, store: Store, group: asyncio.TaskGroup) -> None:
        self.group = group
        self.store = store
        self.farm = Farm()
        self.durable = asyncio.Event()
        self.durable.set()
        self.gauges = Gauges()
        self.views = Views(self.farm, self.gauges, store, lambda: 100.0)
        self.feed = self.new_feed(START)

    def new_feed(self, start: int) -> Feed:
        """What a new process of the server knows of watchers."""
        return Feed(self.farm, self.views, start=start, settled=self.durable.wait)

    def do(self, *commands: c.Command) -> Any:
        """Change the farm, as one batch. The last reply."""
        outs = [self.farm.apply(command, 100.0) for command in commands]
        outs.append(self.farm.dispatch(100.0))
        self.store.commit(self.farm.take_dirty())
        self.feed.publish([event for out in outs for event in out.events])
        return outs[-2].reply

    def submit(self, user: str = "ada", spec: JobSpec | None = None) -> JobId:
        reply = self.do(c.SubmitJob(spec=spec or job(block("1-3")), user=user))
        assert isinstance(reply, c.Submitted)
        return reply.job_id

    def join(self, name: str = "node") -> WorkerId:
        reply = self.do(c.JoinWorker(name=name, boot_id="b", traits=TRAITS))
        assert isinstance(reply, c.Joined)
        return reply.worker_id

    def pause(self, job_id: int) -> None:
        self.do(c.PauseJob(job_id=JobId(job_id), paused=True))

    def watch(self, want: Watch | bytes, who: Principal | None = None) -> FakeSocket:
        """A watcher that has just connected."""
        socket = FakeSocket(want)
        self.group.create_task(self.feed.serve(socket, who or principal()))
        return socket

    async def until(self, holds: Callable[[], object]) -> None:
        """Let the others work until something holds."""
        async with asyncio.timeout(PATIENCE_S):
            while not holds():  # noqa: ASYNC110 (a turn of the loop, not a wait)
                await asyncio.sleep(0)

    async def watching(self, **want: Any) -> tuple[FakeSocket, Snapshot]:
        """A watcher that has its first picture."""
        who = want.pop("who", None)
        socket = self.watch(Watch(**want), who)
        return socket, await socket.got(Snapshot)


Scenario = Callable[[Shell], Coroutine[None, None, None]]
Play = Callable[[Scenario], None]


@asynccontextmanager
async def shell_of(store: Store) -> AsyncIterator[Shell]:
    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as outer:

        async def hold(ready: asyncio.Future[Shell]) -> None:
            async with asyncio.TaskGroup() as group:
                ready.set_result(Shell(store, group))
                await asyncio.Event().wait()

        ready: asyncio.Future[Shell] = asyncio.get_running_loop().create_future()
        holding = outer.create_task(hold(ready))
        yield await ready
        holding.cancel()


@pytest.fixture
def play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Play]:
    """Plays a scenario, at no pace but the watchers' own."""
    monkeypatch.setattr(feed_module, "PACE_S", 0)
    store = open_store(f"sqlite:///{tmp_path / 'farm.db'}")

    def play(scenario: Scenario) -> None:
        async def run() -> None:
            async with shell_of(store) as shell:
                await scenario(shell)

        asyncio.run(run())

    yield play
    store.close()


def test_a_watcher_is_shown_what_is_durable(play: Play) -> None:
    async def scenario(shell: Shell) -> None:
        shell.durable.clear()
        socket = shell.watch(Watch(jobs=True))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await socket.got(Snapshot)
        shell.durable.set()
        await socket.got(Snapshot)

    play(scenario)


def test_a_watcher_gets_the_whole_picture_first(play: Play) -> None:
    async def scenario(shell: Shell) -> None:
        shell.submit()
        shell.join()
        _, snapshot = await shell.watching()
        assert [view.job_id for view in snapshot.jobs] == [1]
        assert [view.name for view in snapshot.workers] == ["node"]
        assert snapshot.farm.jobs == 1
        assert snapshot.tasks == ()

    play(scenario)


def test_then_what_changed_as_whole_objects(play: Play) -> None:
    async def scenario(shell: Shell) -> None:
        first, second = shell.submit(), shell.submit()
        socket, snapshot = await shell.watching()
        shell.pause(second)
        patch = await socket.got(Patch)
        assert patch.number > snapshot.number
        assert [(view.job_id, view.state) for view in patch.jobs] == [(second, JobState.PAUSED)]
        assert patch.workers == ()
        shell.pause(first)
        assert [view.job_id for view in (await socket.got(Patch)).jobs] == [first]

    play(scenario)


def test_one_may_watch_jobs_alone_or_workers_alone(play: Play) -> None:
    async def scenario(shell: Shell) -> None:
        shell.submit()
        shell.join()
        jobs, only_jobs = await shell.watching(workers=False)
        workers, only_workers = await shell.watching(jobs=False)
        assert (len(only_jobs.jobs), only_jobs.workers) == (1, ())
        assert (only_workers.jobs, len(only_workers.workers)) == ((), 1)
        shell.do(c.EjectWorker(worker_id=WorkerId(1)))
        assert (await jobs.got(Patch)).workers == ()
        assert (await workers.got(Patch)).jobs == ()

    play(scenario)


def test_who_comes_back_with_a_number_gets_only_what_changed_since(play: Play) -> None:
    async def scenario(shell: Shell) -> None:
        first, second = shell.submit(), shell.submit()
        socket, snapshot = await shell.watching()
        socket.say(None)
        shell.pause(second)
        again = shell.watch(Watch(after=snapshot.number))
        assert [view.job_id for view in (await again.got(Patch)).jobs] == [second]
        shell.pause(first)
        assert [view.job_id for view in (await again.got(Patch)).jobs] == [first]

    play(scenario)


def test_nothing_changed_nothing_said(play: Play) -> None:
    async def scenario(shell: Shell) -> None:
        job_id = shell.submit()
        _, snapshot = await shell.watching()
        again = shell.watch(Watch(after=snapshot.number))
        await asyncio.sleep(0)
        shell.pause(job_id)
        assert (await again.got(Patch)).number == snapshot.number + 1

    play(scenario)


def test_too_old_a_number_gives_the_whole_picture(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_module, "REMEMBERED_MAX", 3)

    async def scenario(shell: Shell) -> None:
        shell.submit()
        _, snapshot = await shell.watching()
        for _ in range(10):
            shell.submit()
        again = shell.watch(Watch(after=snapshot.number))
        assert len((await again.got(Snapshot)).jobs) == 11
        assert len(shell.feed._changed) == 3

    play(scenario)


def test_a_number_of_another_life_of_the_server_gives_the_whole_picture(play: Play) -> None:
    async def scenario(shell: Shell) -> None:
        shell.submit()
        _, snapshot = await shell.watching()
        for start in (START + 1_000, START - 1_000):  # later, and after a clock that jumped back
            shell.feed = shell.new_feed(start)
            again = shell.watch(Watch(after=snapshot.number))
            await again.got(Snapshot)

    play(scenario)


def test_deleted_jobs_and_workers_are_told(play: Play) -> None:
    async def scenario(shell: Shell) -> None:
        job_id, worker_id = shell.submit(), shell.join()
        socket, _ = await shell.watching()
        shell.do(
            c.LoseWorker(worker_id=worker_id),
            c.DeleteWorker(worker_id=worker_id),
            c.DeleteJob(job_id=job_id),
        )
        patch = await socket.got(Patch)
        assert (patch.jobs_gone, patch.workers_gone) == ((job_id,), (worker_id,))
        assert (patch.jobs, patch.workers) == ((), ())

    play(scenario)


def test_tasks_come_for_the_jobs_that_are_asked_for(play: Play) -> None:
    async def scenario(shell: Shell) -> None:
        first, second = shell.submit(), shell.submit()
        socket, snapshot = await shell.watching(tasks_of=(second,))
        assert [(view.job_id, view.task) for view in snapshot.tasks] == [
            (second, n) for n in range(3)
        ]
        skip: dict[str, Any] = {"block": 0, "op": TaskOp.SKIP, "tasks": ((1, 1),)}
        shell.do(
            c.ChangeTasks(job_id=first, **skip),
            c.ChangeTasks(job_id=second, **skip),
        )
        patch = await socket.got(Patch)
        told = [(view.job_id, view.task, view.state) for view in patch.tasks]
        assert told == [(second, 1, TaskState.SKIPPED)]
        assert {view.job_id for view in patch.jobs} == {first, second}

    play(scenario)


def test_a_task_that_ended_comes_with_its_result(play: Play) -> None:
    async def scenario(shell: Shell) -> None:
        worker_id, job_id = shell.join(), shell.submit()
        socket, _ = await shell.watching(tasks_of=(job_id,))
        (run,) = shell.farm.state.runs.values()
        result = RunResult(status=RunStatus.FATAL, message="no licence")
        shell.do(c.EndRun(worker_id=worker_id, run_id=run.run_id, result=result))
        patch = await socket.got(Patch)
        ended = next(view for view in patch.tasks if view.task == run.task)
        assert (ended.message, ended.worker) == ("no licence", "node")

    play(scenario)


def test_too_many_changed_tasks_are_named_as_stale(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_module, "PATCH_TASKS_MAX", 2)

    async def scenario(shell: Shell) -> None:
        job_id = shell.submit()
        socket, _ = await shell.watching(tasks_of=(job_id,))
        for task in range(3):
            shell.do(c.ChangeTasks(job_id=job_id, block=0, op=TaskOp.SKIP, tasks=((task, task),)))
        patch = await socket.got(Patch)
        assert (patch.tasks, patch.tasks_stale) == ((), ((job_id, 0),))

    play(scenario)


def test_telemetry_reaches_watchers(play: Play) -> None:
    async def scenario(shell: Shell) -> None:
        worker_id, job_id = shell.join(), shell.submit()
        socket, _ = await shell.watching(tasks_of=(job_id,))
        (run,) = shell.farm.state.runs.values()
        shell.gauges.note_progress(Progress(run_id=run.run_id, percent=50))
        shell.feed.touched(worker_id)
        patch = await socket.got(Patch)
        assert [view.percent for view in patch.tasks] == [50]
        assert patch.jobs[0].percent == pytest.approx(50 / 3, abs=0.01)
        assert patch.workers[0].runs[0].progress is not None

    play(scenario)


def test_telemetry_while_nobody_watched_is_not_missed(play: Play) -> None:
    async def scenario(shell: Shell) -> None:
        worker_id, job_id = shell.join(), shell.submit()
        socket, snapshot = await shell.watching()
        socket.say(None)
        await shell.until(lambda: not shell.feed._sessions)
        (run,) = shell.farm.state.runs.values()
        shell.gauges.note_progress(Progress(run_id=run.run_id, percent=50))
        shell.feed.touched(worker_id)
        shell.feed.touched(WorkerId(99))
        again = shell.watch(Watch(after=snapshot.number))
        assert [view.job_id for view in (await again.got(Patch)).jobs] == [job_id]

    play(scenario)


def test_log_text_comes_to_who_follows_it(play: Play) -> None:
    async def scenario(shell: Shell) -> None:
        job_id = shell.submit()
        socket, _ = await shell.watching(logs_of=(7,))
        shell.feed.log_grew(job_id, RunId(8), 0, b"another")
        shell.feed.log_grew(job_id, RunId(7), 5, "Ärger <b>\0".encode())
        patch = await socket.got(Patch)
        assert patch.logs == (LogText(run_id=7, offset=5, text="Ärger <b>\0"),)
        assert patch.farm is None

    play(scenario)


def test_what_is_watched_can_be_changed(play: Play) -> None:
    async def scenario(shell: Shell) -> None:
        first, second = shell.submit(), shell.submit()
        socket, snapshot = await shell.watching(tasks_of=(first,))
        socket.say(Watch(tasks_of=(second,), after=snapshot.number))
        (session,) = shell.feed._sessions
        await shell.until(lambda: session.watch.tasks_of == (second,))
        for job_id in (first, second):
            shell.do(c.ChangeTasks(job_id=job_id, block=0, op=TaskOp.SKIP, tasks=((0, 0),)))
        patch = await socket.got(Patch)
        assert [view.job_id for view in patch.tasks] == [second]
        socket.say(Watch(tasks_of=(first,)))
        assert len((await socket.got(Snapshot)).tasks) == 3

    play(scenario)


def test_who_may_only_submit_sees_his_own_jobs_alone(play: Play) -> None:
    async def scenario(shell: Shell) -> None:
        own, other = shell.submit("ada"), shell.submit("bob")
        socket, snapshot = await shell.watching(
            who=principal("ada", Role.SUBMIT), tasks_of=(own, other), logs_of=(1, 2)
        )
        assert [view.job_id for view in snapshot.jobs] == [own]
        assert {view.job_id for view in snapshot.tasks} == {own}
        shell.feed.log_grew(other, RunId(2), 0, b"secret")
        for job_id in (other, own):
            shell.do(c.ChangeTasks(job_id=job_id, block=0, op=TaskOp.SKIP, tasks=((0, 0),)))
        shell.feed.log_grew(own, RunId(1), 0, b"mine")
        patch = await socket.got(Patch)
        assert [view.job_id for view in patch.jobs] == [own]
        assert [view.job_id for view in patch.tasks] == [own]
        assert [text.text for text in patch.logs] == ["mine"]

    play(scenario)


def test_own_jobs_are_shown_however_many_newer_ones_there_are(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_module, "JOBS_MAX", 3)

    async def scenario(shell: Shell) -> None:
        own = shell.submit("ada")
        for _ in range(5):
            shell.submit("bob")
        _, snapshot = await shell.watching(who=principal("ada", Role.SUBMIT))
        assert [view.job_id for view in snapshot.jobs] == [own]

    play(scenario)


def test_a_watcher_that_does_not_read_costs_no_memory(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_module, "LOG_WAITING_MAX", 1_000)
    monkeypatch.setattr(feed_module, "LOGS_WAITING_MAX", 50)
    monkeypatch.setattr(feed_module, "REMEMBERED_MAX", 10)

    async def scenario(shell: Shell) -> None:
        job_id = shell.submit()
        socket, _ = await shell.watching(logs_of=(1,))
        socket.reads.clear()
        socket.sending.clear()
        shell.pause(job_id)
        await socket.sending.wait()
        (session,) = shell.feed._sessions
        for offset in range(0, 10_000, 100):
            shell.feed.log_grew(job_id, RunId(1), offset, b"x" * 100)
            shell.submit()
        assert session.log_bytes <= 1_100
        session.logs.clear()
        session.log_bytes = 0
        for offset in range(100):
            shell.feed.log_grew(job_id, RunId(1), offset, b"")
        assert len(session.logs) == 50
        assert len(shell.feed._changed) == 10
        socket.reads.set()
        await socket.got(Patch)
        assert len((await socket.got(Snapshot)).jobs) == 101
        assert len((await socket.got(Patch)).logs) == 50

    play(scenario)


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        b'{"jobs": 1}',
        b'{"after": "x"}',
        b'{"unknown": true}',
        b"[" * 10_000,
        msgspec.json.encode({"tasks_of": [1] * (IDS_MAX + 1)}),
    ],
)
def test_what_cannot_be_understood_is_answered_and_closed(play: Play, said: bytes) -> None:
    async def scenario(shell: Shell) -> None:
        socket = shell.watch(said)
        assert (await socket.got(WatchError)).code == "bad-watch"
        later, _ = await shell.watching()
        later.say(said)
        assert (await later.got(WatchError)).code == "bad-watch"

    play(scenario)


def test_who_says_nothing_is_closed(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_module, "FIRST_TIMEOUT_S", 0)

    async def scenario(shell: Shell) -> None:
        socket = FakeSocket()
        await shell.feed.serve(socket, principal())
        assert socket.closed == (1008, "bad-watch")

    play(scenario)


def test_who_hangs_up_is_forgotten(play: Play) -> None:
    async def scenario(shell: Shell) -> None:
        gone = FakeSocket()
        gone.say(None)
        await shell.feed.serve(gone, principal())
        socket, _ = await shell.watching()
        socket.say(None)
        await shell.until(lambda: not shell.feed._sessions)
        assert socket.closed is not None

    play(scenario)
