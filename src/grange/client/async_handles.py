"""A job and a task in the hands of a program with an event loop."""

from __future__ import annotations

import asyncio
import codecs
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, Protocol, TypeVar, Unpack

from grange.client.errors import JobDeleted, JobFailed, NotFound, WaitTimedOut
from grange.client.requests import jobs as job_requests
from grange.client.requests import tasks as task_requests
from grange.client.requests import thumbnails as thumbnail_requests
from grange.client.requests.message import Request
from grange.client.seen import NamedTask, SeenJob, Which
from grange.client.watching import Message, job_in, tells_of_log, tells_of_task
from grange.model.spec import BlockSpec
from grange.model.states import JobState, TaskOp, TaskState
from grange.model.views import (
    JobDetail,
    JobView,
    RunView,
    StoryLine,
    TaskDetail,
    TaskView,
    ThumbnailView,
    WhyView,
)
from grange.wire.watch import Snapshot, Watch

T = TypeVar("T")


class AsyncFarm(Protocol):
    """What a handle asks of its client."""

    async def send(self, request: Request[T]) -> T:
        """Send a request."""

    def watch(self, want: Watch | None = None) -> AsyncGenerator[Message]:
        """Watch the farm."""


class AsyncJobHandle(SeenJob):
    """A job of a farm.

    Attributes:
        view: as it was when it was last looked at, by `refresh`, `watch` or `wait`.
    """

    def __init__(self, farm: AsyncFarm, view: JobView) -> None:
        super().__init__(view)
        self._farm = farm

    def task(self, block: int, task: int) -> AsyncTaskHandle:
        """Give one task. Nothing is asked of the server."""
        return AsyncTaskHandle(self._farm, self.id, block, task)

    async def refresh(self) -> JobView:
        """Look at it now."""
        return (await self.detail()).job

    async def detail(self) -> JobDetail:
        """Look at it now, with all that was asked for and what it waits for."""
        found = await self._farm.send(job_requests.detail(self.id))
        self.view = found.job
        return found

    async def watch(self) -> AsyncGenerator[JobView]:
        """Give it as it is now, then at each change, until it is done or has failed.

        Raises:
            JobDeleted: it was deleted meanwhile.
        """
        async with aclosing(self._farm.watch(Watch(workers=False))) as messages:
            async for message in messages:
                view = job_in(message, self.id)
                if view is None and isinstance(message, Snapshot):
                    view = await self._refreshed()  # a snapshot has the newest jobs only
                if view is None:
                    continue
                self.view = view
                yield view
                if self.finished:
                    return

    async def wait(
        self, timeout_s: float | None = None, *, raise_on_failure: bool = True
    ) -> JobView:
        """Wait until it is done or has failed.

        Args:
            timeout_s: how long to wait; None for as long as it takes.
            raise_on_failure: whether a failed job is an error.

        Raises:
            JobFailed: at least one task failed, and nothing is left that can run.
            JobDeleted: it was deleted meanwhile.
            WaitTimedOut: the time is over.
        """
        try:
            async with asyncio.timeout(timeout_s):
                async for _ in self.watch():
                    pass
        except TimeoutError as error:
            raise WaitTimedOut(f"job {self.id} was not finished in {timeout_s:g} s") from error
        if raise_on_failure and self.state is JobState.FAILED:
            raise JobFailed(self.view)
        return self.view

    async def _refreshed(self) -> JobView:
        try:
            return await self.refresh()
        except NotFound as error:
            raise JobDeleted(self.id) from error

    async def pause(self) -> None:
        """Start no more of its tasks; what runs goes on."""
        self.view = await self._farm.send(job_requests.pause(self.id))

    async def resume(self) -> None:
        """Let it go on."""
        self.view = await self._farm.send(job_requests.resume(self.id))

    async def change(
        self,
        op: TaskOp,
        block: int | None = None,
        tasks: str = "",
        **which: Unpack[Which],
    ) -> int:
        """Do something to its tasks.

        Args:
            op: what is done.
            block: number of a block; None all of them.
            tasks: numbers of tasks, such as `0-5,9`; "" all of them.
            **which: `only`, of these, the ones in a state; `with_depends`, restart also those
                that they wait for.

        Returns:
            To how many tasks it was done.
        """
        request = task_requests.change(self.id, op, block=block, tasks=tasks, **which)
        return await self._farm.send(request)

    async def restart(
        self, block: int | None = None, tasks: str = "", **which: Unpack[Which]
    ) -> int:
        """Run tasks again; arguments and result as of `change`."""
        return await self.change(TaskOp.RESTART, block, tasks, **which)

    async def skip(self, block: int | None = None, tasks: str = "", **which: Unpack[Which]) -> int:
        """Leave tasks out: they count as done; arguments and result as of `change`."""
        return await self.change(TaskOp.SKIP, block, tasks, **which)

    async def suspend(
        self, block: int | None = None, tasks: str = "", **which: Unpack[Which]
    ) -> int:
        """Hold tasks back; arguments and result as of `change`."""
        return await self.change(TaskOp.SUSPEND, block, tasks, **which)

    async def unsuspend(
        self, block: int | None = None, tasks: str = "", **which: Unpack[Which]
    ) -> int:
        """Let suspended tasks go on; arguments and result as of `change`."""
        return await self.change(TaskOp.CONTINUE, block, tasks, **which)

    async def stop(self, block: int | None = None, tasks: str = "", **which: Unpack[Which]) -> int:
        """Stop what runs; arguments and result as of `change`."""
        return await self.change(TaskOp.STOP, block, tasks, **which)

    async def mark_done(
        self, block: int | None = None, tasks: str = "", **which: Unpack[Which]
    ) -> int:
        """Count tasks as done; arguments and result as of `change`."""
        return await self.change(TaskOp.DONE, block, tasks, **which)

    async def edit(self, **fields: Any) -> JobDetail:
        """Change fields of it, by the names of `Job`."""
        found = await self._farm.send(job_requests.edit(self.id, **fields))
        self.view = found.job
        return found

    async def edit_block(self, block: int, **fields: Any) -> JobDetail:
        """Change fields of a block, by the names of `Block`."""
        found = await self._farm.send(job_requests.edit_block(self.id, block, **fields))
        self.view = found.job
        return found

    async def append(self, *blocks: BlockSpec) -> tuple[int, ...]:
        """Add blocks. Returns their numbers."""
        return await self._farm.send(job_requests.append_blocks(self.id, blocks))

    async def tasks(
        self, block: int = 0, *, offset: int = 0, limit: int | None = None
    ) -> task_requests.TaskPage:
        """Look at tasks of a block.

        Args:
            block: its number.
            offset: so many are left out first.
            limit: at most so many.
        """
        return await self._farm.send(
            task_requests.listed(self.id, block, offset=offset, limit=limit)
        )

    async def states(self, block: int = 0) -> tuple[TaskState, ...]:
        """Look at the states of all tasks of a block."""
        return await self._farm.send(task_requests.states(self.id, block))

    async def why(self) -> WhyView:
        """Ask why it is not running."""
        return await self._farm.send(job_requests.why(self.id))

    async def story(self) -> tuple[StoryLine, ...]:
        """Ask for all that happened to it, in order."""
        return await self._farm.send(job_requests.story(self.id))

    async def thumbnails(self) -> tuple[ThumbnailView, ...]:
        """Look at its newest thumbnails, the newest first."""
        return await self._farm.send(thumbnail_requests.of_job(self.id))

    async def thumbnail(self) -> bytes:
        """Give its newest thumbnail, a JPEG.

        Raises:
            NotFound: it has none (yet).
        """
        return await self._farm.send(thumbnail_requests.newest(self.id))

    async def delete(self) -> None:
        """Delete it; what runs of it is stopped."""
        await self._farm.send(job_requests.remove(self.id))


