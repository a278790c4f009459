"""Routes of thumbnails: small pictures of what runs have made."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from litestar import Response, get

from grange.doors.native.answers import Thumbnails
from grange.doors.native.caller import Caller
from grange.doors.native.parameters import Id, RunNumber, Sender
from grange.doors.native.refusals import READING
from grange.model.ids import task_path
from grange.model.views import ThumbnailView
from grange.server.refusal import NoSuchRun, NoSuchThumbnail
from grange.store.pictures import Thumbnail

MEDIA_TYPE: Final = "image/jpeg"

T = TypeVar("T")


@get(
    "/jobs/{job:int}/thumbnails",
    operation_id="jobThumbnails",
    summary="The newest thumbnails of a job",
    responses=READING,
)
async def job_thumbnails(caller: Sender, job: Id) -> Thumbnails:
    """The newest first, at most eight; of which task each is."""
    caller.see_job(job)
    found = await _read(caller, caller.parts.album.of_job, job)
    return Thumbnails(thumbnails=await _views(caller, found))


@get(
    "/jobs/{job:int}/thumbnail",
    operation_id="jobThumbnail",
    summary="The newest thumbnail of a job",
    media_type=MEDIA_TYPE,
    responses=READING,
)
async def job_thumbnail(caller: Sender, job: Id) -> Response[bytes]:
    """404 where none was made yet."""
    caller.see_job(job)
    for found in await _read(caller, caller.parts.album.of_job, job):
        data = await _read(caller, caller.parts.album.read, job, found.run_id, found.number)
        if data:
            return _jpeg(data, found.run_id)
    raise NoSuchThumbnail(f"job {job} has no thumbnail (yet)")


@get(
    "/jobs/{job:int}/blocks/{block:int}/tasks/{task:int}/thumbnails",
    operation_id="taskThumbnails",
    summary="The thumbnails of a task's last run, or of that run",
    responses=READING,
)
async def task_thumbnails(
    caller: Sender, job: Id, block: Id, task: Id, run: RunNumber = None
) -> Thumbnails:
    """The newest first, at most eight; none of a task that never ran."""
    run_id = await _run_of(caller, job, block, task, run)
    found = await _read(caller, caller.parts.album.of_run, job, run_id) if run_id else ()
    return Thumbnails(thumbnails=tuple(_view(item, block, task) for item in found))


@get(
    "/jobs/{job:int}/blocks/{block:int}/tasks/{task:int}/thumbnails/{number:int}",
    operation_id="taskThumbnail",
    summary="A thumbnail of a task's last run, or of that run",
    media_type=MEDIA_TYPE,
    responses=READING,
)
async def task_thumbnail(
    caller: Sender, job: Id, block: Id, task: Id, number: Id, run: RunNumber = None
) -> Response[bytes]:
    """By the number that the list gives it."""
    run_id = await _run_of(caller, job, block, task, run)
    data = await _read(caller, caller.parts.album.read, job, run_id, number) if run_id else b""
    if not data:
        path = task_path(job, block, task)
        raise NoSuchThumbnail(f"task {path} has no thumbnail {number} (yet)")
    return _jpeg(data, run_id)


async def _run_of(caller: Caller, job: int, block: int, task: int, run: int | None) -> int:
    """The run that is meant, 0 where the task never ran."""
    caller.see_job(job)
    _, found = caller.views.get_task(job, block, task)
    if run is None:
        return int(found.tasks.last_run[task])
    view = await caller.views.run(run)
    if (view.job_id, view.block, view.task) != (job, block, task):
        raise NoSuchRun(f"run {run} is not one of task {task_path(job, block, task)}")
    return run


async def _views(caller: Caller, found: Sequence[Thumbnail]) -> tuple[ThumbnailView, ...]:
    views: list[ThumbnailView] = []
    for item in found:
        try:
            run = await caller.views.run(item.run_id)
        except NoSuchRun:
            continue  # a back-up may be older than the files
        views.append(_view(item, run.block, run.task))
    return tuple(views)


def _view(found: Thumbnail, block: int, task: int) -> ThumbnailView:
    return ThumbnailView(
        run_id=found.run_id,
        block=block,
        task=task,
        number=found.number,
        name=found.name,
        size_bytes=found.size_bytes,
        made=found.made,
    )


async def _read(caller: Caller, work: Callable[..., T], *arguments: int) -> T:
    """Look at the disk in a thread."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(caller.parts.reading, work, *arguments)


def _jpeg(data: bytes, run_id: int) -> Response[bytes]:
    return Response(data, media_type=MEDIA_TYPE, headers={"Grange-Run": str(run_id)})


ROUTES = (job_thumbnails, job_thumbnail, task_thumbnails, task_thumbnail)
