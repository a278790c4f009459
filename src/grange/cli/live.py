"""Pages that stay: drawn anew in a terminal, written line by line to a pipe."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Final

from msgspec.structs import replace
from rich.console import Group
from rich.live import Live

import grange.client
from grange.cli import pages
from grange.cli.amounts import moment
from grange.cli.screen import out, show
from grange.cli.session import now
from grange.client.errors import JobDeleted, NotFound
from grange.client.requests import jobs as job_requests
from grange.client.requests import tasks as task_requests
from grange.client.watching import FINISHED, Message, Mirror, job_in
from grange.model.states import JobState, TaskState
from grange.model.views import BlockView, JobView, TaskView
from grange.wire.watch import Snapshot, Watch

LOOKED_AT: Final = 200  # tasks of a block that are looked through for those of interest
DRAWN: Final = 8  # times a second at most


def read_page(client: grange.client.Client, job: int) -> pages.JobPage:
    """Read all that a page about a job shows."""
    detail = client.send(job_requests.detail(job))
    blocks = detail.job.blocks[: pages.BLOCKS_SHOWN]

    def some(state: TaskState, present: Callable[[BlockView], int]) -> list[TaskView]:
        found: list[TaskView] = []
        for block in blocks:
            if present(block) and len(found) < pages.TASKS_SHOWN:
                request = task_requests.listed(
                    job, block.number, limit=LOOKED_AT, state=state.name.lower()
                )
                found += client.send(request).tasks
        return found

    numbers = [block.number for block in blocks]
    ready = some(TaskState.READY, lambda block: len(block.avoided_hosts))
    return pages.JobPage(
        detail=detail,
        why=reason(client, detail.job),
        states={block: client.send(task_requests.states(job, block)) for block in numbers},
        failed=some(TaskState.FAILED, lambda block: block.tasks.failed)[: pages.TASKS_SHOWN],
        running=some(TaskState.RUNNING, lambda block: block.tasks.running)[: pages.TASKS_SHOWN],
        tried=[task for task in ready if task.errors][: pages.TASKS_SHOWN],
    )


def follow_job(client: grange.client.Client, job: int) -> JobView:
    """Show a job until it is finished. Returns it as it then is."""
    return (_draw_job if out().is_terminal else _tell_job)(client, job)


def follow_jobs(
    client: grange.client.Client, wanted: Callable[[JobView], bool], most: int
) -> None:
    """Show a list of jobs, and its changes, until interrupted.

    Args:
        client: of the farm.
        wanted: which jobs.
        most: how many at most, the newest.
    """
    mirror = Mirror()
    if not out().is_terminal:
        seen: dict[int, str] = {}
        for message in client.watch(Watch(workers=False)):
            for view in message.jobs:
                if wanted(view) and seen.get(view.job_id) != (line := _told(view)):
                    seen[view.job_id] = line
                    show(f"{moment(now(), now())}  {line}")
        return
    with Live(console=out(), refresh_per_second=DRAWN, screen=True) as live:
        for message in client.watch(Watch(workers=False)):
            mirror.apply(message)
            newest = sorted(filter(wanted, mirror.jobs.values()), key=lambda view: -view.job_id)
            room = min(most, out().height - 2)
            live.update(Group(*pages.jobs(newest[:room], now())))


class Board:
    """A job's page, kept true by the messages of a watch.

    Args:
        client: of the farm.
        job: its number.
    """

    def __init__(self, client: grange.client.Client, job: int) -> None:
        self._client = client
        self._job = job
        self.page = read_page(client, job)

    def hear(self, message: Message) -> None:
        """Take over what a message says of the job.

        Raises:
            JobDeleted: that it is no more.
        """
        view = job_in(message, self._job)
        stale = any(job == self._job for job, _ in getattr(message, "tasks_stale", ()))
        if stale or isinstance(message, Snapshot) or _grown(view, self.page):
            self._read()
            return
        self._note([task for task in message.tasks if task.job_id == self._job])
        if view is not None:
            self._turn(view)

    def _read(self) -> None:
        try:
            self.page = read_page(self._client, self._job)
        except NotFound as error:
            raise JobDeleted(self._job) from error

    def _note(self, found: Sequence[TaskView]) -> None:
        """Take over the tasks that changed."""
        if not found:
            return
        states = dict(self.page.states)
        for block in {task.block for task in found} & states.keys():
            there = list(states[block])
            for task in found:
                if task.block == block and task.task < len(there):
                    there[task.task] = task.state
            states[block] = there
        changed = {(task.block, task.task) for task in found}
        tried = [task for task in found if task.errors]
        self.page = replace(
            self.page,
            states=states,
            running=_those(self.page.running, found, changed, TaskState.RUNNING),
            failed=_those(self.page.failed, found, changed, TaskState.FAILED),
            tried=_those(self.page.tried, tried, changed, TaskState.READY),
        )

    def _turn(self, view: JobView) -> None:
        """Take over how the job stands, and ask why where it has come to a stand."""
        before = self.page.detail.job
        why = self.page.why
        if (view.state, view.why) != (before.state, before.why):
            why = reason(self._client, view)
        self.page = replace(self.page, detail=replace(self.page.detail, job=view), why=why)


def reason(client: grange.client.Client, view: JobView) -> str:
    """Ask why a job does not run; "" where it does, or is finished."""
    if view.state is JobState.RUNNING or view.state in FINISHED:
        return ""
    return client.send(job_requests.why(view.job_id)).summary


def _those(
    known: Sequence[TaskView],
    found: Sequence[TaskView],
    changed: Collection[tuple[int, int]],
    state: TaskState,
) -> list[TaskView]:
    """The tasks in a state, by what was known and what was found; as many as a page shows."""
    kept = [task for task in known if (task.block, task.task) not in changed]
    there = kept + [task for task in found if task.state is state]
    return sorted(there, key=lambda task: (task.block, task.task))[: pages.TASKS_SHOWN]


def _grown(view: JobView | None, page: pages.JobPage) -> bool:
    """Whether a job has got blocks or tasks that the page does not know."""
    if view is None:
        return False
    sizes = {block: len(states) for block, states in page.states.items()}
    shown = view.blocks[: pages.BLOCKS_SHOWN]
    return any(sizes.get(block.number) != block.tasks.total for block in shown)


def _draw_job(client: grange.client.Client, job: int) -> JobView:
    board = Board(client, job)
    with Live(_page(board.page), console=out(), refresh_per_second=DRAWN) as live:
        for message in client.watch(Watch(workers=False, tasks_of=(job,))):
            board.hear(message)
            live.update(_page(board.page))
            if board.page.detail.job.state in FINISHED:
                break
    return board.page.detail.job


def _tell_job(client: grange.client.Client, job: int) -> JobView:
    handle = client.job(job)
    told = ""
    for view in handle.watch():
        line = _told(view)
        if line != told:
            show(f"{moment(now(), now())}  {line}")
            told = line
    return handle.view


def _told(view: JobView) -> str:
    counts = view.tasks
    failed = f", {counts.failed} failed" if counts.failed else ""
    return (
        f"job {view.job_id} {view.state} {view.percent:.0f}%"
        f" ({counts.done + counts.skipped}/{counts.total}{failed})"
    )


def _page(page: pages.JobPage) -> Group:
    return Group(*pages.job(page, now()))
