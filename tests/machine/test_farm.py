"""No sequence of commands, late reports, repeats and restarts breaks the farm."""

from __future__ import annotations

import copy
from typing import Any

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule

from grange.core import commands as c
from grange.core.check import faults
from grange.core.effects import Outcome, StartRun
from grange.core.errors import Rejected
from grange.core.farm import Farm
from grange.core.records import Changes, Snapshot
from grange.model.run import RunResult
from grange.model.spec import BlockSpec, JobSpec, TaskSpec
from grange.model.states import RunStatus, TaskFilter, TaskOp
from tests.build import TRAITS

SPANS = ("1-3", "1-9x2", "4", "1,4,10-20x3", "5-14")
NAMES = ("a", "b", "c")
MASKS = ("", "", "", "a", "b", "c", "a|b", ".*")
PLACES = st.sampled_from(["/", "/show", "/show/seq"])


class Disk:
    """What a store would hold: the last record of each key."""

    def __init__(self) -> None:
        self.last_ids: dict[str, int] = {}
        self.rows: dict[object, Any] = {}

    def commit(self, changes: Changes) -> None:
        self.last_ids = changes.last_ids
        for job_id in changes.deleted_jobs:
            kinds = ("JobRecord", "BlockRecord", "ChunkRecord", "NamesRecord")
            gone = [k for k in self.rows if k[0] in kinds and k[1] == job_id]  # type: ignore[index]
            for key in gone:
                del self.rows[key]
        for kind, names in (
            ("WorkerRecord", changes.deleted_workers),
            ("UserRecord", changes.deleted_users),
            ("BranchRecord", changes.deleted_branches),
            ("PoolRecord", changes.deleted_pools),
        ):
            for name in names:
                self.rows.pop((kind, name), None)
        for record in changes.put:
            self.rows[self._key(record)] = copy.deepcopy(record)

    def _key(self, record: Any) -> tuple[object, ...]:
        kind = type(record).__name__
        names = {
            "JobRecord": ("job_id",),
            "BlockRecord": ("job_id", "block"),
            "ChunkRecord": ("job_id", "block", "number"),
            "NamesRecord": ("job_id", "block", "number"),
            "RunRecord": ("run_id",),
            "WorkerRecord": ("worker_id",),
            "UserRecord": ("user",),
            "BranchRecord": ("path",),
            "PoolRecord": ("path",),
            "TokenRecord": ("user", "token"),
        }[kind]
        return (kind, *(getattr(record, name) for name in names))

    def load(self) -> Snapshot:
        open_rows = [
            row
            for key, row in self.rows.items()
            if key[0] != "RunRecord" or row.result is None  # type: ignore[index]
        ]
        return Snapshot(last_ids=self.last_ids, records=copy.deepcopy(open_rows))


def image(farm: Farm) -> object:
    """All that is durable, comparable."""
    state = farm.state
    tasks = {
        (job.job_id, block.number): (
            bytes(block.tasks.state),
            bytes(block.tasks.flags),
            bytes(block.tasks.errors),
            bytes(block.tasks.last_run),
            block.spec,
            tuple(block.named),
            tuple(sorted(block.error_hosts.items())),
            tuple((t, tuple(sorted(h))) for t, h in sorted(block.task_errors.items())),
            tuple(sorted(block.waits)),
        )
        for job in state.jobs.values()
        for block in job.blocks
    }
    jobs = {
        job.job_id: (job.spec, job.user, job.done, job.position, tuple(job.try_next), job.waits)
        for job in state.jobs.values()
    }
    workers = {
        w.worker_id: (w.name, w.spec, w.pool, w.runs, w.capacity_used, w.tickets_used)
        for w in state.workers.values()
    }
    users = {u.user: (u.spec, tuple(u.jobs), u.running) for u in state.users.values()}
    branches = {b.path: (b.spec, b.jobs, b.share.running) for b in state.branches.values()}
    pools = {p.path: (p.spec, p.workers) for p in state.pools.values()}
    return copy.deepcopy(
        (tasks, jobs, workers, users, branches, pools, state.runs, state.last_ids, state.tokens)
    )


