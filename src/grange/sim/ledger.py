"""Keeps the books: takes what the farm has committed, has it checked and measured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from math import log
from random import Random

from msgspec.structs import replace

from grange.core.effects import Outcome, StartRun
from grange.core.events import (
    Event,
    JobDeleted,
    JobDone,
    JobFailed,
    JobSubmitted,
    RunEnded,
    TaskChanged,
)
from grange.core.farm import Farm
from grange.model.ids import JobId
from grange.model.run import RunSpec
from grange.model.spec import BlockSpec
from grange.model.states import RUN_OK, RUN_UNCOUNTED, TaskState
from grange.sim.agenda import Agenda
from grange.sim.books import BlockEntry, Books, Flight, JobEntry, Machine
from grange.sim.checks import Checks
from grange.sim.drafts import UNKNOWN, Draft
from grange.sim.measure import Measures

_RARE = (JobSubmitted, JobDone, JobFailed, JobDeleted)


class Ledger:
    """Takes news, in order.

    Args:
        agenda: the clock.
        rng: decides which tasks can never succeed.
        books: what is kept.
        checks: looks at each start.
        measures: counts.
        farm: gives the farm as it is now.
        haste: all tasks take this part of their time.

    Attributes:
        statuses: how runs ended.
        runs: given out so far.
        jobs: so far.
        acknowledged: jobs whose sender knows of them.
    """

    def __init__(
        self,
        agenda: Agenda,
        rng: Random,
        books: Books,
        checks: Checks,
        measures: Measures,
        farm: Callable[[], Farm],
        haste: float,
    ) -> None:
        self.statuses: Counter[str] = Counter()
        self.runs = 0
        self.jobs = 0
        self.acknowledged: set[JobId] = set()
        self._agenda = agenda
        self._rng = rng
        self._books = books
        self._checks = checks
        self._measures = measures
        self._farm = farm
        self._haste = haste

    def take(self, out: Outcome) -> None:
        """Book what one command, or a dispatch, led to."""
        for event in out.events:
            kind = type(event)
            if kind is TaskChanged:
                self._task_changed(event)  # type: ignore[arg-type]
            elif kind is RunEnded:
                self._run_ended(event)  # type: ignore[arg-type]
            elif kind in _RARE:
                self._rare(event)
        for effect in out.effects:
            if type(effect) is StartRun:
                self._run_started(self._books.machines[effect.worker_id], effect.run)

    def _task_changed(self, event: TaskChanged) -> None:
        if event.state == TaskState.READY:
            job = self._books.jobs.get(event.job_id)
            if job is not None:
                job.blocks[event.block].ready[event.task] = self._agenda.now

    def _run_started(self, machine: Machine, run: RunSpec) -> None:
        job = self._books.jobs[run.job_id]
        flight = Flight(
            run.run_id,
            job,
            run.block,
            run.task,
            machine,
            self._agenda.now,
            run.capacity * max(1, run.capacity_coeff),
            max(0, run.need_memory_mb),
            run.gpus,
            run.tickets,
            run.helps,
        )
        self.runs += not run.helps
        other = self._books.take_off(flight)
        if other is not None:
            self._checks.believed_twice(flight, other)
        self._checks.started(flight)
        if run.helps:
            self._measures.serves(flight)
        else:
            self._measures.started(flight, self._ready_since(job, run.block, run.task))

    def _ready_since(self, job: JobEntry, number: int, task: int) -> float:
        """Since when a task could have started, but for limits and machines."""
        block = job.blocks[number]
        since = block.ready.pop(task, 0.0)
        if block.floor is None:
            blocks = self._farm().state.jobs[job.job_id].blocks
            block.floor = max((blocks[other].done for other in block.after), default=0.0)
        return max(since, block.floor, job.floor)

    def _run_ended(self, event: RunEnded) -> None:
        flight = self._books.land(event.run_id)
        status = event.status
        self.statuses[status] += 1
        self._measures.ended(flight)
        block = flight.job.blocks[flight.block]
        if status in RUN_OK:
            if not flight.helps:
                block.done.add(flight.task)
        elif status not in RUN_UNCOUNTED:
            block.failed_on.add(flight.machine.name)

    def _rare(self, event: Event) -> None:
        now = self._agenda.now
        match event:
            case JobSubmitted():
                if event.job_id not in self._books.jobs:
                    self._adopt(event.job_id)
            case JobDone():
                job = self._books.jobs[event.job_id]
                self._books.finish(job, now)
                self._measures.done(job)
            case JobFailed():
                self._books.jobs[event.job_id].failed = True
            case JobDeleted():
                self._books.drop_job(event.job_id, now)
                self.acknowledged.discard(event.job_id)
            case _:
                raise AssertionError(f"{event} is not rare")

    def submitted(self, job_id: JobId, draft: Draft, user: str) -> None:
        """A job is on the disk."""
        spec = draft.spec
        blocks = []
        for number, (block, work) in enumerate(zip(spec.blocks, draft.works, strict=True)):
            after = _after(spec.blocks, number)
            entry = BlockEntry(block, work, log(work.median_s / self._haste), after)
            size = block.space().size
            if self._rng.random() < size * work.broken:
                entry.broken.add(self._rng.randrange(size))
            blocks.append(entry)
        now = self._agenda.now
        job = JobEntry(job_id, draft.kind, spec, user, now, max(now, spec.wait_until), blocks)
        self.jobs += 1
        self._books.add_job(job)
        self._measures.submitted(job)

    def _adopt(self, job_id: JobId) -> None:
        """Take a job that the farm made itself: post commands of one that was deleted."""
        made = self._farm().state.jobs[job_id]
        blocks = tuple(replace(item.spec, tasks=tuple(item.named)) for item in made.blocks)
        draft = Draft("post commands", replace(made.spec, blocks=blocks), (UNKNOWN,) * len(blocks))
        self.submitted(job_id, draft, made.user)


def _after(blocks: Sequence[BlockSpec], number: int) -> tuple[int, ...]:
    """Blocks that must be finished before one begins: our masks are names."""
    mask = blocks[number].depend_mask
    return tuple(n for n, block in enumerate(blocks) if mask and block.name == mask)
