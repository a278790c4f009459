"""Whatever is going on when the server dies: what it has acknowledged is on disk, whole."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from grange.core import commands as c
from grange.core.check import faults
from grange.core.effects import Effect, StartRun
from grange.core.errors import Rejected
from grange.core.farm import Farm
from grange.core.records import Changes
from grange.model.ids import JobId, RunId, WorkerId
from grange.model.run import RunResult
from grange.model.states import Role, RunStatus, TaskFilter, TaskOp
from grange.server.engine import Actor, Engine, Stopped
from grange.store.sql import open_store
from grange.store.sqlite import SqliteBackend
from grange.store.store import AuditRecord, StoreBroken
from tests.build import TRAITS, block, durable, job, named, submit
from tests.machine.crashes import Crash, Dying, Failpoint, put, read
from tests.machine.depth import depth

PATIENCE_S = 60.0
ADA = Actor("ada", Role.ARTIST)

FAILPOINTS = st.one_of(
    st.just(Failpoint()),
    st.just(Failpoint()),
    st.builds(Failpoint, before=st.integers(0, 16)),
    st.builds(Failpoint, torn=st.sampled_from([0.0, 1.0]) | st.floats(0, 1)),
)


class CrashMachine(RuleBasedStateMachine):
    """Batches of commands for an engine with a real store; any commit may be its last."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.lives = 0
        self.loop = asyncio.new_event_loop()
        self.now = 1_000.0
        self.failpoint = Failpoint()
        self.dies_after = False  # the commit, before anybody is told
        self.told: list[tuple[WorkerId, RunId]] = []  # runs that workers were told to start
        self.ended: set[RunId] = set()  # whose ends were acknowledged
        self.tokens: dict[tuple[str, str], tuple[c.SubmitJob, JobId]] = {}  # acknowledged
        self.open()
        self.live(Farm())
        self.committed = [durable(self.farm)]  # one, or two: a commit that broke off may be whole

    def teardown(self) -> None:
        self.loop.run_until_complete(self.stop())
        self.store.close()
        self.loop.close()
        shutil.rmtree(self.folder)

    def open(self) -> None:
        """Open the files of this life, and say where those of the next will be."""
        self.path = self.folder / str(self.lives) / "farm.db"
        self.path.parent.mkdir(exist_ok=True)
        self.store = open_store(f"sqlite:///{self.path}")
        self.lives += 1
        self.left = self.folder / str(self.lives) / "farm.db"
        backend = self.store._backend
        assert isinstance(backend, SqliteBackend)
        self.pen = Dying(backend, self.path, self.left)

    def live(self, farm: Farm) -> None:
        self.farm = farm
        self.engine = Engine(
            farm,
            commit=self.commit,
            perform=self.perform,
            publish=lambda events: None,
            clock=lambda: self.now,
        )
        self.running = self.loop.create_task(self.engine.run())

    async def stop(self) -> None:
        self.running.cancel()
        await asyncio.wait((self.running,))

    async def commit(self, changes: Changes, audit: Sequence[AuditRecord]) -> None:
        self.pen.arm(self.failpoint)
        try:
            self.store.commit(changes, audit)
        except StoreBroken as error:
            if not isinstance(error.__cause__, Crash):
                raise
            if self.failpoint.torn is not None:
                self.committed.append(durable(self.farm))
            raise Crash from error
        self.committed = [durable(self.farm)]
        if self.dies_after:
            put(read(self.path), self.left)
            raise Crash

    def perform(self, effects: Sequence[Effect]) -> None:
        self.told += [(e.worker_id, e.run.run_id) for e in effects if isinstance(e, StartRun)]

    def restart(self) -> None:
        """Come back with nothing but what was on disk at that moment."""
        whole = self.failpoint.torn == 1.0
        self.failpoint, self.dies_after = Failpoint(), False
        self.store.close()
        self.open()
        self.live(Farm.restore(self.store.load(), self.now))
        here = durable(self.farm)
        assert here in (self.committed[-1:] if whole else self.committed)
        self.committed = [here]
        for _, run_id in self.told:
            assert self.store.run(run_id) is not None, "a run was started that nobody knows of"
        for record in self.store.runs_with(list(self.ended)):
            assert record.result is not None, "an acknowledged result was lost"
        for command, job_id in self.tokens.values():
            assert self.ask(command) == [c.Submitted(job_id=job_id, again=True)]

    def ask(self, *batch: c.Command) -> list[object]:
        """Send commands at once; what came back of each."""

        async def play() -> list[object]:
            senders = (self.engine.do(command, ADA) for command in batch)
            async with asyncio.timeout(PATIENCE_S):
                return await asyncio.gather(*senders, return_exceptions=True)

        return self.loop.run_until_complete(play())

    @rule(
        what=st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99)), min_size=1, max_size=5),
        failpoint=FAILPOINTS,
        after=st.sampled_from([False, False, False, True]),
        seconds=st.floats(0, 100),
    )
    def batch(
        self, what: list[tuple[int, int]], failpoint: Failpoint, after: bool, seconds: float
    ) -> None:
        self.now += seconds
        self.failpoint, self.dies_after = failpoint, after
        commands = [MAKERS[kind % len(MAKERS)](self, number) for kind, number in what]
        answers = self.ask(*commands)
        for command, answer in zip(commands, answers, strict=True):
            self.note(command, answer)
        if self.running.done():
            assert isinstance(self.running.exception(), Crash)
            self.restart()

    def note(self, command: c.Command, answer: object) -> None:
        """Remember what was acknowledged."""
        if isinstance(answer, BaseException):
            assert isinstance(answer, Stopped | Rejected), repr(answer)
        elif isinstance(command, c.EndRun):
            self.ended.add(command.run_id)
        elif isinstance(command, c.SubmitJob):
            assert isinstance(answer, c.Submitted)
            if command.token:
                key, value = (command.user, command.token), (command, answer.job_id)
                assert self.tokens.setdefault(key, value)[1] == answer.job_id, "a second job"

    @rule()
    def kill(self) -> None:
        """Die between two commits."""
        put(read(self.path), self.left)
        self.loop.run_until_complete(self.stop())
        self.restart()

    @invariant()
    def no_faults(self) -> None:
        assert list(faults(self.farm.state)) == []


