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
from grange.core.objects import Branch, Pool, User, path_chain
from grange.doors.afanasy.numbers import Numbers
from grange.model.ids import JobId, RunId, WorkerId
from grange.model.run import Progress

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


Key = Node | Tasks | Blocks | Order
_JobEvent = (
    ev.JobSubmitted
    | ev.JobChanged
    | ev.JobDone
    | ev.JobFailed
    | ev.TaskChanged
    | ev.TasksChanged
    | ev.RunStarted
    | ev.RunEnded
)


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
        self._seen: dict[str, set[str]] = {}
        for kind, known in self._known().items():
            self._seen[kind] = set(known)
            for name in sorted(known, key=lambda name: (known[name].created, name)):
                self._names[kind].number(name)
        self._seen_workers = set(self._state.workers)

    def _known(self) -> dict[str, Mapping[str, User | Branch | Pool]]:
        state = self._state
        return {"users": state.users, "branches": state.branches, "pools": state.pools}

    def publish(self, events: Sequence[ev.Event]) -> None:
        """Note what changed. Cost: O(events), whatever the number of monitors."""
        for event in events:
            for key in self._keys(event):
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
        match event:
            case ev.JobDeleted():
                yield Node("jobs", "del", event.job_id)
            case ev.WorkerChanged() | ev.WorkerTroubled():
                yield from self._around_worker(event.worker_id)
            case ev.WorkerDeleted():
                self._seen_workers.discard(event.worker_id)
                yield Node("renders", "del", event.worker_id)
            case ev.UserChanged():
                yield self._named("users", event.user, there=event.user in self._state.users)
            case ev.BranchChanged():
                there = event.path in self._state.branches
                yield self._named("branches", event.path, there=there)
            case ev.PoolChanged():
                yield self._named("pools", event.path, there=event.path in self._state.pools)
            case _:
                yield from self._of_job(event)

    def _of_job(self, event: _JobEvent) -> Iterator[Key]:
        if isinstance(event, ev.JobSubmitted):
            yield Node("jobs", "add", event.job_id)
        yield from self._around_job(event.job_id)
        match event:
            case ev.JobChanged():
                yield Blocks(event.job_id)
            case ev.TasksChanged():
                yield Tasks(event.job_id, event.block, -1)
            case ev.TaskChanged():
                yield Tasks(event.job_id, event.block, event.task)
            case ev.RunStarted() | ev.RunEnded():
                yield Tasks(event.job_id, event.block, event.task)
                yield from self._around_worker(event.worker_id)
            case _:
                return  # the job itself is all of it

    def _around_job(self, job_id: JobId) -> Iterator[Key]:
        """A job with the user and branches whose counts it moves."""
        job = self._state.jobs.get(job_id)
        if job is None:
            return
        yield Node("jobs", "change", job_id)
        yield self._named("users", job.user)
        for path in path_chain(job.spec.branch):
            yield self._named("branches", path)

    def _around_worker(self, worker_id: WorkerId) -> Iterator[Key]:
        """A worker with the pools whose counts it moves."""
        worker = self._state.workers.get(worker_id)
        if worker is None:
            return
        if worker_id not in self._seen_workers:
            self._seen_workers.add(worker_id)
            yield Node("renders", "add", worker_id)
        yield Node("renders", "change", worker_id)
        for path in path_chain(worker.pool):
            yield self._named("pools", path)

    def _named(self, kind: Kind, name: str, *, there: bool = True) -> Node:
        """What became of a thing with a name; users and branches are made without a word."""
        seen = self._seen[kind]
        if not there:
            seen.discard(name)
            return Node(kind, "del", name)
        if name in seen:
            return Node(kind, "change", name)
        seen.add(name)
        self._names[kind].number(name)
        return Node(kind, "add", name)
