"""Watchers: what changed, by number; a session gets whole objects, never the farm's insides.

The feed remembers only *which* objects changed and when. A session that comes back with the
number of its last message gets the objects changed since as they are now.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple

import msgspec

from grange.core import events as ev
from grange.core.farm import Farm
from grange.core.objects import Job
from grange.model.ids import JobId, RunId, WorkerId
from grange.model.unreadable import UNREADABLE
from grange.model.views import JobView, TaskView
from grange.server.auth import Principal
from grange.server.permissions import Act, Reach
from grange.server.socket import Socket
from grange.server.views import Views
from grange.wire.watch import TASKS_MAX, LogText, Patch, Snapshot, Watch, WatchError

PACE_S = 0.1  # least time between two patches of a session
REMEMBERED_MAX = 200_000  # changed objects; a watcher further behind gets a snapshot
PATCH_TASKS_MAX = 2_000  # tasks of one block in a patch; more are named as stale
JOBS_MAX = 2_000  # jobs in a snapshot; older ones by request
LOG_WAITING_MAX = 1_048_576  # bytes of log text that wait for one session; more are left out
LOGS_WAITING_MAX = 1_000  # pieces of it
FIRST_TIMEOUT_S = 10.0  # from connection to `Watch`


class _Task(NamedTuple):
    job_id: JobId
    block: int
    task: int  # -1: many of the block


_Key = tuple[str, int] | _Task


class _Session:
    """One watcher."""

    def __init__(self, principal: Principal) -> None:
        self._principal = principal
        self._reach = principal.reach(Act.SEE_JOBS)
        self.watch = Watch()
        self.number = 0
        self.wake = asyncio.Event()
        self.logs: deque[LogText] = deque()
        self.log_bytes = 0

    @property
    def room(self) -> bool:
        """Whether more log text may wait."""
        return self.log_bytes < LOG_WAITING_MAX and len(self.logs) < LOGS_WAITING_MAX

    @property
    def only(self) -> str:
        """The user whose jobs alone it may see; "" all."""
        return "" if self._reach is Reach.ALL else self._principal.user

    def sees(self, job: Job) -> bool:
        """Whether this watcher may see a job."""
        return self._reach is Reach.ALL or (
            self._reach is Reach.OWN and job.user == self._principal.user
        )


class Feed:
    """What all watchers share.

    Args:
        farm: the farm; read only.
        views: makes what is sent.
        start: first number; greater than all of an earlier life of the server.
    """

    def __init__(
        self,
        farm: Farm,
        views: Views,
        *,
        start: int,
        settled: Callable[[], Awaitable[object]],
    ) -> None:
        self._farm = farm
        self._views = views
        self._settled = settled
        self._number = start
        self._floor = start  # changes up to here are forgotten
        self._changed: OrderedDict[_Key, int] = OrderedDict()  # the latest last
        self._sessions: set[_Session] = set()

    def publish(self, events: Sequence[ev.Event]) -> None:
        """Note what changed; wake the watchers."""
        if not events:
            return
        self._number += 1
        for event in events:
            for key in _keys(event):
                self._note(key)
        self._wake()

    def touched(self, worker_id: WorkerId) -> None:
        """A worker's telemetry changed, and with it the progress of its runs."""
        self._number += 1
        self._note(("worker", worker_id))
        worker = self._farm.state.workers.get(worker_id)
        for run_id in worker.runs if worker else ():
            run = self._farm.state.runs[run_id]
            self._note(("job", run.job_id))
            self._note(_Task(run.job_id, run.block, run.task))
        self._wake()

    def log_grew(self, job_id: JobId, run_id: RunId, offset: int, data: bytes) -> None:
        """Pass new log text on to those who follow it and may."""
        job = self._farm.state.jobs.get(job_id)
        for session in self._sessions:
            if run_id in session.watch.logs_of and job and session.sees(job) and session.room:
                text = data.decode(errors="replace")
                session.logs.append(LogText(run_id=run_id, offset=offset, text=text))
                session.log_bytes += len(data)
                session.wake.set()

    def _note(self, key: _Key) -> None:
        self._changed[key] = self._number
        self._changed.move_to_end(key)
        if len(self._changed) > REMEMBERED_MAX:
            _, self._floor = self._changed.popitem(last=False)

    def _wake(self) -> None:
        for session in self._sessions:
            session.wake.set()

    async def serve(self, socket: Socket, principal: Principal) -> None:
        """Hold one watcher's connection until it ends.

        Args:
            socket: accepted; who is behind it was checked.
            principal: who watches.
        """
        session = _Session(principal)
        try:
            async with asyncio.timeout(FIRST_TIMEOUT_S):
                first = await socket.receive()
            if first is None:
                return
            session.watch = read_watch(first)
        except (TimeoutError, *UNREADABLE) as error:
            await _refuse(socket, str(error) or "no watch came")
            return
        session.number = session.watch.after
        self._sessions.add(session)
        try:
            async with asyncio.TaskGroup() as group:
                sending = group.create_task(self._send(session, socket))
                await self._listen(session, socket)
                sending.cancel()
        except* ConnectionError:
            pass  # the watcher is gone
        finally:
            self._sessions.discard(session)
            await socket.close(1000, "")

    async def _listen(self, session: _Session, socket: Socket) -> None:
        """Take changes of what is watched, until the watcher goes."""
        while (data := await socket.receive()) is not None:
            try:
                session.watch = read_watch(data)
            except UNREADABLE as error:
                await _refuse(socket, str(error))
                return
            session.number = session.watch.after
            session.wake.set()

    async def _send(self, session: _Session, socket: Socket) -> None:
        session.wake.set()
        while True:
            await session.wake.wait()
            session.wake.clear()
            message: Snapshot | Patch | None
            if self._floor <= session.number <= self._number:
                message = await self._patch(session)
            else:
                message = await self._snapshot(session)
                if session.logs:  # a snapshot holds none
                    session.wake.set()
            if message is not None:
                await self._settled()
                await socket.send(msgspec.json.encode(message))
            await asyncio.sleep(PACE_S)

    async def _snapshot(self, session: _Session) -> Snapshot:
        watch = session.watch
        session.number = number = self._number
        tasks: list[TaskView] = []
        for job_id in watch.tasks_of:
            job = self._farm.state.jobs.get(JobId(job_id))
            if job is None or not session.sees(job):
                continue
            for block in job.blocks:
                found, _ = await self._views.tasks(job_id, block.number, 0, TASKS_MAX)
                tasks += found
        return Snapshot(
            number=number,
            farm=self._views.farm(),
            jobs=tuple(self._jobs(session)) if watch.jobs else (),
            workers=tuple(self._views.workers()) if watch.workers else (),
            tasks=tuple(tasks),
        )

    def _jobs(self, session: _Session) -> Iterator[JobView]:
        for view in self._views.jobs(user=session.only, limit=JOBS_MAX):
            if session.sees(self._farm.state.jobs[JobId(view.job_id)]):
                yield view

    async def _patch(self, session: _Session) -> Patch | None:
        watch, since = session.watch, session.number
        keys = list(self._since(since))
        logs = tuple(session.logs)
        session.logs.clear()
        session.log_bytes = 0
        session.number = self._number
        if not keys and not logs:
            return None
        state = self._farm.state
        jobs = [JobId(key[1]) for key in keys if key[0] == "job"] if watch.jobs else []
        workers = [WorkerId(key[1]) for key in keys if key[0] == "worker"] if watch.workers else []
        known = [job_id for job_id in jobs if job_id in state.jobs]
        tasks, stale = await self._tasks(session, keys)
        return Patch(
            number=session.number,
            farm=self._views.farm() if keys else None,
            jobs=tuple(
                self._views.job(job_id)
                for job_id in known
                if job_id in state.jobs and session.sees(state.jobs[job_id])
            ),
            jobs_gone=tuple(job_id for job_id in jobs if job_id not in state.jobs),
            workers=tuple(self._views.worker(item) for item in workers if item in state.workers),
            workers_gone=tuple(item for item in workers if item not in state.workers),
            tasks=tuple(tasks),
            tasks_stale=tuple(stale),
            logs=logs,
        )

    async def _tasks(
        self, session: _Session, keys: Sequence[_Key]
    ) -> tuple[list[TaskView], list[tuple[int, int]]]:
        """Changed tasks of the jobs that are watched; blocks where too many changed."""
        chosen: dict[tuple[JobId, int], list[int]] = {}
        for key in keys:
            if isinstance(key, _Task) and key.job_id in session.watch.tasks_of:
                chosen.setdefault((key.job_id, key.block), []).append(key.task)
        views: list[TaskView] = []
        stale: list[tuple[int, int]] = []
        for (job_id, number), tasks in chosen.items():
            job = self._farm.state.jobs.get(job_id)
            if job is None or not session.sees(job) or number >= len(job.blocks):
                continue
            if -1 in tasks or len(tasks) > PATCH_TASKS_MAX:
                stale.append((job_id, number))
            else:
                views += await self._views.task_views(job, job.blocks[number], sorted(tasks))
        return views, stale

    def _since(self, number: int) -> Iterator[_Key]:
        """Objects changed after a number, the latest first. Cost: O(objects found)."""
        for key in reversed(self._changed):
            if self._changed[key] <= number:
                return
            yield key


def read_watch(data: bytes) -> Watch:
    """Read what somebody wants to watch. Raises `UNREADABLE`."""
    return msgspec.json.decode(data, type=Watch)


async def _refuse(socket: Socket, text: str) -> None:
    with suppress(ConnectionError):
        await socket.send(msgspec.json.encode(WatchError(code="bad-watch", message=text)))
    await socket.close(1008, "bad-watch")


def _keys(event: ev.Event) -> Iterator[_Key]:
    match event:
        case ev.TaskChanged() | ev.RunStarted() | ev.RunEnded():
            yield ("job", event.job_id)
            yield _Task(event.job_id, event.block, event.task)
            if not isinstance(event, ev.TaskChanged):
                yield ("worker", event.worker_id)
        case ev.TasksChanged():
            yield ("job", event.job_id)
            yield _Task(event.job_id, event.block, -1)
        case ev.WorkerChanged() | ev.WorkerTroubled() | ev.WorkerDeleted():
            yield ("worker", event.worker_id)
        case ev.UserChanged() | ev.BranchChanged() | ev.PoolChanged():
            return
        case _:
            yield ("job", event.job_id)