def _submit(machine: CrashMachine, number: int) -> c.Command:
    blocks = (
        (block("1-3"),),
        (block("1-300", frames_per_task=1),),
        (named("a", "b"), block("1-2", depend_mask="block")),
        (block("1-4", sequential=0), block("1-4", name="more", tasks_depend_mask="block")),
    )[number % 4]
    spec = job(*blocks, name=f"job{number % 3}", max_tasks_per_second=number % 5 or -1)
    return c.SubmitJob(
        spec=spec,
        user=("ada", "bob")[number % 2],
        token=("", f"token{number % 7}")[number % 3 > 0],
    )


def _join(machine: CrashMachine, number: int) -> c.Command:
    name = f"n{number % 3}"
    known = machine.farm.state.worker_names.get(name)
    held = sorted(machine.farm.state.workers[known].runs) if known else []
    boot = "a" if number % 4 else "b"
    return c.JoinWorker(name=name, boot_id=boot, traits=TRAITS, runs=tuple(held[: number % 3]))


def _end(machine: CrashMachine, number: int) -> c.Command:
    """A report: in time, late, twice, or of a run that never was."""
    told = machine.told or [(WorkerId(1), RunId(10_000))]
    worker_id, run_id = told[-1 - number % len(told)]
    status = (RunStatus.DONE, RunStatus.DONE, RunStatus.FAILED, RunStatus.LOST)[number % 4]
    result = RunResult(status=status, duration_s=1.0)
    return c.EndRun(worker_id=worker_id, run_id=run_id, result=result)


def _change(machine: CrashMachine, number: int) -> c.Command:
    op = list(TaskOp)[number % len(TaskOp)]
    return c.ChangeTasks(job_id=JobId(1 + number % 4), op=op, only=list(TaskFilter)[number % 7])


def _place(machine: CrashMachine, number: int) -> c.Command:
    path = ("/", "/show")[number % 2]
    return c.EditBranch(path=path, changes={"max_running_tasks": number % 3 - 1})


Maker = Callable[[Any, int], c.Command]
MAKERS: tuple[Maker, ...] = (
    _submit,
    _submit,
    _join,
    _join,
    _end,
    _end,
    _end,
    _change,
    _place,
    lambda _, number: c.DeleteJob(job_id=JobId(1 + number % 4)),
    lambda _, number: c.PauseJob(job_id=JobId(1 + number % 4), paused=number % 3 == 0),
    lambda _, number: c.EditJob(job_id=JobId(1 + number % 4), changes={"priority": number}),
    lambda _, number: c.UnlinkWorker(worker_id=WorkerId(1 + number % 3)),
    lambda _, number: c.LoseWorker(worker_id=WorkerId(1 + number % 3)),
    lambda _, number: c.EditWorker(worker_id=WorkerId(1 + number % 3), changes={"paused": True}),
)


TestEngine = pytest.mark.slow(CrashMachine.TestCase)
TestEngine.settings = depth(examples=25, steps=15)


def test_a_commit_can_break_off_before_any_of_its_statements(tmp_path: Path) -> None:
    """Else the failpoints of the machine would hit nothing."""
    counts = []
    for number in range(9):
        folder = tmp_path / str(number)
        folder.mkdir()
        with contextlib.closing(open_store(f"sqlite:///{folder / 'farm.db'}")) as store:
            assert isinstance(store._backend, SqliteBackend)
            Dying(store._backend, folder / "farm.db", folder / "left.db").arm(
                Failpoint(before=number)
            )
            farm = Farm()
            submit(farm)
            try:
                store.commit(farm.take_dirty())
            except StoreBroken:
                counts.append(number)
        if number in counts:
            with contextlib.closing(open_store(f"sqlite:///{folder / 'left.db'}")) as after:
                assert after.load().records == []
    assert counts == list(range(len(counts)))
    assert len(counts) > 3


@pytest.mark.parametrize("part", [0.0, 0.3, 0.9, 1.0])
def test_a_torn_commit_is_there_wholly_or_not_at_all(tmp_path: Path, part: float) -> None:
    with contextlib.closing(open_store(f"sqlite:///{tmp_path / 'farm.db'}")) as store:
        assert isinstance(store._backend, SqliteBackend)
        pen = Dying(store._backend, tmp_path / "farm.db", tmp_path / "left.db")
        pen.arm(Failpoint(torn=part))
        farm = Farm()
        submit(farm)
        with pytest.raises(StoreBroken):
            store.commit(farm.take_dirty())
    with contextlib.closing(open_store(f"sqlite:///{tmp_path / 'left.db'}")) as after:
        assert bool(after.load().records) is (part == 1.0)
