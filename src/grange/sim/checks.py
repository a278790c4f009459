"""The promises, checked from outside: counted in the world's own books.

P1 a job that was acknowledged is there; P2 a result that is on the disk is not lost nor the
task run again; P3 one believed run for a task, and one process; P6 limits hold.
"""

from __future__ import annotations

from collections import Counter
from typing import Final, NamedTuple

from grange.core.state import FarmState
from grange.model.ids import JobId
from grange.model.states import FINISHED
from grange.sim.agenda import Agenda
from grange.sim.books import Books, Flight, JobEntry, Process, TaskKey
from grange.sim.studio import SHOWS, Person, licences, show_limit

KEPT: Final = 50  # violations that are told in full


class Violation(NamedTuple):
    """A promise that was broken."""

    promise: str
    at: float  #: epoch seconds
    text: str


class Checks:
    """Watches every start, end and restart.

    Args:
        agenda: the clock.
        books: what the world knows.
        everybody: who has which limit.
        nodes: machines of the studio, for its licences.

    Attributes:
        violations: the first `KEPT`.
        found: how many there were of each promise.
        checked: how often each promise was looked at.
        overlap_s: longest time that a process went on after a person had its task stopped and
            the task ran elsewhere: allowed, for it was told to stop.
    """

    def __init__(self, agenda: Agenda, books: Books, everybody: list[Person], nodes: int) -> None:
        self.violations: list[Violation] = []
        self.found: Counter[str] = Counter()
        self.checked: Counter[str] = Counter()
        self.overlap_s = 0.0
        self._agenda = agenda
        self._books = books
        self._licences = licences(nodes)
        self._shows = {path: show_limit(part, nodes) for path, _, _, part in SHOWS}
        self._most = {person.name: person.trade.most for person in everybody}
        self._rates = {
            person.name: person.trade.per_second
            for person in everybody
            if person.trade.per_second >= 0
        }
        self._starts: dict[str, tuple[int, int]] = {}
        self._processes: dict[TaskKey, Process] = {}
        self._stopped: dict[TaskKey, float] = {}  # second copies: since when

    def broken(self, promise: str, text: str) -> None:
        """Note a violation."""
        self.found[promise] += 1
        if len(self.violations) < KEPT:
            self.violations.append(Violation(promise, self._agenda.now, text))

    def started(self, flight: Flight) -> None:
        """A run is given out; the books have it already."""
        self.checked["P2"] += 1
        self.checked["P6"] += 1
        self._check_machine(flight)
        if flight.helps:
            return
        block = flight.job.blocks[flight.block]
        if flight.task in block.done:
            self.broken("P2", f"{_name(flight)} is given out, though its result is on the disk")
        self._check_limits(flight)

    def believed_twice(self, flight: Flight, other: Flight) -> None:
        """A run is given out while another of its task is not over."""
        self.broken("P3", f"{_name(flight)} is given out beside run {other.run_id}")

    def _check_machine(self, flight: Flight) -> None:
        machine, kind = flight.machine, flight.machine.kind
        if len(machine.believed) > kind.slots:
            self.broken("P6", f"{machine.name}: {len(machine.believed)} tasks of {kind.slots}")
        if machine.capacity_used > kind.capacity:
            self.broken("P6", f"{machine.name} gives {machine.capacity_used} of {kind.capacity}")
        if machine.memory_used_mb > kind.traits.memory_mb:
            self.broken("P6", f"{machine.name} gives {machine.memory_used_mb} MB: too much")
        if flight.gpus:
            given = [gpu for other in machine.believed.values() for gpu in other.gpus]
            if len(given) != len(set(given)) or not set(given) <= set(range(kind.traits.gpus)):
                self.broken("P6", f"{machine.name}: a GPU is given twice, or is none")

    def _check_limits(self, flight: Flight) -> None:
        books, job = self._books, flight.job
        block, show = job.blocks[flight.block], job.spec.branch
        if 0 <= block.spec.max_running_tasks < block.running:
            name = f"block {job.job_id}/{flight.block}"
            self._over_limit(name, block.running, block.spec.max_running_tasks)
        if 0 <= job.spec.max_running_tasks < job.running:
            self._over_limit(f"job {job.job_id}", job.running, job.spec.max_running_tasks)
        if 0 <= self._most.get(job.user, -1) < books.user_running[job.user]:
            self._over_limit(job.user, books.user_running[job.user], self._most[job.user])
        if 0 <= self._shows.get(show, -1) < books.show_running[show]:
            self._over_limit(show, books.show_running[show], self._shows[show])
        for name in flight.tickets:
            if 0 <= self._licences.get(name, -1) < books.tickets[name]:
                self._over_limit(f"ticket {name}", books.tickets[name], self._licences[name])
        self._check_rate(job.user)

    def _over_limit(self, name: str, count: int, limit: int) -> None:
        self.broken("P6", f"{name}: {count} of {limit}")

    def _check_rate(self, user: str) -> None:
        limit = self._rates.get(user)
        if limit is None:
            return
        second, count = self._starts.get(user, (0, 0))
        now = int(self._agenda.now)
        count = count + 1 if second == now else 1
        self._starts[user] = (now, count)
        if count > limit:
            self.broken("P6", f"{user}: {count} starts within a second, of {limit}")

    def at_limit(self, job: JobEntry) -> bool:
        """Whether a job, its user or its show has as many tasks running as may."""
        books, show = self._books, job.spec.branch
        counts = (
            (job.running, job.spec.max_running_tasks),
            (books.user_running[job.user], self._most.get(job.user, -1)),
            (books.show_running[show], self._shows.get(show, -1)),
        )
        if job.user in self._rates and self._starts.get(job.user, (0, 0))[0] == int(
            self._agenda.now
        ):
            return True
        return any(0 <= limit <= count for count, limit in counts)

    def at_most(self, show: str, wanted: int) -> int:
        """How many of so many tasks a show may run."""
        limit = self._shows.get(show, -1)
        return wanted if limit < 0 else min(limit, wanted)

    def tickets_gone(self, wanted: dict[str, int]) -> bool:
        """Whether there are too few licences left."""
        used = self._books.tickets
        return any(used[name] + n > self._licences[name] for name, n in wanted.items())

    # --- processes

    def began(self, process: Process) -> None:
        """A process begins on a machine."""
        self.checked["P3"] += 1
        key = process.flight.key
        other = self._processes.get(key)
        if other is not None and other.alive and other is not process:
            if other.told:
                self._stopped.setdefault(key, self._agenda.now)
            else:
                where = other.flight.machine.name
                self.broken("P3", f"{_name(process.flight)} runs on {where} at the same time")
        self._processes[key] = process

    def over(self, process: Process) -> None:
        """A process is over."""
        key = process.flight.key
        since = self._stopped.pop(key, None)
        if since is not None:
            self.overlap_s = max(self.overlap_s, self._agenda.now - since)
        if self._processes.get(key) is process:
            del self._processes[key]

    # --- restarts

    def restarted(self, state: FarmState, faults: list[str], acknowledged: set[JobId]) -> None:
        """Compare what a server came back with to what was on the disk."""
        for text in faults:
            self.broken("soundness", f"after a restart: {text}")
        self.kept(state, acknowledged)
        for run_id in sorted(self._books.flights.keys() ^ state.runs.keys()):
            self.broken("P3", f"run {run_id} is known to the disk only, or to the books only")

    def kept(self, state: FarmState, acknowledged: set[JobId]) -> None:
        """Compare the farm's jobs and results to what people and workers were promised."""
        self.checked["P1"] += len(acknowledged)
        for job_id in sorted(acknowledged - state.jobs.keys()):
            self.broken("P1", f"job {job_id} was acknowledged and is gone")
        for job_id, job in self._books.jobs.items():
            known = state.jobs.get(job_id)
            if known is None:
                self.broken("P1", f"job {job_id} was on the disk and is gone")
                continue
            for number, block in enumerate(job.blocks):
                states = known.blocks[number].tasks.state
                self.checked["P2"] += len(block.done)
                lost = [task for task in block.done if states[task] not in FINISHED]
                if lost:
                    text = f"job {job_id}/{number}: results of {lost[:5]} are lost"
                    self.broken("P2", text)

    def sound(self, faults: list[str]) -> None:
        """Take what the farm's own check of its invariants found."""
        self.checked["soundness"] += 1
        for text in faults:
            self.broken("soundness", text)


def _name(flight: Flight) -> str:
    job_id, block, task = flight.key
    return f"{job_id}/{block}/{task} (run {flight.run_id} on {flight.machine.name})"
