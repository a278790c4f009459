"""What changed, by number, for monitors to ask for; our events in Afanasy's terms.

Like the feed, this remembers only *which* things changed and when, once each, whatever the
number of monitors. A monitor that is too far behind is told to begin anew.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Literal, NamedTuple

from grange.core import events as ev
from grange.core.farm import Farm
from grange.core.objects import Branch, Job, Pool, User, Worker, path_chain
from grange.doors.afanasy.numbers import Numbers
from grange.model.ids import JobId, RunId, WorkerId
from grange.model.run import Progress
from grange.model.states import Presence

REMEMBERED_MAX: Final = 200_000  # changed things; a monitor further behind begins anew
LOOK_S: Final = 1.0  # between two looks at the progress of all runs

Kind = Literal["jobs", "users", "renders", "monitors", "branches", "pools"]
How = Literal["add", "change", "del"]


class Node(NamedTuple):
    """Something in a list was made, changed or forgotten."""

    kind: Kind
    how: How
    ident: int | str  #: a job's or worker's id, a monitor's number, else a name


class Tasks(NamedTuple):
    """A task changed, or many of a block."""

    job_id: JobId
    block: int
    task: int  #: -1 many


class Blocks(NamedTuple):
    """A job's blocks are set otherwise."""

    job_id: JobId


class Order(NamedTuple):
    """A user's jobs stand in another order."""

    user: str


class Left(NamedTuple):
    """A job is another user's now."""

    job_id: JobId
    user: str  #: whose it was


Key = Node | Tasks | Blocks | Order | Left


class _Place(NamedTuple):
    """What of a job is shown elsewhere, too."""

    user: str
    branch: str
    wanted: tuple[tuple[int, int], ...]  # tasks to be tried next
    position: int  # among the jobs of its user


def _place(job: Job) -> _Place:
    return _Place(job.user, job.spec.branch, tuple(job.try_next), job.position)


class _Way(NamedTuple):
    """What of a worker is shown elsewhere, too."""

    pool: str
    missing: bool


def _way(worker: Worker) -> _Way:
    return _Way(worker.pool, worker.presence is Presence.MISSING)


