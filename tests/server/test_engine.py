"""Nothing is answered, done or published before it is on disk."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager

import pytest

from grange.core import commands as c
from grange.core.check import faults
from grange.core.effects import Effect
from grange.core.errors import NoSuchJob
from grange.core.events import Event
from grange.core.farm import Farm
from grange.core.records import Changes, JobRecord
from grange.model.ids import JobId, WorkerId
from grange.model.states import Role
from grange.server import engine as engine_module
from grange.server.engine import Actor, Engine, Stopped
from grange.store.store import AuditRecord, StoreBroken
from tests.build import TRAITS, block, job

ADA = Actor("ada", Role.ARTIST, "10.0.0.7")
PATIENCE_S = 20.0


class Trace:
    """Stands for the disk, the workers and the watchers; notes what came when."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.changes: list[Changes] = []
        self.audit: list[AuditRecord] = []
        self.gate = asyncio.Event()
        self.asked = asyncio.Semaphore(0)  # counts commits that have begun
        self.fault: Exception | None = None
        self.now = 100.0
        self.farm = Farm()
        self.engine = Engine(
            self.farm,
            commit=self.commit,
            perform=self.perform,
            publish=self.publish,
            clock=lambda: self.now,
        )

    async def commit(self, changes: Changes, audit: Sequence[AuditRecord]) -> None:
        self.asked.release()
        await self.gate.wait()
        if self.fault is not None:
            raise self.fault
        self.notes.append("commit")
        self.changes.append(changes)
        self.audit += audit

    def perform(self, effects: Sequence[Effect]) -> None:
        if effects:
            self.notes.append(f"perform {' '.join(type(effect).__name__ for effect in effects)}")

    def publish(self, events: Sequence[Event]) -> None:
        if events:
            self.notes.append("publish")

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Engine]:
        async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as group:
            running = group.create_task(self.engine.run())
            yield self.engine
            running.cancel()
        assert list(faults(self.farm.state)) == []


def run(scenario: Callable[[Trace], Awaitable[None]]) -> None:
    """Play a scenario with a disk that is slow until its gate opens."""

    async def play() -> None:
        await scenario(Trace())

    asyncio.run(play())


def submit(frames: str = "1-2") -> c.SubmitJob:
    return c.SubmitJob(spec=job(block(frames)), user="ada")


def join(name: str = "node") -> c.JoinWorker:
    return c.JoinWorker(name=name, boot_id="b", traits=TRAITS)


async def waiting(*senders: Coroutine[None, None, object]) -> list[asyncio.Task[object]]:
    """Have commands wait in the inbox."""
    loop = asyncio.get_running_loop()
    tasks = [loop.create_task(sender) for sender in senders]
    await asyncio.sleep(0)
    return tasks


async def outcomes(tasks: Sequence[asyncio.Task[object]]) -> list[object]:
    async with asyncio.timeout(PATIENCE_S):
        return await asyncio.gather(*tasks, return_exceptions=True)


def test_nothing_is_answered_done_or_published_before_the_commit() -> None:
    async def scenario(trace: Trace) -> None:
        senders = await waiting(trace.engine.do(submit()), trace.engine.do(join()))
        async with trace.running():
            await trace.asked.acquire()
            assert trace.notes == []
            assert not any(sender.done() for sender in senders)
            trace.gate.set()
            await outcomes(senders)
        assert trace.notes == ["commit", "perform StartRun", "publish"]

    run(scenario)


def test_what_is_read_is_shown_only_when_it_is_durable() -> None:
    async def scenario(trace: Trace) -> None:
        await trace.engine.settled()
        senders = await waiting(trace.engine.do(submit()))
        async with trace.running():
            await trace.asked.acquire()
            assert trace.engine.farm.state.jobs, "it can be read already"
            readers = await waiting(trace.engine.settled())
            assert not readers[0].done()
            trace.gate.set()
            await outcomes([*senders, *readers])
            await trace.engine.settled()

    run(scenario)


def test_what_was_never_durable_is_not_shown() -> None:
    async def scenario(trace: Trace) -> None:
        trace.fault = StoreBroken("disk full")
        senders = await waiting(trace.engine.do(submit()), trace.engine.run())
        await trace.asked.acquire()
        readers = await waiting(trace.engine.settled())
        trace.gate.set()
        answers = await outcomes([*senders, *readers])
        assert [type(answer) for answer in answers] == [Stopped, StoreBroken, Stopped]

    run(scenario)


