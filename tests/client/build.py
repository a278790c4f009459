"""Builders of what a server answers: the least that a test must say."""

from __future__ import annotations

from typing import Any

from grange.model.ids import RunId
from grange.model.nodes import WorkerSpec
from grange.model.run import Meter, Progress, RunResult, Traits
from grange.model.spec import BlockSpec, JobSpec
from grange.model.states import JobState, Presence, RunStatus, TaskState, WorkerState
from grange.model.views import (
    BlockView,
    Counts,
    FarmView,
    JobDetail,
    JobView,
    RunView,
    TaskDetail,
    TaskView,
    WorkerView,
)
from grange.wire.watch import Patch, Snapshot

JOB = JobSpec(name="sunset", blocks=(BlockSpec(frames="1-4", command=("render", "@#@")),))
FARM = FarmView(
    version="0.1.0",
    now=1_000.0,
    jobs=1,
    jobs_running=1,
    tasks=Counts(running=1, done=3),
    workers=2,
    workers_online=1,
    workers_busy=1,
)


def block_view(number: int = 0, **fields: Any) -> BlockView:
    """A block of four frames."""
    tasks = fields.setdefault("tasks", Counts(ready=4))
    fields.setdefault("percent", 100.0 * tasks.done / tasks.total)
    return BlockView(
        **{
            "number": number,
            "name": "frames",
            "service": "generic",
            "state": JobState.READY,
            "frames": "1-4",
            "frames_per_task": 1,
            **fields,
        }
    )


def job_view(job_id: int = 12, state: JobState = JobState.RUNNING, **fields: Any) -> JobView:
    """A job of four frames."""
    tasks = fields.setdefault("tasks", Counts(ready=3, running=1))
    fields.setdefault("percent", 100.0 * tasks.done / tasks.total)
    fields.setdefault("blocks", (block_view(tasks=tasks, state=state),))
    return JobView(
        **{
            "job_id": job_id,
            "name": "sunset",
            "user": "ada",
            "host": "desk",
            "state": state,
            "priority": 99,
            "branch": "/",
            "created": 900.0,
            **fields,
        }
    )


def done(job_id: int = 12) -> JobView:
    """A job that is done."""
    return job_view(job_id, JobState.DONE, tasks=Counts(done=4), started=900.0, done=960.0)


def failed(job_id: int = 12) -> JobView:
    """A job of which one task has failed."""
    return job_view(job_id, JobState.FAILED, tasks=Counts(done=3, failed=1))


def detail(view: JobView | None = None, **fields: Any) -> JobDetail:
    """A job, whole."""
    return JobDetail(job=view or job_view(), spec=fields.pop("spec", JOB), **fields)


def task_view(task: int = 0, state: TaskState = TaskState.READY, **fields: Any) -> TaskView:
    """A task of job 12."""
    place = {"job_id": 12, "block": 0, "task": task, "name": f"frame {task + 1}"}
    return TaskView(state=state, **{**place, **fields})


def run_view(run_id: int = 40, **fields: Any) -> RunView:
    """A run of task 12/0/0."""
    place = {"job_id": 12, "block": 0, "task": 0, "attempt": 1, "worker_id": 3, "worker": "node3"}
    return RunView(run_id=run_id, started=950.0, **{**place, **fields})


def task_detail(**fields: Any) -> TaskDetail:
    """Task 12/0/7, whole: it runs again after it was done."""
    meter = Meter(cpu_s=7.5, peak_memory_mb=5_210, gpu_memory_mb=2_048, read_mb=3, written_mb=90)
    message = "used 5,210 MB of memory, asked for 4,000 MB"
    result = RunResult(status=RunStatus.DONE, warning=True, message=message, meter=meter)
    progress = Progress(run_id=RunId(41), memory_mb=700)
    return TaskDetail(
        **{
            "task": task_view(7, TaskState.DONE),
            "command": ("render", "a b.blend"),
            "working_directory": "/show",
            "files": tuple(f"/show/out.{number}.exr" for number in range(1, 15)),
            "runs": (
                run_view(41, progress=progress),
                run_view(40, ended=960.0, result=result),
            ),
            "avoided_hosts": ("node9",),
            **fields,
        }
    )


def worker_view(worker_id: int = 3, name: str = "node3", **fields: Any) -> WorkerView:
    """A worker that is idle."""
    return WorkerView(
        **{
            "worker_id": worker_id,
            "name": name,
            "state": WorkerState.IDLE,
            "presence": Presence.ONLINE,
            "spec": WorkerSpec(),
            "traits": Traits(cpu_cores=8, memory_mb=65_536),
            "pool": "/",
            "capacity": 1_100,
            "capacity_used": 0,
            "max_tasks": 4,
            **fields,
        }
    )


def snapshot(number: int = 1, **fields: Any) -> Snapshot:
    """A whole picture."""
    return Snapshot(number=number, farm=FARM, **fields)


def patch(number: int = 2, **fields: Any) -> Patch:
    """A change."""
    return Patch(number=number, **fields)
