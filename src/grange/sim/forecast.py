"""When will the jobs of a farm be done: as it stands, and with more or fewer workers.

The real farm is put together from what it shows, and goes on by its own rules. Every task
takes in both cases the same time, drawn around what tasks of its block took until now.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import log
from random import Random
from typing import Final

import msgspec
from msgspec.structs import replace

from grange.core import commands as c
from grange.core.effects import StartRun
from grange.core.farm import Farm
from grange.core.records import JobRecord, RunRecord, Snapshot, WorkerRecord
from grange.model.ids import JobId, RunId, WorkerId
from grange.model.run import RunResult
from grange.model.states import RunStatus
from grange.sim.agenda import Agenda

HORIZON_S: Final = 100 * 366 * 86_400.0  # what takes longer is never done
LONG_S: Final = 2.0**31  # as a run's own word: none that succeeds here came too soon
LEFT_MIN_S: Final = 1.0  # of a run that has taken longer than it should


class NoneLike(Exception):
    """There is no worker of that name, or too few to take away; the text says which."""


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """How long the tasks of a block take."""

    median_s: float
    sigma: float = 0.0  #: spread of the logarithm
    known: int = 0  #: runs that this was learnt from


class Picture(msgspec.Struct, kw_only=True):
    """A farm as it is.

    Attributes:
        now: epoch seconds.
        snapshot: its records, those of runs included.
        progress: how much of a run is done, 0-1, where that is known.
        paces: by job and block.
        lefts: unfinished tasks of each job that is not done: in the order of the list.
    """

    now: float
    snapshot: Snapshot
    paces: dict[tuple[int, int], Pace]
    lefts: dict[int, int]
    progress: dict[int, float] = {}


class JobPlan(msgspec.Struct, frozen=True, kw_only=True):
    """When one job will be done; None: not by itself."""

    job_id: int
    name: str
    user: str
    left: int  #: tasks
    now_done: float | None  #: epoch seconds, with the workers that there are
    then_done: float | None  #: with the change
    guessed: bool  #: some of it stands on `--task-time` alone


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """When the jobs of a farm will be done."""

    now: float
    workers: int  #: that can be given work
    change: int
    like: str
    jobs: tuple[JobPlan, ...]


def forecast(picture: Picture, change: int, like: str, seed: int) -> Plan:
    """Let the farm run to the end, twice where a change is asked for.

    Args:
        picture: the farm.
        change: so many workers more, or fewer where it is negative.
        like: name of a worker of the kind that is meant; "" the most frequent kind.
        seed: where chance comes from.

    Raises:
        NoneLike: no such worker, or too few of its kind.
    """
    workers = [r for r in picture.snapshot.records if isinstance(r, WorkerRecord) and r.online]
    model = _model(workers, like) if change else None
    as_is = _Run(picture, seed).run()
    then = as_is
    if model is not None:
        gone = _to_go(workers, model, -change, picture) if change < 0 else frozenset()
        then = _Run(picture, seed, gone, _more(model, change)).run()
    jobs = {r.job_id: r for r in picture.snapshot.records if isinstance(r, JobRecord)}
    return Plan(
        now=picture.now,
        workers=len(workers),
        change=change,
        like="" if model is None else model.name,
        jobs=tuple(
            JobPlan(
                job_id=job_id,
                name=jobs[JobId(job_id)].spec.name,
                user=jobs[JobId(job_id)].user,
                left=left,
                now_done=as_is.get(job_id),
                then_done=then.get(job_id),
                guessed=any(not p.known for at, p in picture.paces.items() if at[0] == job_id),
            )
            for job_id, left in picture.lefts.items()
        ),
    )


def _kind(worker: WorkerRecord) -> tuple[object, ...]:
    traits = worker.traits
    sizes = (traits.os, traits.cpu_cores, traits.memory_mb, traits.gpus, traits.services)
    return (worker.pool, *sizes, worker.spec.capacity_host, worker.spec.max_tasks_host)


def _model(workers: Sequence[WorkerRecord], like: str) -> WorkerRecord:
    """The worker whose kind is meant."""
    if not workers:
        raise NoneLike("no worker is online: there is none to be like")
    if like:
        for worker in workers:
            if worker.name == like:
                return worker
        raise NoneLike(f"no worker {like!r} is online; one of {_names(workers)}")
    kinds = Counter(map(_kind, workers))
    (most, _), *_ = kinds.most_common(1)
    return next(worker for worker in workers if _kind(worker) == most)


def _names(workers: Sequence[WorkerRecord]) -> str:
    shown = ", ".join(worker.name for worker in workers[:5])
    return shown + (", ..." if len(workers) > 5 else "")


def _more(model: WorkerRecord, change: int) -> list[WorkerRecord]:
    """Further workers of a kind; their names fit the same masks as far as names can."""
    return [
        replace(
            model,
            name=f"{model.name}.more{number + 1}",
            worker_id=WorkerId(0),
            spec=replace(model.spec, pool=model.pool),
        )
        for number in range(change)
    ]


def _to_go(
    workers: Sequence[WorkerRecord], model: WorkerRecord, count: int, picture: Picture
) -> frozenset[WorkerId]:
    """Workers to do without: of that kind, those with the least to lose first."""
    records = picture.snapshot.records
    busy = Counter(r.worker_id for r in records if isinstance(r, RunRecord))
    alike = [worker for worker in workers if _kind(worker) == _kind(model)]
    if len(alike) < count:
        raise NoneLike(f"only {len(alike)} workers are like {model.name}, not {count}")
    alike.sort(key=lambda worker: (busy[worker.worker_id], -worker.worker_id))
    return frozenset(worker.worker_id for worker in alike[:count])


class _Run:
    """One farm, run until nothing moves."""

    def __init__(
        self,
        picture: Picture,
        seed: int,
        gone: frozenset[WorkerId] = frozenset(),
        more: Sequence[WorkerRecord] = (),
    ) -> None:
        self._picture = picture
        self._seed = seed
        self._agenda = Agenda(picture.now)
        self._farm = Farm.restore(picture.snapshot, picture.now)
        self._done: dict[int, float] = {}
        held: dict[WorkerId, list[RunRecord]] = {}
        for record in picture.snapshot.records:
            if isinstance(record, RunRecord):
                held.setdefault(record.worker_id, []).append(record)
        for worker in picture.snapshot.records:
            if isinstance(worker, WorkerRecord) and worker.online:
                if worker.worker_id in gone:
                    self._farm.apply(c.LoseWorker(worker_id=worker.worker_id), picture.now)
                else:
                    self._take_over(worker, held.get(worker.worker_id, []))
        for worker in more:
            self._add(worker)

    def _take_over(self, worker: WorkerRecord, runs: list[RunRecord]) -> None:
        """A worker goes on with what it has."""
        self._join(worker, tuple(run.run_id for run in runs))
        for run in runs:
            takes = self._seconds(run.job_id, run.block, run.task)
            part = self._picture.progress.get(run.run_id)
            ran = self._picture.now - run.started
            left = takes * (1 - part) if part is not None else takes - ran
            at = self._picture.now + max(LEFT_MIN_S, left)
            self._agenda.at(at, self._end, run.worker_id, run.run_id)

    def _join(self, worker: WorkerRecord, runs: tuple[RunId, ...] = ()) -> WorkerId:
        hello = c.JoinWorker(
            name=worker.name, boot_id=worker.boot_id, traits=worker.traits, runs=runs
        )
        reply = self._farm.apply(hello, self._picture.now).reply
        assert isinstance(reply, c.Joined)
        return reply.worker_id

    def _add(self, worker: WorkerRecord) -> None:
        worker_id = self._join(worker)
        changes = msgspec.to_builtins(worker.spec)
        self._farm.apply(c.EditWorker(worker_id=worker_id, changes=changes), self._picture.now)

    def _seconds(self, job_id: int, block: int, task: int) -> float:
        """What a task takes: the same in every run of it."""
        pace = self._picture.paces.get((job_id, block), Pace(median_s=1.0))
        rng = Random(f"{self._seed} {job_id}/{block}/{task}")
        return rng.lognormvariate(log(pace.median_s), pace.sigma)

    def run(self) -> dict[int, float]:
        """When which job is done."""
        agenda, end = self._agenda, self._picture.now + HORIZON_S
        self._dispatch()
        while True:
            times = [at for at in (agenda.next(), self._farm.next_deadline()) if at is not None]
            if not times or min(times) > end:
                return self._done
            if agenda.next() == min(times):
                agenda.step()
            else:
                agenda.now = max(agenda.now, min(times))
            self._dispatch()

    def _dispatch(self) -> None:
        now = self._agenda.now
        for effect in self._farm.dispatch(now).effects:
            if isinstance(effect, StartRun):
                run = effect.run
                if run.helps:
                    continue  # it ends with the task that it serves
                at = now + self._seconds(run.job_id, run.block, run.task)
                self._agenda.at(at, self._end, effect.worker_id, run.run_id)

    def _end(self, worker_id: WorkerId, run_id: RunId) -> None:
        run = self._farm.state.runs.get(run_id)
        if run is None:
            return
        result = RunResult(status=RunStatus.DONE, duration_s=LONG_S)
        end = c.EndRun(worker_id=worker_id, run_id=run_id, result=result)
        self._farm.apply(end, self._agenda.now)
        self._farm.take_dirty()
        job = self._farm.state.jobs.get(JobId(run.job_id))
        if job is not None and job.done:
            self._done[run.job_id] = job.done
