"""Reads a running farm, so that a plan can go on from there."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from itertools import islice
from math import log
from statistics import median
from typing import Final

from msgspec.structs import replace

import grange.client
from grange.client.requests import branches, jobs, pools, tasks, users
from grange.core.records import (
    BlockRecord,
    BranchRecord,
    ChunkRecord,
    JobRecord,
    NamesRecord,
    PoolRecord,
    Record,
    RunRecord,
    Snapshot,
    UserRecord,
    WorkerRecord,
)
from grange.core.tasks import CHUNK
from grange.model.ids import JobId, RunId, WorkerId
from grange.model.spec import BlockSpec, TaskSpec
from grange.model.states import FINISHED, JobState, Presence, TaskState
from grange.model.views import BlockView, JobDetail, JobView, WorkerView
from grange.sim.forecast import Pace, Picture

PAGE: Final = 500  # jobs asked for at once
SAMPLE: Final = 200  # finished tasks of a block that its pace is learnt from
BLOCKS: Final = 10  # blocks of a service that are looked at where a block has none of its own
SPAN_MIN_S: Final = 0.001
SIGMA_MAX: Final = 2.0
SPREAD: Final = 1.2816  # standard deviations below which are nine tenths

_Paces = dict[tuple[int, int], Pace]
_LastRuns = dict[tuple[int, int, int], RunId]


def read_farm(client: grange.client.Client, task_s: float) -> Picture:
    """Ask a farm for all that a plan needs.

    Args:
        client: of the farm.
        task_s: what a task takes where nothing like it has finished.
    """
    now = client.summary().now
    views = list(_jobs(client))
    wanted = [view.job_id for view in views if view.state is not JobState.DONE]
    found = [client.send(jobs.detail(job_id)) for job_id in reversed(wanted)]
    machines = client.workers()
    states = {
        (detail.job.job_id, block.number): client.send(
            tasks.states(detail.job.job_id, block.number)
        )
        for detail in found
        for block in detail.job.blocks
    }
    runs = list(_runs(machines, found))
    return Picture(
        now=now,
        snapshot=_snapshot(client, found, machines, states, runs),
        paces=_paces(client, views, found, task_s),
        lefts={
            detail.job.job_id: sum(
                state not in FINISHED
                for block in detail.job.blocks
                for state in states[detail.job.job_id, block.number]
            )
            for detail in found
        },
        progress={
            run.run_id: run.progress.percent / 100
            for machine in machines
            for run in machine.runs
            if run.progress is not None and run.progress.percent > 0
        },
    )


def _jobs(client: grange.client.Client) -> Iterator[JobView]:
    """All jobs, the newest first."""
    after: int | None = None
    while True:
        page = client.send(jobs.listed(hidden=True, limit=PAGE, after=after))
        yield from page
        if len(page) < PAGE:
            return
        after = page[-1].job_id


def _snapshot(
    client: grange.client.Client,
    found: Sequence[JobDetail],
    machines: Sequence[WorkerView],
    states: dict[tuple[int, int], tuple[TaskState, ...]],
    runs: list[RunRecord],
) -> Snapshot:
    """The farm's records, as they would be on its disk."""
    records: list[Record] = [
        BranchRecord(path=item.path, spec=item.spec, created=item.created)
        for item in client.send(branches.listed())
    ]
    records += [
        UserRecord(user=item.user, spec=item.spec, created=item.created)
        for item in client.send(users.listed())
    ]
    records += [
        PoolRecord(path=item.path, spec=item.spec, created=item.created)
        for item in client.send(pools.listed())
    ]
    records += map(_worker, machines)
    last_run: _LastRuns = {(run.job_id, run.block, run.task): run.run_id for run in runs}
    for place, detail in enumerate(found):
        records += _job(detail, place, states, last_run)
    last_ids = {
        "job": max((detail.job.job_id for detail in found), default=0),
        "run": max((run.run_id for run in runs), default=0),
        "worker": max((machine.worker_id for machine in machines), default=0),
    }
    return Snapshot(last_ids=last_ids, records=[*records, *runs])


def _worker(view: WorkerView) -> WorkerRecord:
    return WorkerRecord(
        worker_id=WorkerId(view.worker_id),
        name=view.name,
        spec=view.spec,
        traits=view.traits,
        boot_id="as it is",
        pool=view.pool,
        registered=view.registered,
        seen=view.seen,
        online=view.presence is not Presence.OFFLINE,
        sick=view.sick,
    )