class FarmMachine(RuleBasedStateMachine):
    """Commands in any order, against a farm whose disk may be read back at any time."""

    jobs: Bundle[int] = Bundle("jobs")
    workers: Bundle[int] = Bundle("workers")
    runs: Bundle[tuple[int, int]] = Bundle("runs")

    def __init__(self) -> None:
        super().__init__()
        self.farm = Farm()
        self.disk = Disk()
        self.now = 1_000.0

    def apply(self, command: c.Command) -> Outcome:
        before = image(self.farm)
        try:
            out = self.farm.apply(command, self.now)
        except Rejected:
            assert image(self.farm) == before
            return Outcome()
        return out

    @rule(seconds=st.floats(0, 20_000))
    def pass_time(self, seconds: float) -> None:
        self.now += seconds

    @rule(
        target=jobs,
        name=st.sampled_from(NAMES),
        user=st.sampled_from(["ada", "bob"]),
        frames=st.lists(st.sampled_from(SPANS), min_size=1, max_size=3),
        per_task=st.sampled_from([1, 2, 5]),
        sequential=st.sampled_from([1, -1, 0, 3, -3]),
        masks=st.tuples(*[st.sampled_from(MASKS)] * 4),
        limits=st.tuples(*[st.sampled_from([-1, -1, -1, 0, 1, 2])] * 4),
        flags=st.tuples(*[st.booleans()] * 3),
        tickets=st.sampled_from([{}, {}, {"nuke": 1}, {"nuke": 2, "vray": 1}]),
        place=PLACES,
        pre=st.booleans(),
    )
    def submit(self, **kw: Any) -> int:
        preview, sub_task, suspend = kw["flags"]
        depends, own, whole, per_frame = kw["masks"]
        blocks = [
            BlockSpec(
                name=NAMES[n],
                frames=span,
                command=("true", "@#@"),
                frames_per_task=kw["per_task"],
                sequential=kw["sequential"],
                depend_mask=whole if n else "",
                tasks_depend_mask=per_frame if n > 1 else "",
                depend_sub_task=sub_task,
                suspend_new_tasks=suspend and n == 1,
                max_running_tasks=kw["limits"][0],
                max_running_tasks_per_host=kw["limits"][1],
                tickets=kw["tickets"],
                errors_retries=1,
                command_pre=("setup",) if kw["pre"] and n == 0 else (),
            )
            for n, span in enumerate(kw["frames"])
        ]
        spec = JobSpec(
            name=kw["name"],
            blocks=tuple(blocks),
            branch=kw["place"],
            depend_mask=own,
            depend_mask_global=depends,
            preview_approval=preview,
            max_running_tasks=kw["limits"][2],
            max_tasks_per_second=kw["limits"][3],
            command_post=("clean",) if kw["pre"] else (),
        )
        reply = self.apply(c.SubmitJob(spec=spec, user=kw["user"])).reply
        return reply.job_id if isinstance(reply, c.Submitted) else 0

    @rule(target=jobs, count=st.integers(1, 300))
    def submit_named(self, count: int) -> int:
        tasks = tuple(TaskSpec(name=f"t{n}", command=(f"-n{n}",)) for n in range(count))
        spec = JobSpec(name="named", blocks=(BlockSpec(command=("true",), tasks=tasks),))
        reply = self.apply(c.SubmitJob(spec=spec, user="ada")).reply
        return reply.job_id if isinstance(reply, c.Submitted) else 0

    @rule(job=jobs)
    def delete(self, job: Any) -> None:
        self.apply(c.DeleteJob(job_id=job))

    @rule(job=jobs, paused=st.booleans())
    def pause(self, job: Any, paused: bool) -> None:
        self.apply(c.PauseJob(job_id=job, paused=paused))

    @rule(
        job=jobs,
        op=st.sampled_from(TaskOp),
        block=st.sampled_from([None, 0, 1, 2]),
        span=st.sampled_from([None, ((0, 0),), ((1, 3),)]),
        only=st.sampled_from(TaskFilter),
        depends=st.booleans(),
    )
    def operate(
        self, job: Any, op: TaskOp, block: Any, span: Any, only: Any, depends: bool
    ) -> None:
        self.apply(
            c.ChangeTasks(
                job_id=job, op=op, block=block, tasks=span, only=only, with_depends=depends
            )
        )

    @rule(
        job=jobs,
        changes=st.sampled_from(
            [
                {"priority": 0},
                {"priority": 200},
                {"depend_mask": "a|c"},
                {"depend_mask_global": ""},
                {"user": "bob"},
                {"branch": "/show"},
                {"max_running_tasks": 1},
                {"max_running_tasks": -1},
                {"preview_approval": False},
                {"hosts_mask": "n"},
                {"ignore_nimby": True},
                {"nonsense": 1},
                {"priority": "x"},
            ]
        ),
    )
    def edit_job(self, job: Any, changes: dict[str, Any]) -> None:
        self.apply(c.EditJob(job_id=job, changes=changes))

    @rule(
        job=jobs,
        block=st.integers(0, 2),
        changes=st.sampled_from(
            [
                {"capacity": 500},
                {"sequential": 0},
                {"depend_mask": "a"},
                {"tasks_depend_mask": "b"},
                {"tasks_depend_mask": ""},
                {"need_memory_mb": 40_000},
                {"max_running_tasks": 2},
                {"capacity_coeff_max": 3},
                {"need_gpus": 1},
            ]
        ),
    )
    def edit_block(self, job: Any, block: int, changes: dict[str, Any]) -> None:
        self.apply(c.EditJob(job_id=job, block=block, changes=changes))

    @rule(job=jobs, span=st.sampled_from(SPANS), mask=st.sampled_from(MASKS))
    def append_block(self, job: Any, span: str, mask: str) -> None:
        more = BlockSpec(name="more", frames=span, command=("true",), tasks_depend_mask=mask)
        self.apply(c.AppendBlocks(job_id=job, blocks=(more,)))

    @rule(job=jobs, count=st.integers(1, 300))
    def append_tasks(self, job: Any, count: int) -> None:
        tasks = (TaskSpec(name="more", command=("x",)),) * count
        self.apply(c.AppendTasks(job_id=job, block=0, tasks=tasks))

    @rule(job=jobs, task=st.integers(0, 3), remove=st.booleans())
    def try_next(self, job: Any, task: int, remove: bool) -> None:
        self.apply(c.TryNext(job_id=job, block=0, tasks=(task,), remove=remove))

    @rule(job=jobs)
    def forget_errors(self, job: Any) -> None:
        self.apply(c.ForgetErrors(job_id=job))

    @rule(job=jobs, where=st.sampled_from(["up", "down", "top", "bottom"]))
    def move_job(self, job: Any, where: Any) -> None:
        self.apply(c.MoveJobs(user="ada", job_ids=(job,), where=where))

    @rule(
        user=st.sampled_from(["ada", "bob", "eve"]),
        changes=st.sampled_from(
            [
                {"max_running_tasks": 1},
                {"max_running_tasks": -1},
                {"solve": "priority"},
                {"paused": True},
                {"paused": False},
                {"hosts_mask_exclude": "n1"},
            ]
        ),
    )
    def edit_user(self, user: str, changes: dict[str, Any]) -> None:
        self.apply(c.EditUser(user=user, changes=changes))

    @rule(
        path=PLACES,
        changes=st.sampled_from(
            [
                {"solve_jobs": True},
                {"solve_jobs": False},
                {"max_running_tasks": 2},
                {"max_running_tasks": -1},
                {"create_childs": True},
                {"max_tasks_per_second": 1},
            ]
        ),
    )
    def edit_branch(self, path: str, changes: dict[str, Any]) -> None:
        self.apply(c.EditBranch(path=path, changes=changes))

    @rule(path=PLACES)
    def delete_branch(self, path: str) -> None:
        self.apply(c.DeleteBranch(path=path))

    @rule(
        path=st.sampled_from(["/", "/fast", "/fast/gpu"]),
        changes=st.sampled_from(
            [
                {"max_tasks_host": 2},
                {"capacity_host": 5_000},
                {"pattern": "n1"},
                {"paused": True},
                {"paused": False},
                {"services": ["generic"]},
                {"services": []},
                {"tickets_pool": {"nuke": {"count": 2, "max_hosts": 1}}},
                {"tickets_host": {"vray": {"count": 1}}},
                {"sick_errors_count": 2},
            ]
        ),
    )
    def edit_pool(self, path: str, changes: dict[str, Any]) -> None:
        self.apply(c.EditPool(path=path, changes=changes))

    @rule(
        target=workers,
        number=st.integers(0, 3),
        boot=st.sampled_from(["x", "y"]),
        held=st.lists(runs, max_size=3),
    )
    def join(self, number: int, boot: str, held: list[Any]) -> int:
        ids = tuple(run_id for item in held if item for run_id in [item[1]])
        reply = self.apply(
            c.JoinWorker(
                name=f"n{number}",
                boot_id=boot,
                traits=msgspec.structs.replace(TRAITS, gpus=number),
                runs=ids,
                user="ada",
            )
        ).reply
        return reply.worker_id if isinstance(reply, c.Joined) else 0

    @rule(worker=workers)
    def unlink(self, worker: Any) -> None:
        self.apply(c.UnlinkWorker(worker_id=worker))

    @rule(worker=workers)
    def lose(self, worker: Any) -> None:
        self.apply(c.LoseWorker(worker_id=worker))

    @rule(
        worker=workers,
        changes=st.sampled_from(
            [
                {"nimby": "owner"},
                {"nimby": "free"},
                {"nimby": "nobody"},
                {"paused": True},
                {"pool": "/fast"},
                {"pool": ""},
                {"capacity_host": 300},
                {"max_tasks_host": 8},
                {"services_disabled": ["generic"]},
                {"priority": 0},
                {"priority": 120},
            ]
        ),
    )
    def edit_worker(self, worker: Any, changes: dict[str, Any]) -> None:
        self.apply(c.EditWorker(worker_id=worker, changes=changes))

    @rule(worker=workers, memory=st.sampled_from([100, 64_000]))
    def measure(self, worker: Any, memory: int) -> None:
        self.apply(c.MeasureWorker(worker_id=worker, free_memory_mb=memory, free_hdd_gb=10))

    @rule(worker=workers, own=st.booleans())
    def eject(self, worker: Any, own: bool) -> None:
        self.apply(c.EjectWorker(worker_id=worker, keep_own=own))

    @rule(worker=workers)
    def heal(self, worker: Any) -> None:
        self.apply(c.HealWorker(worker_id=worker))

    @rule(worker=workers)
    def delete_worker(self, worker: Any) -> None:
        self.apply(c.DeleteWorker(worker_id=worker))

    @rule(target=runs)
    def dispatch(self) -> Any:
        effects = self.farm.dispatch(self.now).effects
        return multiple(*((e.worker_id, e.run.run_id) for e in effects if isinstance(e, StartRun)))

    @rule(run=runs, status=st.sampled_from(RunStatus))  # never consumed: late and twice
    def end(self, run: Any, status: RunStatus) -> None:
        result = RunResult(status=status, duration_s=1.0, warning=status is RunStatus.DONE)
        self.apply(c.EndRun(worker_id=run[0], run_id=run[1], result=result))

    @rule(run=runs, count=st.integers(1, 5))
    def note_frames(self, run: Any, count: int) -> None:
        self.apply(c.NoteFrames(worker_id=run[0], run_id=run[1], count=count))

    @rule()
    def commit(self) -> None:
        self.disk.commit(self.farm.take_dirty())

    @rule()
    def restart(self) -> None:
        """What was committed is what comes back, but for what running tasks had shown."""
        self.disk.commit(self.farm.take_dirty())
        frames_shown = any(b.sub_frames for j in self.farm.state.jobs.values() for b in j.blocks)
        before = image(self.farm)
        self.farm = Farm.restore(self.disk.load(), self.now)
        if not frames_shown:
            after = image(self.farm)
            for left, right in zip(before, after, strict=True):  # type: ignore[call-overload]
                assert left == right

    @invariant()
    def no_faults(self) -> None:
        assert list(faults(self.farm.state)) == []


TestFarm = FarmMachine.TestCase
TestFarm.settings = settings(max_examples=50, stateful_step_count=40, deadline=None)