class AsyncTaskHandle(NamedTask):
    """A task of a farm."""

    def __init__(self, farm: AsyncFarm, job: int, block: int, task: int) -> None:
        super().__init__(job, block, task)
        self._farm = farm

    async def detail(self) -> TaskDetail:
        """Look at it now, with its command, its files and its runs."""
        return await self._farm.send(task_requests.detail(self.job, self.block, self.number))

    async def view(self) -> TaskView:
        """Look at it now."""
        return (await self.detail()).task

    async def runs(self) -> tuple[RunView, ...]:
        """Look at its runs, the newest first."""
        return (await self.detail()).runs

    async def log(self, run: int = 0) -> str:
        """Read what it wrote.

        Args:
            run: id of one of its runs; 0 the last.
        """
        request = task_requests.log(self.job, self.block, self.number, run=run)
        return (await self._farm.send(request)).text

    async def thumbnails(self, run: int = 0) -> tuple[ThumbnailView, ...]:
        """Look at its thumbnails, the newest first.

        Args:
            run: id of one of its runs; 0 the last.
        """
        request = thumbnail_requests.of_task(self.job, self.block, self.number, run=run)
        return await self._farm.send(request)

    async def thumbnail(self, number: int, run: int = 0) -> bytes:
        """Give one of its thumbnails, a JPEG.

        Args:
            number: as `thumbnails` says it.
            run: id of one of its runs; 0 the last.

        Raises:
            NotFound: there is none of this number.
        """
        request = thumbnail_requests.one(self.job, self.block, self.number, number, run=run)
        return await self._farm.send(request)

    async def follow(self, run: int = 0) -> AsyncGenerator[str]:
        """Read what it writes, as it writes it, until that run ends.

        Args:
            run: id of one of its runs; 0 the last, or, where it never ran, the first to come.
        """
        run_id = run or await self._awaited_run()
        want = Watch(jobs=False, workers=False, tasks_of=(self.job,), logs_of=(run_id,))
        decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        start = 0
        async with aclosing(self._farm.watch(want)) as messages:
            async for message in messages:
                ended = False
                if tells_of_task(message, self.job, self.block, self.number):
                    ended = (await self._farm.send(task_requests.run(run_id))).ended > 0
                if ended or tells_of_log(message, run_id):
                    part = await self._farm.send(task_requests.run_log(run_id, start=start))
                    start = part.end
                    if text := decoder.decode(part.data, final=ended):
                        yield text
                if ended:
                    return

    async def _awaited_run(self) -> int:
        """The id of its last run, once there is one."""
        want = Watch(jobs=False, workers=False, tasks_of=(self.job,))
        async with aclosing(self._farm.watch(want)) as messages:
            async for message in messages:
                if tells_of_task(message, self.job, self.block, self.number):
                    run_id = (await self.view()).run_id
                    if run_id:
                        return run_id
        raise AssertionError("a watch without a time limit has ended")

    async def why(self) -> WhyView:
        """Ask why it is not running."""
        return await self._farm.send(task_requests.why(self.job, self.block, self.number))

    async def story(self) -> tuple[StoryLine, ...]:
        """Ask for all that happened to it, in order."""
        return await self._farm.send(task_requests.story(self.job, self.block, self.number))