def _job(
    detail: JobDetail,
    place: int,
    states: dict[tuple[int, int], tuple[TaskState, ...]],
    last_run: _LastRuns,
) -> Iterator[Record]:
    view, spec = detail.job, detail.spec
    job_id = JobId(view.job_id)
    yield JobRecord(
        job_id=job_id,
        spec=replace(spec, blocks=(), depend_jobs=detail.waits_for),
        user=view.user,
        created=view.created,
        started=view.started,
        position=place,
        try_next=detail.try_next,
    )
    for block in view.blocks:
        asked = _block_spec(detail, block)
        yield BlockRecord(
            job_id=job_id,
            block=block.number,
            spec=replace(asked, tasks=()),
            pre_for=-1 if block.pre else None,
            named=len(asked.tasks),
            run_time_sum=0.0,
            started=block.started,
            done=block.done,
        )
        for first in range(0, len(asked.tasks), CHUNK):
            part, number = asked.tasks[first : first + CHUNK], first // CHUNK
            yield NamesRecord(job_id=job_id, block=block.number, number=number, tasks=part)
        yield from _chunks(job_id, block.number, states[job_id, block.number], last_run)


def _block_spec(detail: JobDetail, block: BlockView) -> BlockSpec:
    """What a block asks for; one that was made of a pre command asks for little."""
    if block.pre:
        return BlockSpec(name=block.name, tasks=(TaskSpec(name="pre"),))
    return detail.spec.blocks[block.number]


def _chunks(
    job_id: JobId,
    block: int,
    states: tuple[TaskState, ...],
    last_run: _LastRuns,
) -> Iterator[ChunkRecord]:
    """The states of tasks; one that is said to run, but by nobody, is ready."""
    for first in range(0, len(states), CHUNK):
        part = range(first, min(first + CHUNK, len(states)))
        runs = [last_run.get((job_id, block, task), RunId(0)) for task in part]
        known = [
            TaskState.RUNNING if run else _at_rest(states[task])
            for task, run in zip(part, runs, strict=True)
        ]
        zeros = bytes(len(known))
        columns = b"".join(
            (
                *(bytes(known), zeros, zeros),
                *(array("H", [1] * len(known)).tobytes(), array("Q", runs).tobytes()),
            )
        )
        yield ChunkRecord(job_id=job_id, block=block, number=first // CHUNK, columns=columns)


def _at_rest(state: TaskState) -> TaskState:
    return TaskState.READY if state is TaskState.RUNNING else state


def _runs(machines: Sequence[WorkerView], found: Sequence[JobDetail]) -> Iterator[RunRecord]:
    """What runs now, of the jobs that were read."""
    details = {detail.job.job_id: detail for detail in found}
    for machine in machines:
        for run in machine.runs:
            detail = details.get(run.job_id)
            if detail is not None:
                spec = _block_spec(detail, detail.job.blocks[run.block])
                yield RunRecord(
                    run_id=RunId(run.run_id),
                    job_id=JobId(run.job_id),
                    block=run.block,
                    task=run.task,
                    attempt=run.attempt,
                    worker_id=WorkerId(machine.worker_id),
                    worker=machine.name,
                    started=run.started,
                    part=run.part,
                    helps=RunId(run.helps),
                    capacity=spec.capacity * max(1, spec.capacity_coeff_min),
                )


def _paces(
    client: grange.client.Client,
    views: Sequence[JobView],
    found: Sequence[JobDetail],
    task_s: float,
) -> _Paces:
    """How long tasks take: as in the same block, else as in others of the same service."""
    paces: _Paces = {}
    open_blocks = [(detail.job.job_id, block) for detail in found for block in detail.job.blocks]
    for job_id, block in open_blocks:
        if spans := _spans(client, job_id, block):
            paces[job_id, block.number] = _pace(spans)
    lacking = {
        block.service for job_id, block in open_blocks if (job_id, block.number) not in paces
    }
    others = {service: _of_service(client, views, service) for service in sorted(lacking)}
    unknown = Pace(median_s=max(SPAN_MIN_S, task_s))
    for job_id, block in open_blocks:
        if (job_id, block.number) not in paces:
            spans = others[block.service]
            paces[job_id, block.number] = _pace(spans) if spans else unknown
    return paces


def _of_service(
    client: grange.client.Client, views: Sequence[JobView], service: str
) -> list[float]:
    """How long tasks of a service took lately: of the newest blocks with any that are done."""
    blocks = (
        (view.job_id, block)
        for view in views
        for block in view.blocks
        if block.service == service and block.tasks.done
    )
    return [span for place in islice(blocks, BLOCKS) for span in _spans(client, *place)]


def _spans(client: grange.client.Client, job_id: int, block: BlockView) -> list[float]:
    """How long tasks of a block took, in seconds; of some that are done."""
    if not block.tasks.done:
        return []
    request = tasks.listed(job_id, block.number, limit=SAMPLE, state="done")
    done = [task for task in client.send(request).tasks if task.started and task.ended]
    return [max(SPAN_MIN_S, task.ended - task.started) for task in done]


def _pace(spans: Sequence[float]) -> Pace:
    """Median and spread; of one or two runs, no spread is known."""
    middle = median(spans)
    high = sorted(spans)[int(0.9 * len(spans))]
    sigma = min(SIGMA_MAX, log(high / middle) / SPREAD) if len(spans) > 2 else 0.0
    return Pace(median_s=middle, sigma=sigma, known=len(spans))
