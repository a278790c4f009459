"""What doors and watchers show: views of the farm, its gauges and its history."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from itertools import islice

from grange.core.errors import NoSuchBlock, NoSuchJob, NoSuchTask, NoSuchUser, NoSuchWorker
from grange.core.farm import Farm
from grange.core.objects import Block, Job, Worker
from grange.core.order_run import exact_command, exact_files
from grange.core.records import RunRecord
from grange.core.why import why_block, why_job, why_task, why_worker
from grange.model.ids import JobId, RunId, WorkerId
from grange.model.run import Progress
from grange.model.states import TaskState
from grange.model.version import VERSION
from grange.model.views import (
    AuditView,
    BranchView,
    FarmView,
    JobDetail,
    JobView,
    PoolView,
    RunView,
    StoryLine,
    TaskDetail,
    TaskView,
    UserView,
    WhyView,
    WorkerView,
)
from grange.server import shown_jobs, shown_nodes
from grange.server.gauges import Gauges
from grange.server.refusal import NoSuchRun
from grange.store.store import History

RUNS_SHOWN = 50  # runs of one task
LINES_SHOWN = 2_000  # lines of a story
FILES_SHOWN = 1_000  # files of one task


class Views:
    """Reads the farm. Methods that ask the store are coroutines.

    Args:
        farm: the farm; read only.
        gauges: telemetry.
        history: ended runs, notes and audit.
        clock: epoch seconds.
    """

    def __init__(
        self, farm: Farm, gauges: Gauges, history: History, clock: Callable[[], float]
    ) -> None:
        self._farm = farm
        self._gauges = gauges
        self._history = history
        self._clock = clock

    def get_job(self, job_id: int) -> Job:
        """A job.

        Raises:
            NoSuchJob: there is none of that id.
        """
        job = self._farm.state.jobs.get(JobId(job_id))
        if job is None:
            raise NoSuchJob(f"no job {job_id}")
        return job

    def get_block(self, job_id: int, number: int) -> tuple[Job, Block]:
        """A job and one of its blocks.

        Raises:
            NoSuchJob, NoSuchBlock: there is none.
        """
        job = self.get_job(job_id)
        if not 0 <= number < len(job.blocks):
            raise NoSuchBlock(f"job {job_id} has no block {number}, only 0-{len(job.blocks) - 1}")
        return job, job.blocks[number]

    def get_task(self, job_id: int, number: int, task: int) -> tuple[Job, Block]:
        """A job and the block that has a task.

        Raises:
            NoSuchJob, NoSuchBlock, NoSuchTask: there is none.
        """
        job, block = self.get_block(job_id, number)
        if not 0 <= task < block.tasks.size:
            last = block.tasks.size - 1
            raise NoSuchTask(f"block {job_id}/{number} has no task {task}, only 0-{last}")
        return job, block

    def get_worker(self, worker_id: int) -> Worker:
        """A worker.

        Raises:
            NoSuchWorker: there is none of that id.
        """
        worker = self._farm.state.workers.get(WorkerId(worker_id))
        if worker is None:
            raise NoSuchWorker(f"no worker {worker_id}")
        return worker

    def farm(self) -> FarmView:
        """The farm in one line. Cost: O(blocks + workers)."""
        state = self._farm.state
        sums = [0] * len(TaskState)
        for job in state.jobs.values():
            for block in job.blocks:
                for number, count in enumerate(block.tasks.counts):
                    sums[number] += count
        online = [worker for worker in state.workers.values() if worker.linked]
        return FarmView(
            version=VERSION,
            now=self._clock(),
            jobs=len(state.jobs),
            jobs_running=sum(1 for job in state.jobs.values() if job.share.running),
            tasks=shown_jobs.counts_view(sums),
            workers=len(state.workers),
            workers_online=len(online),
            workers_busy=sum(1 for worker in online if worker.runs),
            services=tuple(sorted(state.services)),
        )

    def job(self, job_id: int) -> JobView:
        """A job in a list."""
        return self._job(self.get_job(job_id))

    def _job(self, job: Job) -> JobView:
        return shown_jobs.job_view(self._farm.state, self._gauges, job, self._clock())

    def jobs(
        self,
        *,
        user: str = "",
        state_name: str = "",
        name: str = "",
        hidden: bool = False,
        limit: int = 500,
        after: int = 0,
    ) -> list[JobView]:
        """Jobs, newest first.

        Args:
            user: only this user's.
            state_name: only those in this state.
            name: only those whose name holds this text, whatever the case.
            hidden: hidden ones, too.
            limit: how many at most.
            after: only those older than this job; 0 all.
        """
        found: list[JobView] = []
        wanted = name.lower()
        for job_id in sorted(self._farm.state.jobs, reverse=True):
            job = self._farm.state.jobs[job_id]
            if (after and job_id >= after) or (user and job.user != user):
                continue
            if (job.spec.hidden and not hidden) or wanted not in job.spec.name.lower():
                continue
            view = self._job(job)
            if state_name and view.state != state_name:
                continue
            found.append(view)
            if len(found) >= limit:
                break
        return found

    def job_detail(self, job_id: int) -> JobDetail:
        """A job, whole."""
        job = self.get_job(job_id)
        return JobDetail(
            job=self._job(job),
            spec=shown_jobs.whole_spec(job),
            waits_for=tuple(sorted(job.waits)),
            try_next=tuple(job.try_next),
        )

    async def tasks(
        self, job_id: int, number: int, offset: int, limit: int, state: TaskState | None = None
    ) -> tuple[list[TaskView], int]:
        """A page of a block's tasks, and how many there are in all. Cost: O(page)."""
        job, block = self.get_block(job_id, number)
        if state is None:
            chosen = list(range(offset, min(offset + limit, block.tasks.size)))
            total = block.tasks.size
        else:
            total = block.tasks.counts[state]
            found = block.tasks.indexes(state)
            chosen = list(islice(found, offset, offset + limit))
        return await self.task_views(job, block, chosen), total

    async def task_views(self, job: Job, block: Block, chosen: list[int]) -> list[TaskView]:
        """Some tasks of a block, with their last runs."""
        ids = [block.tasks.last_run[task] for task in chosen]
        ended = await self.ended_runs(ids)
        return [
            shown_jobs.task_view(
                self._farm.state, self._gauges, job, block, task, ended.get(RunId(run_id))
            )
            for task, run_id in zip(chosen, ids, strict=True)
        ]

    async def ended_runs(self, run_ids: Iterable[int]) -> dict[RunId, RunRecord]:
        """Those of some runs that are over; 0 is no run."""
        running = self._farm.state.runs
        asked = [run_id for run_id in run_ids if run_id and RunId(run_id) not in running]
        known = await asyncio.to_thread(self._history.runs_with, asked) if asked else []
        return {record.run_id: record for record in known}

    def progress(self, run_id: int) -> Progress | None:
        """The last that was heard of a run that is not over."""
        return self._gauges.progress.get(RunId(run_id))

    async def runs_of_worker(self, worker_id: int, limit: int = 100) -> list[RunRecord]:
        """The last runs that a worker was given, newest first."""
        return await asyncio.to_thread(self._history.runs_of_worker, worker_id, limit=limit)

    def states(self, job_id: int, number: int) -> bytes:
        """One `TaskState` a byte."""
        return bytes(self.get_block(job_id, number)[1].tasks.state)

    async def task_detail(self, job_id: int, number: int, task: int) -> TaskDetail:
        """A task, whole."""
        job, block = self.get_task(job_id, number, task)
        records = await asyncio.to_thread(
            self._history.runs, job_id, number, task, limit=RUNS_SHOWN
        )
        now = self._clock()
        views = await self.task_views(job, block, [task])
        errors = block.task_errors.get(task, {})
        state = self._farm.state
        return TaskDetail(
            task=views[0],
            command=exact_command(block, task),
            working_directory=block.spec.working_directory,
            files=exact_files(block, task, FILES_SHOWN),
            runs=tuple(shown_jobs.stored_run(self._gauges, record) for record in records),
            avoided_hosts=tuple(
                sorted(host for host in errors if state.task_avoids(job, block, errors, host, now))
            ),
        )

    async def run(self, run_id: int) -> RunView:
        """One run, also of a deleted job.

        Raises:
            NoSuchRun: it never was.
        """
        record = await asyncio.to_thread(self._history.run, run_id)
        if record is None:
            raise NoSuchRun(f"no run {run_id}")
        return shown_jobs.stored_run(self._gauges, record)

    async def story(
        self, job_id: int, number: int | None = None, task: int | None = None
    ) -> list[StoryLine]:
        """All that happened to a job, block or task, oldest first."""
        notes = await asyncio.to_thread(
            self._history.notes, job_id, number, task, limit=LINES_SHOWN
        )
        lines = [shown_jobs.note_line(note) for note in notes]
        if task is not None:
            records = await asyncio.to_thread(
                self._history.runs, job_id, number, task, limit=RUNS_SHOWN
            )
            for record in reversed(records):  # the oldest first: at one time, in this order
                lines += shown_jobs.run_lines(record)
        return sorted(lines, key=lambda line: line.at)

    def workers(self) -> list[WorkerView]:
        """All workers, by name."""
        workers = self._farm.state.workers.values()
        return [
            shown_nodes.worker_view(self._farm.state, self._gauges, worker)
            for worker in sorted(workers, key=lambda item: item.name)
        ]

    def worker(self, worker_id: int) -> WorkerView:
        """A worker."""
        worker = self.get_worker(worker_id)
        return shown_nodes.worker_view(self._farm.state, self._gauges, worker)

    def users(self) -> list[UserView]:
        """All users, by name."""
        users = self._farm.state.users
        return [shown_nodes.user_view(users[name]) for name in sorted(users)]

    def user(self, name: str) -> UserView:
        """A user.

        Raises:
            NoSuchUser: there is none of that name.
        """
        user = self._farm.state.users.get(name)
        if user is None:
            raise NoSuchUser(f"no user {name!r}")
        return shown_nodes.user_view(user)

    def branches(self) -> list[BranchView]:
        """All branches, by path."""
        branches = self._farm.state.branches
        return [shown_nodes.branch_view(branches[path]) for path in sorted(branches)]

    def pools(self) -> list[PoolView]:
        """All pools, by path."""
        pools = self._farm.state.pools
        return [shown_nodes.pool_view(self._farm.state, pools[path]) for path in sorted(pools)]

    def why_job(self, job_id: int) -> WhyView:
        """Why a job is not running."""
        return why_job(self._farm.state, self.get_job(job_id), self._clock())

    def why_block(self, job_id: int, number: int) -> WhyView:
        """Why a block is not running."""
        return why_block(self._farm.state, *self.get_block(job_id, number), self._clock())

    def why_task(self, job_id: int, number: int, task: int) -> WhyView:
        """Why a task is not running."""
        job, block = self.get_task(job_id, number, task)
        return why_task(self._farm.state, job, block, task, self._clock())

    def why_worker(self, worker_id: int) -> WhyView:
        """Why a worker has nothing to do."""
        return why_worker(self._farm.state, self.get_worker(worker_id), self._clock())

    async def audit(
        self, *, limit: int = 100, before: int | None = None, target: str | None = None
    ) -> list[AuditView]:
        """What people changed, newest first; only of one object, such as `job/7`, if named."""
        records = await asyncio.to_thread(
            self._history.audit, limit=limit, before=before, target=target
        )
        return [
            AuditView(
                at=item.at,
                user=item.user,
                role=item.role,
                address=item.address,
                action=item.action,
                target=item.target,
                details=item.details.decode(errors="replace"),
                outcome=item.outcome,
                audit_id=item.audit_id,
            )
            for item in records
        ]
