"""Views for these tests: the least that a test must say."""

from __future__ import annotations

from typing import Any

from grange.model.nodes import WorkerSpec
from grange.model.run import Progress, Resources, RunResult, Traits
from grange.model.states import JobState, Presence, RunStatus, TaskState, WorkerState
from grange.model.views import (
    BlockView,
    Counts,
    FarmView,
    JobView,
    RunView,
    TaskDetail,
    TaskView,
    ThumbnailView,
    WorkerView,
)

NOW = 1_800_000_000.0


def farm(**fields: Any) -> FarmView:
    given: dict[str, Any] = {
        "version": "0",
        "now": NOW,
        "jobs": 1,
        "jobs_running": 1,
        "tasks": Counts(ready=8, running=2, done=10),
        "workers": 2,
        "workers_online": 2,
        "workers_busy": 1,
    }
    return FarmView(**given | fields)


def block(number: int = 0, frames: str = "1-20", **fields: Any) -> BlockView:
    given: dict[str, Any] = {
        "number": number,
        "name": "render",
        "service": "generic",
        "state": JobState.RUNNING,
        "tasks": Counts(ready=8, running=2, done=10),
        "frames": frames,
        "frames_per_task": 1,
        "percent": 52.5,
    }
    return BlockView(**given | fields)


def job(job_id: int = 1, name: str = "shot", **fields: Any) -> JobView:
    blocks: tuple[BlockView, ...] = fields.pop("blocks", (block(),))
    given: dict[str, Any] = {
        "job_id": job_id,
        "name": name,
        "user": "ada",
        "host": "desk",
        "state": JobState.RUNNING,
        "priority": 99,
        "branch": "/",
        "tasks": blocks[0].tasks,
        "percent": blocks[0].percent,
        "blocks": blocks,
        "created": NOW - 300,
        "started": NOW - 200,
    }
    return JobView(**given | fields)


def task(number: int = 0, state: TaskState = TaskState.RUNNING, **fields: Any) -> TaskView:
    given: dict[str, Any] = {
        "job_id": 1,
        "block": 0,
        "task": number,
        "name": f"frame {number + 1}",
        "state": state,
        "worker": "node1",
        "started": NOW - 10,
        "run_id": 100 + number,
        "percent": 40,
    }
    return TaskView(**given | fields)


def run(number: int = 0, status: RunStatus | None = None, **fields: Any) -> RunView:
    given: dict[str, Any] = {
        "run_id": 100 + number,
        "job_id": 1,
        "block": 0,
        "task": number,
        "attempt": 1,
        "worker_id": 1,
        "worker": "node1",
        "started": NOW - 10,
    }
    if status is not None:
        given |= {"ended": NOW - 1, "result": RunResult(status=status, exit_code=1)}
    else:
        given |= {"progress": Progress(run_id=given["run_id"], percent=40)}
    return RunView(**given | fields)


def detail(*runs: RunView, **fields: Any) -> TaskDetail:
    view: TaskView = fields.pop("task", task(3))
    given: dict[str, Any] = {
        "task": view,
        "command": ("render", "--frame", "4", "my scene.blend"),
        "working_directory": "/shots",
        "files": ("out.0004.exr",),
        "runs": runs,
    }
    return TaskDetail(**given | fields)


def thumbnail(number: int = 0, name: str = "beauty.exr") -> ThumbnailView:
    """Of the task of this number, whose run is as `run` has it."""
    return ThumbnailView(
        run_id=100 + number,
        block=0,
        task=number,
        number=1,
        name=name,
        size_bytes=1_000,
        made=NOW - 5 - number,
    )


def worker(worker_id: int = 1, name: str = "node1", **fields: Any) -> WorkerView:
    given: dict[str, Any] = {
        "worker_id": worker_id,
        "name": name,
        "state": WorkerState.BUSY,
        "presence": Presence.ONLINE,
        "spec": WorkerSpec(),
        "traits": Traits(cpu_cores=8, memory_mb=32_000),
        "pool": "/",
        "capacity": 1_000,
        "capacity_used": 1_000,
        "max_tasks": 4,
        "runs": (run(3),),
        "resources": Resources(cpu_idle=25, mem_total_mb=32_000, mem_free_mb=16_000),
    }
    return WorkerView(**given | fields)