def test_what_waits_together_shares_a_commit() -> None:
    async def scenario(trace: Trace) -> None:
        trace.gate.set()
        senders = await waiting(*(trace.engine.do(submit()) for _ in range(50)))
        async with trace.running():
            replies = await outcomes(senders)
        assert replies == [c.Submitted(job_id=JobId(n)) for n in range(1, 51)]
        (changes,) = trace.changes
        assert sum(isinstance(record, JobRecord) for record in changes.put) == 50

    run(scenario)


def test_a_batch_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "BATCH_MAX", 2)

    async def scenario(trace: Trace) -> None:
        trace.gate.set()
        senders = await waiting(*(trace.engine.do(submit()) for _ in range(5)))
        async with trace.running():
            await outcomes(senders)
        assert len(trace.changes) == 3

    run(scenario)


def test_a_rejected_command_is_answered_and_nothing_is_stored() -> None:
    async def scenario(trace: Trace) -> None:
        async with trace.running() as engine:
            with pytest.raises(NoSuchJob):
                await engine.do(c.DeleteJob(job_id=JobId(7)), ADA)
        assert (trace.notes, trace.audit) == ([], [])

    run(scenario)


def test_a_refusal_waits_for_what_it_is_founded_on() -> None:
    """That a job is gone must not be told while a crash could still bring it back."""

    async def scenario(trace: Trace) -> None:
        trace.gate.set()
        async with trace.running() as engine:
            await engine.do(submit())
            trace.gate.clear()
            await trace.asked.acquire()
            delete = c.DeleteJob(job_id=JobId(1))
            senders = await waiting(engine.do(delete), engine.do(delete))
            await trace.asked.acquire()
            assert not any(sender.done() for sender in senders)
            trace.gate.set()
            done, refused = await outcomes(senders)
        assert (done, type(refused)) == (None, NoSuchJob)

    run(scenario)


def test_a_report_that_changes_nothing_is_answered_without_a_commit() -> None:
    async def scenario(trace: Trace) -> None:
        trace.gate.set()
        async with trace.running() as engine:
            await engine.do(join())
            measured = c.MeasureWorker(
                worker_id=WorkerId(1), free_memory_mb=60_000, free_hdd_gb=400
            )
            await engine.do(measured)
        assert trace.notes.count("commit") == 1

    run(scenario)


def test_a_failed_commit_ends_the_engine_with_nothing_answered_or_done() -> None:
    async def scenario(trace: Trace) -> None:
        trace.fault = StoreBroken("disk full")
        trace.gate.set()
        engine = trace.engine
        senders = await waiting(
            engine.do(submit()), engine.do(join()), engine.do(c.DeleteJob(job_id=JobId(7)))
        )
        with pytest.raises(StoreBroken, match="disk full"):
            await engine.run()
        assert [type(answer) for answer in await outcomes(senders)] == [Stopped] * 3
        assert trace.notes == []
        with pytest.raises(Stopped):
            await engine.do(submit())

    run(scenario)


