"""What a submitter and a worker may conclude from what they were told, kept apart from the farm.

It knows nothing of indexes, shares or demands: it counts runs one by one, and takes from the
farm only what people set (specifications) and what the farm says (replies and effects).
"""

from __future__ import annotations

import copy
from collections import Counter

from grange.core import commands as c
from grange.core.effects import Outcome, StartRun, StopRun
from grange.core.events import JobDeleted, RunEnded
from grange.core.farm import Farm
from grange.core.jobs import TOKEN_KEEP_S
from grange.core.objects import Block, Job, Worker
from grange.core.why import refusal, why_job
from grange.model.ids import JobId, RunId, WorkerId
from grange.model.nodes import WorkSpec
from grange.model.run import RunSpec
from grange.model.spec import BlockSpec, JobSpec
from grange.model.states import Part, Presence, Rest, RunStatus, TaskOp, TaskState

Task = tuple[JobId, int, int]
Limits = BlockSpec | JobSpec | WorkSpec
LOOKED_AT = 20  # tasks of a block that are compared with each worker


class Witness:
    """Remembers what was acknowledged.

    Attributes:
        jobs: acknowledged, not deleted by anybody.
        tokens: (user, token) -> job and time.
        done: tasks whose end was taken as done, and which nobody restarted.
        believed: run -> worker and specification, as told by `StartRun`.
    """

    def __init__(self) -> None:
        self.jobs: set[JobId] = set()
        self.tokens: dict[tuple[str, str], tuple[JobId, float]] = {}
        self.done: set[Task] = set()
        self.believed: dict[RunId, tuple[WorkerId, RunSpec]] = {}
        self.last_run = 0
        self.starts: Counter[tuple[str, object, int]] = Counter()  # (kind, name, second)

    def copied(self) -> Witness:
        """What it knows now, for a disk that will be read again."""
        twin = copy.copy(self)
        twin.jobs, twin.tokens, twin.done = set(self.jobs), dict(self.tokens), set(self.done)
        twin.believed, twin.starts = dict(self.believed), Counter()  # a second may begin again
        return twin

    def hear(self, farm: Farm, command: c.Command, out: Outcome, now: float) -> None:
        """Take the answer to a command that was not rejected."""
        match command:
            case c.SubmitJob() | c.RestoreJob():
                self._submitted(command, out, now)
            case c.DeleteJob():
                self.jobs.discard(command.job_id)
            case c.ChangeTasks(op=TaskOp.RESTART):
                self._restarted(farm, command)
            case c.EndRun():
                self._ended(command, out)
            case c.JoinWorker():
                self._joined(farm, command, out)
            case c.LoseWorker():
                gone = [run for run, (worker, _) in self.believed.items()
                        if worker == command.worker_id]  # fmt: skip
                for run_id in gone:
                    del self.believed[run_id]
            case _:
                pass
        self.see(farm, out, now)

    def _submitted(self, command: c.SubmitJob | c.RestoreJob, out: Outcome, now: float) -> None:
        assert isinstance(out.reply, c.Submitted)
        key = (command.user, command.token)
        job_id = out.reply.job_id
        if command.token and key in self.tokens and now < self.tokens[key][1] + TOKEN_KEEP_S:
            assert (out.reply.job_id, out.reply.again) == (self.tokens[key][0], True)
        if out.reply.again:
            assert self.tokens[key][0] == job_id
            return
        assert job_id not in self.jobs, "an id was given twice"
        self.jobs.add(job_id)
        if command.token:
            self.tokens[key] = (job_id, now)

    def _restarted(self, farm: Farm, command: c.ChangeTasks) -> None:
        job = farm.state.jobs[command.job_id]
        blocks = range(len(job.blocks)) if command.block is None else [command.block]
        for task in [task for task in self.done if task[0] == command.job_id]:
            chosen = task[1] in blocks and (
                command.tasks is None or any(a <= task[2] <= b for a, b in command.tasks)
            )
            state = job.blocks[task[1]].tasks.state[task[2]]
            if state != TaskState.DONE and (chosen or command.with_depends):
                self.done.discard(task)

    def _ended(self, command: c.EndRun, out: Outcome) -> None:
        worker, run = self.believed.get(command.run_id, (None, None))
        if run is None or worker != command.worker_id:
            assert out == Outcome(), "a report that is not of a current run changed something"
            return
        del self.believed[command.run_id]
        too_fast = command.result.duration_s < run.min_run_time_s
        if command.result.status is RunStatus.DONE and not too_fast and not run.helps:
            self.done.add((run.job_id, run.block, run.task))

    def _joined(self, farm: Farm, command: c.JoinWorker, out: Outcome) -> None:
        assert isinstance(out.reply, c.Joined)
        worker_id = out.reply.worker_id
        there = {*command.runs, *command.ended}
        own = {run for run, (worker, _) in self.believed.items() if worker == worker_id}
        for run_id in own - there:
            del self.believed[run_id]
        told = {effect.run_id for effect in out.effects if isinstance(effect, StopRun)}
        assert set(out.reply.keep) == (own & set(command.runs)) - told
        assert told >= set(command.runs) - own, "a superseded run goes on"

    def see(self, farm: Farm, out: Outcome, now: float) -> None:
        """Take what the farm does of itself or has others do."""
        for event in out.events:
            if isinstance(event, JobDeleted) and event.job_id in self.jobs:
                self.jobs.discard(event.job_id)
                assert "life time" in " ".join(note.text for note in out.notes)
        for effect in out.effects:
            if isinstance(effect, StopRun) and self._has(effect.worker_id, effect.run_id):
                del self.believed[effect.run_id]
        for effect in out.effects:
            if isinstance(effect, StartRun):
                self._started(farm, effect.worker_id, effect.run, now)
        self.done = {task for task in self.done if task[0] in farm.state.jobs}
        ended = [event.run_id for event in out.events if isinstance(event, RunEnded)]
        assert len(ended) == len(set(ended))
        assert self.believed.keys().isdisjoint(ended)

    def _has(self, worker_id: WorkerId, run_id: RunId) -> bool:
        return run_id in self.believed and self.believed[run_id][0] == worker_id

    def _started(self, farm: Farm, worker_id: WorkerId, run: RunSpec, now: float) -> None:
        """One more run: on a task that has none, by a worker with room, within all limits."""
        assert run.run_id > self.last_run, "run ids do not grow"
        self.last_run = run.run_id
        task = (run.job_id, run.block, run.task)
        assert task not in self.done, f"{task} is done and runs again"
        served = run.helps or run.run_id  # what serves a task is started before it
        for _, other in self.believed.values():
            if (other.job_id, other.block, other.task) == task:
                assert other.helps == served, f"{task} has two runs"
        self.believed[run.run_id] = (worker_id, run)
        self._refuse_excess(farm, worker_id, run, int(now))

    def _refuse_excess(self, farm: Farm, worker_id: WorkerId, run: RunSpec, second: int) -> None:
        state = farm.state
        job, worker = state.jobs[run.job_id], state.workers[worker_id]
        block = job.blocks[run.block]
        assert (worker.presence, worker.rest) == (Presence.ONLINE, Rest.AWAKE)
        assert worker.spec.nimby != "nobody" or job.spec.ignore_nimby
        rows = [
            (at, r, state.jobs[r.job_id])
            for at, r in self.believed.values()
            if not _beside(farm, at, r)
        ]
        place = (run.job_id, run.block)
        for spec, mine in (
            (block.spec, [(at, r) for at, r, _ in rows if (r.job_id, r.block) == place]),
            (job.spec, [(at, r) for at, r, _ in rows if r.job_id == job.job_id]),
            (state.users[job.user].spec, [(at, r) for at, r, j in rows if j.user == job.user]),
        ):  # fmt: skip
            _within(spec, mine, worker_id)
        for branch in state.branch_chain(job.spec.branch):
            below = [(at, r) for at, r, j in rows if _below(j.spec.branch, branch.path)]
            _within(branch.spec, below, worker_id)
        if not run.helps:
            self._count_starts(farm, job, second)
        self._refuse_load(farm, worker, block, run)

    def _count_starts(self, farm: Farm, job: Job, second: int) -> None:
        state = farm.state
        for branch in state.branch_chain(job.spec.branch):
            self._count_second("branch", branch.path, branch.spec.max_tasks_per_second, second)
        self._count_second("job", job.job_id, job.spec.max_tasks_per_second, second)
        self._count_second(
            "user", job.user, state.users[job.user].spec.max_tasks_per_second, second
        )

    def _count_second(self, kind: str, name: object, limit: int, second: int) -> None:
        self.starts[kind, name, second] += 1
        assert not 0 <= limit < self.starts[kind, name, second], f"{kind} {name}: too many starts"

    def _refuse_load(self, farm: Farm, worker: Worker, block: Block, run: RunSpec) -> None:
        state = farm.state
        here = [
            r
            for at, r in self.believed.values()
            if at == worker.worker_id and not _beside(farm, at, r)
        ]
        taken = sum(r.capacity * max(1, r.capacity_coeff) for r in here)
        assert not 0 <= worker.capacity < taken
        assert not 0 <= worker.max_tasks < len(here)
        assert len({gpu for r in here for gpu in r.gpus}) == sum(len(r.gpus) for r in here)
        assert {gpu for r in here for gpu in r.gpus} <= set(range(worker.traits.gpus))
        held = {r.run_id: dict(state.runs[r.run_id].tickets) for r in here}
        for name in held.get(run.run_id, ()):
            chain = state.pool_chain(worker.pool)
            limits = (
                spec.tickets_host.get(name) for spec in (worker.spec, *(p.spec for p in chain))
            )
            most = next((limit.count for limit in limits if limit is not None), None)
            assert most is None or sum(tickets.get(name, 0) for tickets in held.values()) <= most
            for pool in chain:
                limit = pool.spec.tickets_pool.get(name)
                if limit is not None:
                    self._refuse_tickets(farm, pool.path, name, limit.count)
                    break

    def _refuse_tickets(self, farm: Farm, path: str, name: str, most: int) -> None:
        """Count a pool's tickets over all runs below it."""
        state = farm.state
        used = sum(
            dict(run.tickets).get(name, 0)
            for run in state.runs.values()
            if _below(state.workers[run.worker_id].pool, path)
        )
        assert used <= most, f"{used} tickets {name} of {most}"

    def agree(self, farm: Farm) -> None:
        """Compare what the farm holds to be true with what it has said."""
        state = farm.state
        assert state.jobs.keys() >= self.jobs, "an acknowledged job is gone"
        for job_id, number, task in self.done:
            here = state.jobs[job_id].blocks[number].tasks.state[task]
            assert here == TaskState.DONE, (
                f"an acknowledged result is gone: {job_id}/{number}/{task}"
            )
        told = (item for item in state.runs.items() if item[1].part is not Part.KEPT)
        assert {run_id: run.worker_id for run_id, run in told} == {
            run_id: worker for run_id, (worker, _) in self.believed.items()
        }, "the farm believes in other runs than it has told of"


