"""No sequence of commands, late reports, repeats, crashes and restarts breaks the farm."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from grange.core import commands as c
from grange.core.check import faults
from grange.core.effects import Outcome, StartRun
from grange.core.errors import Rejected
from grange.core.farm import Farm
from grange.core.nodes import BRANCH_EDITABLE, POOL_EDITABLE, USER_EDITABLE
from grange.core.workers import WORKER_EDITABLE
from grange.model.ids import JobId, RunId, WorkerId
from grange.model.run import RunResult
from grange.model.spec import BLOCK_EDITABLE, JOB_EDITABLE, BlockSpec, JobSpec, TaskSpec
from grange.model.states import Part, RunStatus, TaskFilter, TaskOp, TaskState
from tests.build import TRAITS, Disk, durable, image
from tests.machine import wishes
from tests.machine.depth import depth
from tests.machine.wishes import BRANCHES, HOSTS, MASKS, POOLS, SPANS, USERS
from tests.machine.witness import Witness, nothing_could_start

NUMBER = st.integers(0, 40)
UNKNOWN, RUN = JobId(77_777), RunId(77_777)
PARTS = {"RestoredTasks", "RestoredRun"}  # of a command
JUMPS = (0.0, 0.4, 0.4, 1.0, 1.0, 1.0, 11.0, 70.0, 20_000.0, 700_000.0)  # seconds


class FarmMachine(RuleBasedStateMachine):
    """Commands in any order, against a farm whose disk may be read back at any time."""

    def __init__(self) -> None:
        super().__init__()
        self.farm = Farm()
        self.disk = Disk()
        self.now = 1_000.0
        self.witness = Witness()
        self.jobs: list[JobId] = []  # all that ever were
        self.told: list[tuple[WorkerId, RunId]] = []  # all starts: reports come late and twice
        self.batch = 1  # commands from one dispatch to the next
        self.diligence = 0  # runs that end meanwhile, as they should
        self.waiting = 0  # commands since the last
        self.commit()

    def job(self, number: int) -> JobId:
        """One of the jobs that ever were, the last ones first; now and then one that was not."""
        return self.jobs[-number % len(self.jobs)] if number and self.jobs else UNKNOWN

    def worker(self, number: int) -> WorkerId:
        """One of the workers that ever were, or none."""
        return WorkerId(number % (1 + self.farm.state.last_ids["worker"]))

    def run(self, number: int) -> tuple[WorkerId, RunId]:
        """One of the runs that ever were, the last ones first; now and then one that was not."""
        return self.told[-number % len(self.told)] if number and self.told else (WorkerId(1), RUN)

    def apply(self, command: c.Command) -> Outcome:
        before = image(self.farm)
        try:
            out = self.farm.apply(command, self.now)
        except Rejected:
            assert image(self.farm) == before
            return Outcome()
        self.witness.hear(self.farm, command, out, self.now)
        if isinstance(out.reply, c.Submitted):
            self.jobs.append(out.reply.job_id)
        self.waiting += 1
        if self.waiting >= self.batch:
            self.dispatch()
        return out

    @initialize(
        batch=st.sampled_from([1, 1, 2, 5]),
        diligence=st.sampled_from([0, 1, 1, 3]),
        specs=st.lists(wishes.frame_jobs(hindered=False), min_size=1, max_size=3),
        hosts=st.integers(1, 4),
        capacity=st.sampled_from([1_100, 5_000]),
    )
    def begin(
        self, batch: int, diligence: int, specs: list[JobSpec], hosts: int, capacity: int
    ) -> None:
        self.edit_pool("/", {"capacity_host": capacity})
        for name in HOSTS[:hosts]:
            self.join(name, "x", 0, [], [], "")
        for spec in specs:
            self.submit(spec, "ada", "")
        self.batch, self.diligence = batch, diligence

    @rule(seconds=st.sampled_from(JUMPS))
    def pass_time(self, seconds: float) -> None:
        self.now += seconds

    @rule(
        spec=wishes.frame_jobs() | wishes.named_jobs() | wishes.many_jobs(),
        user=st.sampled_from(USERS[:2]),
        token=st.sampled_from(["", "", "t1", "t2"]),
    )
    def submit(self, spec: JobSpec, user: str, token: str) -> None:
        self.apply(c.SubmitJob(spec=spec, user=user, token=token))

    @rule(
        spec=wishes.frame_jobs() | wishes.named_jobs(),
        token=st.sampled_from(["", "t1", "t3"]),
        spans=st.lists(
            st.tuples(
                st.integers(0, 1), st.integers(0, 3), st.integers(0, 3), st.sampled_from(TaskState)
            ),
            max_size=3,
        ),
        ran=st.lists(st.tuples(st.integers(0, 1), st.integers(0, 4)), max_size=3),
    )
    def restore(self, spec: JobSpec, token: str, spans: Any, ran: Any) -> None:
        """A job of another farm: with what has become of its tasks there, or what cannot have."""
        tasks = tuple(
            c.RestoredTasks(block=block, first=first, last=last, state=state)
            for block, first, last, state in spans
        )
        result = RunResult(status=RunStatus.DONE, duration_s=5.0)
        runs = tuple(
            c.RestoredRun(block=block, task=task, worker="away", result=result)
            for block, task in ran
        )
        self.apply(c.RestoreJob(spec=spec, user="ada", token=token, tasks=tasks, runs=runs))

    @rule(job=NUMBER)
    def delete(self, job: int) -> None:
        self.apply(c.DeleteJob(job_id=self.job(job)))

    @rule(job=NUMBER, paused=st.booleans())
    def pause(self, job: int, paused: bool) -> None:
        self.apply(c.PauseJob(job_id=self.job(job), paused=paused))

    @rule(
        job=NUMBER,
        op=st.sampled_from(TaskOp),
        block=st.sampled_from([None, None, 0, 1, 2]),
        span=st.sampled_from([None, None, ((0, 0),), ((1, 3), (2, 4)), ((0, 999),)]),
        only=st.sampled_from([TaskFilter.ALL, *TaskFilter]),
        depends=st.booleans(),
    )
    def operate(
        self, job: int, op: TaskOp, block: Any, span: Any, only: Any, depends: bool
    ) -> None:
        self.apply(
            c.ChangeTasks(
                job_id=self.job(job),
                op=op,
                block=block,
                tasks=span,
                only=only,
                with_depends=depends,
            )
        )

    @rule(job=NUMBER, changes=wishes.changes(wishes.JOB))
    def edit_job(self, job: int, changes: dict[str, Any]) -> None:
        self.apply(c.EditJob(job_id=self.job(job), changes=changes))

    @rule(job=NUMBER, block=st.integers(0, 3), changes=wishes.changes(wishes.BLOCK))
    def edit_block(self, job: int, block: int, changes: dict[str, Any]) -> None:
        self.apply(c.EditJob(job_id=self.job(job), block=block, changes=changes))

    @rule(
        job=NUMBER, span=st.sampled_from(SPANS), mask=st.sampled_from(MASKS), tasks=st.booleans()
    )
    def append_block(self, job: int, span: str, mask: str, tasks: bool) -> None:
        more = BlockSpec(
            name="c",
            frames=span,
            command=("true",),
            depend_mask="" if tasks else mask,
            tasks_depend_mask=mask if tasks else "",
        )
        self.apply(c.AppendBlocks(job_id=self.job(job), blocks=(more,)))

    @rule(job=NUMBER, block=st.integers(0, 3), count=st.sampled_from([0, 1, 3, 300]))
    def append_tasks(self, job: int, block: int, count: int) -> None:
        tasks = (TaskSpec(name="more", command=("x",)),) * count
        self.apply(c.AppendTasks(job_id=self.job(job), block=block, tasks=tasks))

    @rule(job=NUMBER, block=st.integers(0, 2), task=st.integers(0, 9), remove=st.booleans())
    def try_next(self, job: int, block: int, task: int, remove: bool) -> None:
        tasks = (task, 0, task)
        self.apply(c.TryNext(job_id=self.job(job), block=block, tasks=tasks, remove=remove))

    @rule(job=NUMBER, block=st.sampled_from([None, 0, 9]))
    def forget_errors(self, job: int, block: Any) -> None:
        self.apply(c.ForgetErrors(job_id=self.job(job), block=block))

    @rule(
        user=st.sampled_from(USERS),
        moved=st.lists(NUMBER, min_size=1, max_size=3),
        where=st.sampled_from(["up", "down", "top", "bottom"]),
    )
    def move_jobs(self, user: str, moved: Any, where: Any) -> None:
        self.apply(c.MoveJobs(user=user, job_ids=tuple(self.job(n) for n in moved), where=where))

    @rule(user=st.sampled_from(["", *USERS]), changes=wishes.changes(wishes.USER))
    def edit_user(self, user: str, changes: dict[str, Any]) -> None:
        self.apply(c.EditUser(user=user, changes=changes))

    @rule(user=st.sampled_from(USERS))
    def delete_user(self, user: str) -> None:
        self.apply(c.DeleteUser(user=user))

    @rule(path=st.sampled_from(BRANCHES), changes=wishes.changes(wishes.BRANCH))
    def edit_branch(self, path: str, changes: dict[str, Any]) -> None:
        self.apply(c.EditBranch(path=path, changes=changes))

    @rule(path=st.sampled_from(BRANCHES))
    def delete_branch(self, path: str) -> None:
        self.apply(c.DeleteBranch(path=path))

    @rule(path=st.sampled_from(POOLS), changes=wishes.changes(wishes.POOL))
    def edit_pool(self, path: str, changes: dict[str, Any]) -> None:
        self.apply(c.EditPool(path=path, changes=changes))

    @rule(path=st.sampled_from(POOLS))
    def delete_pool(self, path: str) -> None:
        self.apply(c.DeletePool(path=path))

    @rule(
        name=st.sampled_from(["", *HOSTS, *HOSTS]),
        boot=st.sampled_from(["x", "x", "y"]),
        less=st.sampled_from([0, 0, 0, 1, 99]),
        held=st.lists(NUMBER, max_size=2),
        ended=st.lists(NUMBER, max_size=1),
        nimby=st.sampled_from(["", "", "", "owner", "nobody", "never"]),
    )
    def join(
        self, name: str, boot: str, less: int, held: list[int], ended: list[int], nimby: str
    ) -> None:
        """A worker comes, or comes back: with what it has, or less, or what it never had."""
        known = self.farm.state.worker_names.get(name)
        runs = [] if known is None else sorted(self.farm.state.workers[known].runs)
        has = [n for n in runs if self.farm.state.runs[n].part is not Part.KEPT][less:]
        more = [run for _, run in map(self.run, held) if run not in has]
        command = c.JoinWorker(
            name=name,
            boot_id=boot,
            traits=msgspec.structs.replace(
                TRAITS,
                gpus=HOSTS.index(name) if name else 0,
                macs=("02:42:ac:11:00:02",) if name != HOSTS[0] else (),
            ),
            runs=(*has, *dict.fromkeys(more)),
            ended=tuple(run for _, run in map(self.run, ended)),
            user="ada",
            nimby=nimby,
        )
        self.apply(command)

    @rule(worker=NUMBER)
    def unlink(self, worker: int) -> None:
        self.apply(c.UnlinkWorker(worker_id=self.worker(worker)))

    @rule(worker=NUMBER)
    def lose(self, worker: int) -> None:
        self.apply(c.LoseWorker(worker_id=self.worker(worker)))

    @rule(worker=NUMBER, changes=wishes.changes(wishes.WORKER))
    def edit_worker(self, worker: int, changes: dict[str, Any]) -> None:
        self.apply(c.EditWorker(worker_id=self.worker(worker), changes=changes))

    @rule(worker=NUMBER, memory=st.sampled_from([-1, 100, 64_000]), disk=st.sampled_from([1, 99]))
    def measure(self, worker: int, memory: int, disk: int) -> None:
        self.apply(
            c.MeasureWorker(worker_id=self.worker(worker), free_memory_mb=memory, free_hdd_gb=disk)
        )

    @rule(worker=NUMBER, own=st.booleans())
    def eject(self, worker: int, own: bool) -> None:
        self.apply(c.EjectWorker(worker_id=self.worker(worker), keep_own=own))

    @rule(worker=NUMBER)
    def heal(self, worker: int) -> None:
        self.apply(c.HealWorker(worker_id=self.worker(worker)))

    @rule(worker=NUMBER, faults=st.sampled_from([(), ("disk: full",)]))
    def note_health(self, worker: int, faults: tuple[str, ...]) -> None:
        self.apply(c.NoteHealth(worker_id=self.worker(worker), faults=faults))

    @rule(worker=NUMBER, what=st.sampled_from(["no-task", "overload"]))
    def note_trouble(self, worker: int, what: Any) -> None:
        self.apply(c.NoteTrouble(worker_id=self.worker(worker), what=what, text="for 60 s"))

    @rule(worker=NUMBER, what=st.sampled_from(["exit", "sleep", "sleep", "wake"]))
    def instruct(self, worker: int, what: Any) -> None:
        self.apply(c.InstructWorker(worker_id=self.worker(worker), what=what))

    @rule(worker=NUMBER, command=st.sampled_from([("true",), "true", (), ("",)]))
    def launch(self, worker: int, command: Any) -> None:
        self.apply(c.LaunchCommand(worker_id=self.worker(worker), command=command))

    @rule(worker=NUMBER)
    def delete_worker(self, worker: int) -> None:
        self.apply(c.DeleteWorker(worker_id=self.worker(worker)))

    @rule()
    def dispatch(self) -> None:
        self.waiting = 0
        for run_id in sorted(self.witness.believed)[: self.diligence]:
            if run_id not in self.witness.believed:
                continue  # it served one that has just ended
            command = self.well(run_id)
            self.witness.hear(self.farm, command, self.farm.apply(command, self.now), self.now)
        out = self.farm.dispatch(self.now)
        self.witness.see(self.farm, out, self.now)
        self.told += [(e.worker_id, e.run.run_id) for e in out.effects if isinstance(e, StartRun)]
        nothing_could_start(self.farm, self.now)
        deadline = self.farm.next_deadline()
        assert deadline is None or deadline > self.now, "what is due was not done"

    @rule(
        run=NUMBER,
        other=st.sampled_from([0, 0, 0, 1]),
        status=st.sampled_from([RunStatus.DONE, RunStatus.DONE, RunStatus.FAILED, *RunStatus]),
        seconds=st.sampled_from([0.5, 5.0]),
    )
    def end(self, run: int, other: int, status: RunStatus, seconds: float) -> None:
        """A report: in time, late, again, of another worker's run, of a run that never was."""
        worker_id, run_id = self.run(run)
        result = RunResult(
            status=status, duration_s=seconds, warning=status is RunStatus.DONE, report="said"
        )
        self.apply(c.EndRun(worker_id=WorkerId(worker_id + other), run_id=run_id, result=result))

    @rule(count=st.integers(1, 9), failed=st.integers(0, 9))
    def work(self, count: int, failed: int) -> None:
        """Some runs end, as they should."""
        for number, run_id in enumerate(sorted(self.witness.believed)[:count], 1):
            if run_id in self.witness.believed:
                status = RunStatus.FAILED if number == failed else RunStatus.DONE
                self.apply(self.well(run_id, status))

    def well(self, run_id: RunId, status: RunStatus = RunStatus.DONE) -> c.EndRun:
        """The report of a run in time."""
        worker_id, _ = self.witness.believed[run_id]
        result = RunResult(status=status, duration_s=5.0)
        return c.EndRun(worker_id=worker_id, run_id=run_id, result=result)

    @rule(run=NUMBER, other=st.sampled_from([0, 0, 1]), count=st.integers(1, 5))
    def note_frames(self, run: int, other: int, count: int) -> None:
        worker_id, run_id = self.run(run)
        self.apply(c.NoteFrames(worker_id=WorkerId(worker_id + other), run_id=run_id, count=count))

    @rule()
    def commit(self) -> None:
        self.disk.commit(self.farm.take_dirty())
        self.kept = self.witness.copied()

    @rule()
    def crash(self) -> None:
        """What was not committed was told to nobody, and is gone."""
        self.farm = Farm.restore(self.disk.load(), self.now)
        self.witness = self.kept.copied()

    @rule()
    def restart(self) -> None:
        """What was committed is what comes back, but for what running tasks had shown."""
        self.commit()
        frames_shown = any(b.sub_frames for j in self.farm.state.jobs.values() for b in j.blocks)
        before = durable(self.farm)
        self.crash()
        if not frames_shown:
            for left, right in zip(before, durable(self.farm), strict=True):
                assert left == right

    @invariant()
    def no_faults(self) -> None:
        assert list(faults(self.farm.state)) == []
        self.witness.agree(self.farm)


def test_the_machine_sends_every_command() -> None:
    tree = ast.parse(Path(inspect.getfile(FarmMachine)).read_text(encoding="utf-8"))
    (machine,) = (n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == "FarmMachine")
    rules = [
        item for item in machine.body if isinstance(item, ast.FunctionDef) and item.decorator_list
    ]
    sent = {
        node.func.attr
        for item in rules
        for node in ast.walk(item)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name) and node.func.value.id == "c"
    }  # fmt: skip
    assert sent - PARTS == {command.__name__ for command in get_args(c.Command)}


@pytest.mark.parametrize(
    ("fields", "editable"),
    [
        (wishes.JOB, JOB_EDITABLE),
        (wishes.BLOCK, BLOCK_EDITABLE),
        (wishes.USER, USER_EDITABLE),
        (wishes.BRANCH, BRANCH_EDITABLE),
        (wishes.POOL, POOL_EDITABLE),
        (wishes.WORKER, WORKER_EDITABLE),
    ],
)
def test_the_machine_edits_every_field(fields: wishes.Fields, editable: frozenset[str]) -> None:
    assert fields.keys() == editable


TestFarm = FarmMachine.TestCase
TestFarm.settings = depth(examples=120, steps=40)
