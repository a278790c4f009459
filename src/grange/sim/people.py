"""What people do, and when: they send jobs, mend them, change their minds, and go home."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Final

from grange.core import commands as c
from grange.model.ids import JobId
from grange.model.spec import JobSpec
from grange.model.states import TaskFilter, TaskOp
from grange.sim.agenda import DAY_S, HOUR_S, MINUTE_S, Agenda, is_workday
from grange.sim.books import Books, JobEntry, Machine
from grange.sim.drafts import Draft, drafts
from grange.sim.server import Server
from grange.sim.studio import DAY_BEGINS_H, DAY_ENDS_H, Person

WEEKEND: Final = 0.12  # of a workday's jobs
TIDY_H: Final = 5.0  # when the wrangler's script deletes what was done long ago
ROUND_H: Final = 9.0  # when the wrangler goes round
KEEP_S: Final = 1.0 * DAY_S  # a job that is done is kept so long
KEEP_FAILED_S: Final = 2.0 * DAY_S  # one with failed tasks
REGRET_S: Final = (10 * MINUTE_S, 90 * MINUTE_S)  # after which the careless send it again
REGRETS: Final = 3
AWAY: Final = 0.1  # of the workstations stay free on a workday
EJECTS: Final = 0.4  # of those who come find a task on their machine and throw it out
ANSWER_S: Final = 5.0  # without an answer, after which a client asks again with its token


class People:
    """Everybody who gives the farm orders.

    Args:
        agenda: the clock.
        rng: where chance comes from.
        server: whom they ask.
        books: what they see.
        everybody: those who send jobs.
        nodes: machines of the studio.
        submitted: told of each job that is on the disk, its draft and its sender.
        acknowledged: told of each job that its sender knows of.
        seated: told when somebody sits down at a workstation or leaves it.
        tally: counts what happens.
        again: whether a server may die, so that clients ask twice.
        haste: so many times the jobs.
    """

    def __init__(
        self,
        agenda: Agenda,
        rng: Random,
        server: Server,
        books: Books,
        everybody: list[Person],
        nodes: int,
        *,
        submitted: Callable[[JobId, Draft, str], None],
        acknowledged: Callable[[JobId], None],
        seated: Callable[[Machine, bool], None],
        tally: Counter[str],
        again: bool,
        haste: float,
    ) -> None:
        self._agenda = agenda
        self._rng = rng
        self._server = server
        self._books = books
        self._everybody = everybody
        self._nodes = nodes
        self._submitted = submitted
        self._acknowledged = acknowledged
        self._seated = seated
        self._tally = tally
        self._again = again
        self._haste = haste
        self._serial = 0

    def begin_day(self) -> None:
        """Decide on a whole day, at midnight."""
        midnight = self._agenda.now
        workday = is_workday(midnight)
        for person in self._everybody:
            self._plan(person, midnight, 1.0 if workday else WEEKEND)
        self._agenda.at(midnight + TIDY_H * HOUR_S, self._tidy)
        self._agenda.at(midnight + ROUND_H * HOUR_S, self._go_round)
        if workday:
            for machine in self._books.machines.values():
                if machine.kind.nights and self._rng.random() >= AWAY:
                    come = midnight + (DAY_BEGINS_H + self._rng.gauss(0, 0.4)) * HOUR_S
                    leave = midnight + (DAY_ENDS_H + self._rng.gauss(0, 0.7)) * HOUR_S
                    self._agenda.at(come, self._come, machine)
                    self._agenda.at(leave, self._leave, machine)
        self._agenda.at(midnight + DAY_S, self.begin_day)

    def _plan(self, person: Person, midnight: float, factor: float) -> None:
        rng, trade = self._rng, person.trade
        for _ in range(_poisson(rng, trade.jobs * person.rate * factor * self._haste)):
            if rng.random() < trade.evening:
                hour = rng.gauss(DAY_ENDS_H - 0.5, 0.6)
            else:
                hour = rng.uniform(DAY_BEGINS_H, DAY_ENDS_H)
            self._agenda.at(midnight + hour * HOUR_S, self._send, person)
        if trade.name == "juggler" and factor == 1.0:
            for hour in range(10, 19):
                at = midnight + (hour + rng.random()) * HOUR_S
                self._agenda.at(at, self._juggle, person)

    # --- jobs

    def _send(self, person: Person) -> None:
        self._serial += 1
        found = drafts(self._rng, person, self._serial, self._agenda.now, self._nodes)
        for number, draft in enumerate(found):
            self._submit(person, draft, f"{self._serial}.{number}")
        if person.trade.name == "careless":
            self._regret_later(person, found[0].spec.name, REGRETS)

    def _submit(self, person: Person, draft: Draft, token: str) -> None:
        command = c.SubmitJob(
            spec=draft.spec, user=person.name, token=token if self._again else ""
        )
        answers: list[object] = []

        def answered(reply: object) -> None:
            assert isinstance(reply, c.Submitted)
            answers.append(reply)
            self._tally["submissions sent again"] += reply.again
            self._acknowledged(reply.job_id)

        def ask_again() -> None:
            if not answers:
                self._submit(person, draft, token)

        def booked(reply: object) -> None:
            assert isinstance(reply, c.Submitted)
            if not reply.again:
                self._submitted(reply.job_id, draft, person.name)

        self._server.ask(command, answered, booked)
        if self._again:
            self._agenda.at(self._agenda.now + ANSWER_S, ask_again)

    def _regret_later(self, person: Person, name: str, left: int) -> None:
        at = self._agenda.now + self._rng.uniform(*REGRET_S)
        self._agenda.at(at, self._regret, person, name, left)

    def _regret(self, person: Person, name: str, left: int) -> None:
        """Delete a job and send it anew, a little different."""
        for job in self._own(person.name):
            if job.spec.name == name and not job.finished:
                self._delete(job.job_id)
                self._tally["jobs sent anew"] += 1
                self._serial += 1
                (draft,) = drafts(self._rng, person, self._serial, self._agenda.now, self._nodes)
                self._submit(person, draft, f"{self._serial}.0")
                if left > 1:
                    self._regret_later(person, draft.spec.name, left - 1)

    def _own(self, user: str) -> list[JobEntry]:
        return [self._books.jobs[job_id] for job_id in self._books.by_user.get(user, ())]

    def _delete(self, job_id: JobId) -> None:
        self._server.ask(c.DeleteJob(job_id=job_id))

    # --- changes of mind

    def _juggle(self, person: Person) -> None:
        """Do something to one of one's own jobs."""
        jobs = [job for job in self._own(person.name) if not job.finished]
        if not jobs:
            return
        job = self._rng.choice(jobs)
        trick = self._rng.choice(
            (self._raise, self._raise, self._move, self._pause, self._try_next, self._operate)
        )
        trick(person, job)
        self._tally["changes of mind"] += 1

    def _raise(self, person: Person, job: JobEntry) -> None:
        priority = self._rng.choice((60, 90, 99, 110, 140))
        self._server.ask(c.EditJob(job_id=job.job_id, changes={"priority": priority}))

    def _move(self, person: Person, job: JobEntry) -> None:
        command = c.MoveJobs(user=person.name, job_ids=(job.job_id,), where="top")
        self._server.ask(command)

    def _pause(self, person: Person, job: JobEntry) -> None:
        self._server.ask(c.PauseJob(job_id=job.job_id, paused=True))
        self._agenda.at(self._agenda.now + 30 * MINUTE_S, self._let_go, job)

    def _let_go(self, job: JobEntry) -> None:
        """Nothing holds a job back any more but the farm itself."""

        def booked(_: object) -> None:
            job.floor = self._agenda.now

        self._server.ask(c.PauseJob(job_id=job.job_id, paused=False), None, booked)

    def _try_next(self, person: Person, job: JobEntry) -> None:
        size = job.blocks[0].spec.space().size
        tasks = tuple(self._rng.sample(range(size), min(3, size)))
        self._server.ask(c.TryNext(job_id=job.job_id, block=0, tasks=tasks))

    def _operate(self, person: Person, job: JobEntry) -> None:
        """Stop, restart, skip or hold back a few frames."""
        size = job.blocks[0].spec.space().size
        first = self._rng.randrange(size)
        span = (first, min(size - 1, first + 5))
        op = self._rng.choice((TaskOp.STOP, TaskOp.RESTART, TaskOp.SKIP, TaskOp.SUSPEND))
        self._change(job, op, span)
        if op is TaskOp.SUSPEND:
            later = self._agenda.now + HOUR_S
            self._agenda.at(later, self._change, job, TaskOp.CONTINUE, span)

    def _change(self, job: JobEntry, op: TaskOp, span: tuple[int, int]) -> None:
        def booked(_: object) -> None:
            if op is TaskOp.RESTART:
                block = job.blocks[0]
                block.done.difference_update(range(span[0], span[1] + 1))
                self._books.reopen(job)

        command = c.ChangeTasks(job_id=job.job_id, op=op, block=0, tasks=(span,))
        self._server.ask(command, None, booked)

    # --- the wrangler

    def _go_round(self) -> None:
        """Heal machines, try failed frames once more, approve previews, reboot what is odd."""
        if not self._server.up:
            return
        state = self._server.farm.state
        for machine in self._books.machines.values():
            worker = state.workers.get(machine.worker_id)
            if worker is not None and worker.sick:
                self._tally["sick machines healed"] += 1
                machine.bad_until = 0.0
                self._server.ask(c.HealWorker(worker_id=machine.worker_id))
        for job in list(self._books.live.values()):
            if job.failed:
                job.failed = False
                self._tally["jobs tried again"] += 1
                command = c.ChangeTasks(
                    job_id=job.job_id, op=TaskOp.RESTART, only=TaskFilter.FAILED
                )
                self._server.ask(command)
            self._approve(job, state.jobs[job.job_id].spec)

    def _approve(self, job: JobEntry, spec: JobSpec) -> None:
        """Let the rest of a preview be rendered, and what was forgotten in a pause."""
        if spec.preview_approval:
            self._server.ask(c.EditJob(job_id=job.job_id, changes={"preview_approval": False}))
        if spec.preview_approval or spec.paused:
            self._let_go(job)

    def _tidy(self) -> None:
        """Delete what was done long ago, and what never will be."""
        now = self._agenda.now
        for job in list(self._books.jobs.values()):
            old = job.finished and now - job.finished > KEEP_S
            if old or (job.failed and now - job.created > KEEP_FAILED_S):
                self._delete(job.job_id)

    # --- workstations

    def _come(self, machine: Machine) -> None:
        self._sit(machine, "nobody", taken=True)
        if machine.worker_id and self._rng.random() < EJECTS:
            self._server.ask(c.EjectWorker(worker_id=machine.worker_id))

    def _leave(self, machine: Machine) -> None:
        self._sit(machine, "free", taken=False)

    def _sit(self, machine: Machine, nimby: str, *, taken: bool) -> None:
        command = c.EditWorker(worker_id=machine.worker_id, changes={"nimby": nimby})
        self._server.ask(command, None, lambda _: self._seated(machine, taken))


def _poisson(rng: Random, mean: float) -> int:
    """A number of events, of which there are `mean` on average."""
    count, at = 0, rng.expovariate(1.0)
    while at <= mean:
        count += 1
        at += rng.expovariate(1.0)
    return count
