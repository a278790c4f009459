"""Builders: the least that a test must say."""

from __future__ import annotations

from typing import Any

from grange.core.commands import EndRun, Joined, JoinWorker, SubmitJob, Submitted
from grange.core.effects import StartRun
from grange.core.farm import Farm
from grange.model.ids import JobId, RunId, WorkerId
from grange.model.run import RunResult, RunSpec, Traits
from grange.model.spec import BlockSpec, JobSpec
from grange.model.states import RunStatus, TaskState

TRAITS = Traits(os="linux x86_64", cpu_cores=8, cpu_mhz=3_000, memory_mb=64_000, hdd_gb=500)


def block(frames: str = "1-4", **fields: Any) -> BlockSpec:
    """A block of frames that runs `render`."""
    fields.setdefault("command", ("render", "@#@"))
    return BlockSpec(frames=frames, **fields)


def job(*blocks: BlockSpec, **fields: Any) -> JobSpec:
    """A job; of one block of four frames unless blocks are given."""
    fields.setdefault("name", "job")
    return JobSpec(blocks=blocks or (block(),), **fields)


def submit(farm: Farm, spec: JobSpec | None = None, user: str = "ada", now: float = 0) -> JobId:
    """Submit a job."""
    reply = farm.apply(SubmitJob(spec=spec or job(), user=user), now).reply
    assert isinstance(reply, Submitted)
    return reply.job_id


def join(farm: Farm, name: str = "node", now: float = 0, **fields: Any) -> WorkerId:
    """Let a worker join."""
    fields.setdefault("traits", TRAITS)
    reply = farm.apply(JoinWorker(name=name, boot_id=fields.pop("boot", "b"), **fields), now).reply
    assert isinstance(reply, Joined)
    return reply.worker_id


def started(farm: Farm, now: float = 0) -> list[tuple[WorkerId, RunSpec]]:
    """Dispatch. The runs that were started."""
    effects = farm.dispatch(now).effects
    return [(item.worker_id, item.run) for item in effects if isinstance(item, StartRun)]


def end(
    farm: Farm,
    worker_id: WorkerId,
    run_id: RunId,
    status: RunStatus = RunStatus.DONE,
    now: float = 1,
) -> None:
    """Report the end of a run."""
    result = RunResult(status=status, duration_s=1.0)
    farm.apply(EndRun(worker_id=worker_id, run_id=run_id, result=result), now)


def run_all(farm: Farm, now: float = 0, most: int = 10_000) -> list[RunSpec]:
    """Let everything run and end well. The runs, in the order of their starts."""
    runs = []
    while (batch := started(farm, now)) and len(runs) < most:
        for worker_id, run in batch:
            end(farm, worker_id, run.run_id, now=now)
            runs.append(run)
    return runs


def states(farm: Farm, job_id: JobId, number: int = 0) -> list[TaskState]:
    """States of a block's tasks."""
    return [TaskState(value) for value in farm.state.jobs[job_id].blocks[number].tasks.state]