def test_those_who_wait_while_it_ends_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the batch, in the inbox, and before a full inbox: nobody is left to wait."""
    monkeypatch.setattr(engine_module, "INBOX_MAX", 3)
    monkeypatch.setattr(engine_module, "BATCH_MAX", 2)

    async def scenario(trace: Trace) -> None:
        trace.fault = StoreBroken("disk full")
        loop = asyncio.get_running_loop()
        running = loop.create_task(trace.engine.run())
        senders = await waiting(*(trace.engine.do(submit()) for _ in range(20)))
        await trace.asked.acquire()
        trace.gate.set()
        answers = await outcomes([running, *senders])
        assert [type(answer) for answer in answers] == [StoreBroken] + [Stopped] * 20

    run(scenario)


def test_a_full_inbox_slows_senders_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "INBOX_MAX", 3)

    async def scenario(trace: Trace) -> None:
        trace.gate.set()
        senders = await waiting(*(trace.engine.do(submit()) for _ in range(10)))
        assert trace.engine.crowded
        async with trace.running() as engine:
            replies = await outcomes(senders)
            assert not engine.crowded
        assert replies == [c.Submitted(job_id=JobId(n)) for n in range(1, 11)]

    run(scenario)


def test_senders_who_went_away_do_no_harm() -> None:
    async def scenario(trace: Trace) -> None:
        refused = c.DeleteJob(job_id=JobId(7))
        senders = await waiting(
            trace.engine.do(submit()), trace.engine.do(submit()), trace.engine.do(refused)
        )
        async with trace.running() as engine:
            await trace.asked.acquire()
            senders[0].cancel()
            senders[2].cancel()
            trace.gate.set()
            answers = await outcomes(senders)
            assert await engine.do(submit()) == c.Submitted(job_id=JobId(3))
        assert answers[1] == c.Submitted(job_id=JobId(2))
        assert sorted(trace.farm.state.jobs) == [1, 2, 3]

    run(scenario)


def test_a_deadline_of_the_farm_wakes_it() -> None:
    async def scenario(trace: Trace) -> None:
        trace.gate.set()
        async with trace.running() as engine:
            await engine.do(join())
            spec = job(block("1"), wait_until=trace.now + 0.01)
            await engine.do(c.SubmitJob(spec=spec, user="ada"))
            assert "perform StartRun" not in trace.notes
            for _ in range(2):
                await trace.asked.acquire()
            trace.now += 0.01
            await trace.asked.acquire()  # nobody asked for anything
        assert trace.notes.index("perform StartRun") > 0

    run(scenario)


def test_a_clock_that_jumps_back_does_not_take_the_farm_with_it() -> None:
    async def scenario(trace: Trace) -> None:
        trace.gate.set()
        async with trace.running() as engine:
            await engine.do(submit())
            trace.now -= 3_600
            await engine.do(submit())
        first, second = trace.farm.state.jobs.values()
        assert first.created <= second.created < first.created + PATIENCE_S

    run(scenario)


def test_deadlines_come_while_the_clock_is_behind() -> None:
    async def scenario(trace: Trace) -> None:
        trace.gate.set()
        async with trace.running() as engine:
            await engine.do(join())
            spec = job(block("1"), wait_until=trace.now + 0.01)
            await engine.do(c.SubmitJob(spec=spec, user="ada"))
            trace.now -= 3_600
            for _ in range(3):
                await trace.asked.acquire()
        assert "perform StartRun" in trace.notes

    run(scenario)


def test_a_persons_command_is_audited_with_before_and_after() -> None:
    async def scenario(trace: Trace) -> None:
        trace.gate.set()
        async with trace.running() as engine:
            await engine.do(submit(), ADA)
            edit = c.EditJob(job_id=JobId(1), changes={"priority": 7})
            await engine.do(edit, ADA)
        submitted, edited = trace.audit
        assert (submitted.action, submitted.target) == ("SubmitJob", "job/1")
        assert (edited.user, edited.role, edited.address) == ("ada", "artist", "10.0.0.7")
        details = json.loads(edited.details)
        assert details["changed"] == [{"field": "priority", "before": 99, "after": 7}]
        assert details["command"]["job_id"] == 1

    run(scenario)


@pytest.mark.parametrize(
    ("command", "target"),
    [
        (c.EditUser(user="bob", changes={"priority": 1}), "user/bob"),
        (c.EditBranch(path="/show", changes={"priority": 1}), "branch/show"),
        (c.EditPool(path="/fast", changes={"priority": 1}), "pool/fast"),
        (c.EditWorker(worker_id=WorkerId(1), changes={"priority": 1}), "worker/1"),
    ],
)
def test_the_audit_names_the_object(command: c.Command, target: str) -> None:
    async def scenario(trace: Trace) -> None:
        trace.gate.set()
        async with trace.running() as engine:
            await engine.do(join())
            await engine.do(command, ADA)
        assert [record.target for record in trace.audit] == [target]

    run(scenario)


def test_reports_of_machines_are_not_audited() -> None:
    async def scenario(trace: Trace) -> None:
        trace.gate.set()
        async with trace.running() as engine:
            await engine.do(join())
            await engine.do(c.UnlinkWorker(worker_id=WorkerId(1)))
            await engine.do(c.LoseWorker(worker_id=WorkerId(1)))
        assert trace.audit == []
        assert trace.notes.count("commit") == 3

    run(scenario)


def test_a_huge_command_does_not_fill_the_audit() -> None:
    async def scenario(trace: Trace) -> None:
        trace.gate.set()
        spec = job(block("1", command=("x" * 900_000,)))
        async with trace.running() as engine:
            await engine.do(c.SubmitJob(spec=spec, user="ada"), ADA)
        (record,) = trace.audit
        assert json.loads(record.details)["bytes"] > 900_000
        assert len(record.details) < 2 * engine_module.DETAILS_MAX

    run(scenario)


def test_a_story_says_who_did_it() -> None:
    async def scenario(trace: Trace) -> None:
        trace.gate.set()
        async with trace.running() as engine:
            await engine.do(submit(), ADA)
            await engine.do(c.PauseJob(job_id=JobId(1), paused=True), ADA)
        notes = [note for changes in trace.changes for note in changes.notes]
        assert notes
        assert {note.by for note in notes} == {"ada"}

    run(scenario)