def _beside(farm: Farm, at: WorkerId, run: RunSpec) -> bool:
    """Whether a run serves another one on that one's own machine."""
    return bool(run.helps) and farm.state.runs[run.helps].worker_id == at


def _within(spec: Limits, runs: list[tuple[WorkerId, RunSpec]], worker_id: WorkerId) -> None:
    """No more tasks at once, and on one machine, than are allowed."""
    tasks = sum(not run.helps for _, run in runs)
    here = sum(at == worker_id for at, _ in runs)
    assert not 0 <= spec.max_running_tasks < tasks
    assert not 0 <= spec.max_running_tasks_per_host < here


def nothing_could_start(farm: Farm, now: float) -> None:
    """After a dispatch no READY task and no worker are left that would go together."""
    state = farm.state
    for job in state.jobs.values():
        codes = {reason.code for reason in why_job(state, job, now).reasons}
        assert "starting" not in codes, f"job {job.job_id} could start"
        if codes & GATES_ABOVE:
            continue
        for block in job.blocks:
            _no_worker_for(farm, job, block, now)


def _no_worker_for(farm: Farm, job: Job, block: Block, now: float) -> None:
    if (block.number,) not in job.share.lines.get(block.demand, ()):
        return
    ready = list(block.tasks.indexes(TaskState.READY))
    for task in ready[:LOOKED_AT]:
        if block.picker.preview_only and task != block.picker.peek(block.tasks):
            continue
        able = [
            worker.name
            for worker in farm.state.workers.values()
            if not refusal(farm.state, job, block, task, worker, now)
        ]
        waits = now < block.gathering + block.spec.multihost_max_wait_s
        most = block.spec.hosts_most if waits else max(1, block.spec.hosts_least)
        assert len(able) < most, f"task {job.job_id}/{block.number}/{task} could start on {able}"


GATES_ABOVE = frozenset(
    {
        *("paused", "priority", "wait-until", "depends-on-jobs", "job-limit", "job-rate"),
        *("user-paused", "user-priority", "user-limit", "user-rate"),
        *("branch-paused", "branch-priority", "branch-limit", "branch-rate"),
    }
)


def _below(path: str, above: str) -> bool:
    return above == "/" or path == above or path.startswith(above + "/")
