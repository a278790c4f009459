"""Pages that stay: drawn anew in a terminal, written line by line to a pipe."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

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
from grange.client.watching import FINISHED, Mirror, job_in
from grange.model.states import TaskState
from grange.model.views import JobView, TaskView
from grange.wire.watch import Watch

READ_S: Final = 0.5  # least seconds between two readings of a job's tasks
DRAWN: Final = 8  # times a second at most


def read_page(client: grange.client.Client, job: int) -> pages.JobPage:
    """Read all that a page about a job shows."""
    detail = client.send(job_requests.detail(job))
    blocks = detail.job.blocks[: pages.BLOCKS_SHOWN]

    def some(state: TaskState, present: Callable[[int], int]) -> list[TaskView]:
        found: list[TaskView] = []
        for block in blocks:
            left = pages.TASKS_SHOWN - len(found)
            if present(block.number) and left:
                request = task_requests.listed(
                    job, block.number, limit=left, state=state.name.lower()
                )
                found += client.send(request).tasks
        return found

    counts = {block.number: block.tasks for block in blocks}
    return pages.JobPage(
        detail=detail,
        states={block: client.send(task_requests.states(job, block)) for block in counts},
        failed=some(TaskState.FAILED, lambda block: counts[block].failed),
        running=some(TaskState.RUNNING, lambda block: counts[block].running),
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


def _draw_job(client: grange.client.Client, job: int) -> JobView:
    page = read_page(client, job)
    read = time.monotonic()
    with Live(_page(page), console=out(), refresh_per_second=DRAWN) as live:
        for message in client.watch(Watch(workers=False)):
            view = job_in(message, job)
            finished = view is not None and view.state in FINISHED
            if finished or time.monotonic() - read >= READ_S:
                page = _read_or_gone(client, job)
                read = time.monotonic()
                live.update(_page(page))
            if page.detail.job.state in FINISHED:
                break
    return page.detail.job


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


def _read_or_gone(client: grange.client.Client, job: int) -> pages.JobPage:
    try:
        return read_page(client, job)
    except NotFound as error:
        raise JobDeleted(job) from error
