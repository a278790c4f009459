"""Requests about tasks, their runs and their logs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from grange.client.requests.message import API, Reply, Request, get, post, reads, reads_member
from grange.model.spec import TaskSpec
from grange.model.states import TaskFilter, TaskOp, TaskState
from grange.model.views import RunView, StoryLine, TaskDetail, TaskView, WhyView

PARTIAL: Final = 206  # status: the range that was asked for
NOTHING_THERE: Final = 416  # status: the log ends before the range


class TaskPage(msgspec.Struct, frozen=True, kw_only=True):
    """Some tasks of a block, in order."""

    tasks: tuple[TaskView, ...]
    total: int  #: how many there are that match


class LogPart(msgspec.Struct, frozen=True, kw_only=True):
    """A run's log, from an offset to where it ends now."""

    data: bytes
    start: int  #: offset of its first byte
    size: int  #: of the whole log, in bytes
    run_id: int  #: 0 where the task never ran

    @property
    def end(self) -> int:
        """The offset of the byte after its last."""
        return self.start + len(self.data)

    @property
    def text(self) -> str:
        """What it says; bytes that are not UTF-8 are shown as such."""
        return self.data.decode(errors="replace")


def listed(
    job: int, block: int, *, offset: int = 0, limit: int | None = None, state: str = ""
) -> Request[TaskPage]:
    """List tasks of a block.

    Args:
        job: its id.
        block: its number.
        offset: so many are left out first.
        limit: at most so many.
        state: only in this state.
    """
    place = f"/jobs/{job}/blocks/{block}/tasks"
    return get(place, reads(TaskPage), offset=offset or None, limit=limit, state=state)


def states(job: int, block: int) -> Request[tuple[TaskState, ...]]:
    """Ask for the states of all tasks of a block."""
    return get(f"/jobs/{job}/blocks/{block}/states", _read_states)


def detail(job: int, block: int, task: int) -> Request[TaskDetail]:
    """Ask for one task, whole."""
    return get(_place(job, block, task), reads(TaskDetail))


def why(job: int, block: int, task: int) -> Request[WhyView]:
    """Ask why a task is not running."""
    return get(f"{_place(job, block, task)}/why", reads(WhyView))


def story(job: int, block: int, task: int) -> Request[tuple[StoryLine, ...]]:
    """Ask for all that happened to a task, in order."""
    return get(f"{_place(job, block, task)}/story", reads_member("lines", tuple[StoryLine, ...]))


def log(job: int, block: int, task: int, *, run: int = 0, start: int = 0) -> Request[LogPart]:
    """Ask for a log.

    Args:
        job: its id.
        block: number of the block.
        task: number of the task.
        run: id of one of its runs; 0 the last.
        start: offset of the first byte that is wanted.
    """
    return _log(f"{_place(job, block, task)}/log", run, start)


def run(run: int) -> Request[RunView]:
    """Ask for one run."""
    return get(f"/runs/{run}", reads(RunView))


def run_log(run: int, *, start: int = 0) -> Request[LogPart]:
    """Ask for the log of one run, from an offset on."""
    return _log(f"/runs/{run}/log", 0, start)


def change(
    job: int,
    op: TaskOp,
    *,
    block: int | None = None,
    tasks: str = "",
    only: TaskFilter = TaskFilter.ALL,
    with_depends: bool = False,
) -> Request[int]:
    """Have something done to tasks. Reads how many it was done to.

    Args:
        job: its id.
        op: what is done.
        block: number of a block; None all of them.
        tasks: numbers of tasks, such as `0-5,9`; "" all of them.
        only: of these, only the ones in a state.
        with_depends: restart also those that they wait for.
    """
    body: dict[str, object] = {"op": op}
    if block is not None:
        body["block"] = block
    if tasks:
        body["tasks"] = tasks
    if only is not TaskFilter.ALL:
        body["only"] = only
    if with_depends:
        body["with_depends"] = True
    return post(f"/jobs/{job}/tasks", reads_member("changed", int), body)


def append(job: int, block: int, tasks: Sequence[TaskSpec]) -> Request[tuple[int, ...]]:
    """Add named tasks to a block. Reads their numbers."""
    place = f"/jobs/{job}/blocks/{block}/tasks"
    return post(place, reads_member("tasks", tuple[int, ...]), tasks)


def _place(job: int, block: int, task: int) -> str:
    return f"/jobs/{job}/blocks/{block}/tasks/{task}"


def _log(path: str, run: int, start: int) -> Request[LogPart]:
    def read(reply: Reply) -> LogPart:
        if reply.status == NOTHING_THERE:
            data = b""
        elif reply.status == PARTIAL:
            data = reply.body
        else:
            data = reply.body[start:]
        size = int(reply.headers.get("grange-log-size", start + len(data)))
        run_id = int(reply.headers.get("grange-run", run))
        return LogPart(data=data, start=start, size=size, run_id=run_id)

    return Request(
        method="GET",
        path=API + path,
        read=read,
        params={"run": str(run)} if run else {},
        headers={"Range": f"bytes={start}-"} if start else {},
        repeatable=True,
        accepts=(NOTHING_THERE,),
    )


def _read_states(reply: Reply) -> tuple[TaskState, ...]:
    return tuple(map(TaskState, reply.body))