class Changes:
    """What changed of late.

    Args:
        farm: read only.
        numbers: given to users, branches and pools as they come to be.
        progress: of runs; looked at when a monitor asks.
    """

    def __init__(self, farm: Farm, numbers: Numbers, progress: Mapping[RunId, Progress]) -> None:
        self._state = farm.state
        self._progress = progress
        self._told: dict[RunId, Progress] = {}
        self._looked = float("-inf")
        self.number = 0  # of the last change
        self._floor = 0  # changes up to here are forgotten
        self._changed: OrderedDict[Key, int] = OrderedDict()  # the latest last
        self._names = {
            "users": numbers.users,
            "branches": numbers.branches,
            "pools": numbers.pools,
        }
        self._known: dict[str, Mapping[str, User | Branch | Pool]] = {
            "users": farm.state.users,
            "branches": farm.state.branches,
            "pools": farm.state.pools,
        }
        self._seen: dict[str, set[str]] = {}
        self._seen_workers: set[WorkerId] = set()
        self._places: dict[JobId, _Place] = {}
        self._ways: dict[WorkerId, _Way] = {}
        self.begin()

    def begin(self) -> None:
        """Take what is there for known. Called before events come again that were left out."""
        for kind, known in self._known.items():
            self._seen[kind] = set(known)
            for name in sorted(known, key=lambda name: (known[name].created, name)):
                self._names[kind].number(name)
        jobs, workers = self._state.jobs.values(), self._state.workers.values()
        self._seen_workers = {worker.worker_id for worker in workers}
        self._places = {job.job_id: _place(job) for job in jobs}
        self._ways = {worker.worker_id: _way(worker) for worker in workers}

    def publish(self, events: Sequence[ev.Event]) -> None:
        """Note what changed. Cost: O(events), whatever the number of monitors.

        A job, its user and its branches are noted once, however many of its tasks changed.
        """
        jobs: dict[JobId, None] = {}
        workers: dict[WorkerId, None] = {}
        for event in events:
            for key in self._keys(event):
                self.note(key)
            job_id = getattr(event, "job_id", None)
            if job_id is not None:
                jobs[job_id] = None
            worker_id = getattr(event, "worker_id", None)
            if worker_id is not None:
                workers[worker_id] = None
        for job_id in jobs:
            for key in self._around_job(job_id):
                self.note(key)
        for worker_id in workers:
            for key in self._around_worker(worker_id):
                self.note(key)

    def look(self, now: float) -> None:
        """Note which runs got on. Cost: O(runs), at most once in `LOOK_S`, else O(1)."""
        if 0 <= now - self._looked < LOOK_S:
            return
        self._looked = now
        fresh = dict(self._progress)
        for run_id, progress in fresh.items():
            run = self._state.runs.get(run_id)
            if run is not None and self._told.get(run_id) is not progress:
                self.note(Node("jobs", "change", run.job_id))
                self.note(Tasks(run.job_id, run.block, run.task))
        self._told = fresh

    def note(self, key: Key) -> None:
        """Something changed."""
        self.number += 1
        self._changed[key] = self.number
        self._changed.move_to_end(key)
        if len(self._changed) > REMEMBERED_MAX:
            _, self._floor = self._changed.popitem(last=False)

    def since(self, number: int) -> list[Key] | None:
        """What changed after a number, the first first; None: too much to be remembered.

        Cost: O(changes found).
        """
        if number < self._floor:
            return None
        found = []
        for key in reversed(self._changed):
            if self._changed[key] <= number:
                break
            found.append(key)
        found.reverse()
        return found

    def _keys(self, event: ev.Event) -> Iterator[Key]:
        """What an event changes besides its job and its worker."""
        match event:
            case ev.JobSubmitted():
                yield Node("jobs", "add", event.job_id)
            case ev.JobDeleted():
                yield Node("jobs", "del", event.job_id)
            case ev.JobChanged():
                yield Blocks(event.job_id)
            case ev.TasksChanged():
                yield Tasks(event.job_id, event.block, -1)
            case ev.TaskChanged() | ev.RunStarted() | ev.RunEnded():
                yield Tasks(event.job_id, event.block, event.task)
            case ev.WorkerDeleted():
                self._seen_workers.discard(event.worker_id)
                yield Node("renders", "del", event.worker_id)
            case ev.UserChanged() | ev.BranchChanged() | ev.PoolChanged():
                yield from self._of_name(event)
            case ev.JobDone() | ev.JobFailed() | ev.WorkerChanged() | ev.WorkerTroubled():
                return

    def _of_name(self, event: ev.UserChanged | ev.BranchChanged | ev.PoolChanged) -> Iterator[Key]:
        """A user with his jobs, which inherit from him; a branch or pool with those above it."""
        if isinstance(event, ev.UserChanged):
            yield self._named("users", event.user)
            user = self._state.users.get(event.user)
            yield from (Node("jobs", "change", job_id) for job_id in (user.jobs if user else ()))
            return
        kind: Kind = "branches" if isinstance(event, ev.BranchChanged) else "pools"
        for path in path_chain(event.path):
            yield self._named(kind, path)

    def _around_job(self, job_id: JobId) -> Iterator[Key]:
        """A job with the user and branches whose counts it moves, those that it left included."""
        job, was = self._state.jobs.get(job_id), self._places.pop(job_id, None)
        now_at = None if job is None else _place(job)
        if now_at is not None:
            self._places[job_id] = now_at
            yield Node("jobs", "change", job_id)
        if was is not None and now_at is not None:
            if was.user != now_at.user:
                yield Left(job_id, was.user)
            elif was.position != now_at.position:
                yield Order(now_at.user)
            for block, task in {*was.wanted} ^ {*now_at.wanted}:
                yield Tasks(job_id, block, task)
        for place in dict.fromkeys((was, now_at)):
            if place is not None:
                yield self._named("users", place.user)
                for path in path_chain(place.branch):
                    yield self._named("branches", path)

    def _around_worker(self, worker_id: WorkerId) -> Iterator[Key]:
        """A worker with the pools whose counts it moves, those that it left included."""
        worker, was = self._state.workers.get(worker_id), self._ways.pop(worker_id, None)
        now_at = None if worker is None else _way(worker)
        if worker is not None and now_at is not None:
            self._ways[worker_id] = now_at
            if worker_id not in self._seen_workers:
                self._seen_workers.add(worker_id)
                yield Node("renders", "add", worker_id)
            yield Node("renders", "change", worker_id)
            if was is not None and was.missing is not now_at.missing:
                yield from self._of_runs(worker)
        for way in dict.fromkeys((was, now_at)):
            for path in path_chain(way.pool) if way is not None else ():
                yield self._named("pools", path)

    def _of_runs(self, worker: Worker) -> Iterator[Key]:
        """The tasks of a worker that is out of touch, or back: they say so."""
        for run_id in worker.runs:
            run = self._state.runs[run_id]
            yield Node("jobs", "change", run.job_id)
            yield Tasks(run.job_id, run.block, run.task)

    def _named(self, kind: Kind, name: str) -> Node:
        """What became of a thing with a name; users and branches are made without a word."""
        seen = self._seen[kind]
        if name not in self._known[kind]:
            seen.discard(name)
            return Node(kind, "del", name)
        if name in seen:
            return Node(kind, "change", name)
        seen.add(name)
        self._names[kind].number(name)
        return Node(kind, "add", name)
