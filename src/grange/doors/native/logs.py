"""Routes of logs: text that may still grow, read from any byte on."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Final, NamedTuple

from litestar import get
from litestar.response import Stream

from grange.doors.native.caller import Caller
from grange.doors.native.parameters import Id, Req, RunNumber, Sender
from grange.doors.native.refusals import READING
from grange.server.refusal import NoSuchRun

PIECE_BYTES: Final = 256 * 1024  # of a log read at once
MEDIA_TYPE: Final = "text/plain"  # Litestar adds that it is UTF-8
_RANGE: Final = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)


class Part(NamedTuple):
    """Bytes first to last of a log, both included."""

    first: int
    last: int


@get(
    "/jobs/{job:int}/blocks/{block:int}/tasks/{task:int}/log",
    operation_id="taskLog",
    summary="The log of a task's last run, or of that run",
    media_type=MEDIA_TYPE,
    responses=READING,
)
async def task_log(
    caller: Sender,
    request: Req,
    job: Id,
    block: Id,
    task: Id,
    run: RunNumber = None,
) -> Stream:
    """`Range: bytes=N-` asks for what is new; 416 says that nothing is."""
    caller.see_job(job)
    _, found = caller.views.get_task(job, block, task)
    if run is None:
        last = found.tasks.last_run[task]
        if not last:
            raise NoSuchRun(f"task {job}/{block}/{task} never ran")
        return await _log(caller, request, job, last)
    view = await caller.views.run(run)
    if (view.job_id, view.block, view.task) != (job, block, task):
        raise NoSuchRun(f"run {run} is not one of task {job}/{block}/{task}")
    return await _log(caller, request, job, run)


@get(
    "/runs/{run:int}/log",
    operation_id="runLog",
    summary="The log of a run",
    media_type=MEDIA_TYPE,
    responses=READING,
)
async def run_log(caller: Sender, request: Req, run: Id) -> Stream:
    """`Range: bytes=N-` asks for what is new; 416 says that nothing is."""
    view = await caller.views.run(run)
    caller.see_past_job(view.job_id)
    return await _log(caller, request, view.job_id, run)


async def _log(caller: Caller, request: Req, job: int, run: int) -> Stream:
    loop, parts = asyncio.get_running_loop(), caller.parts
    size = await loop.run_in_executor(parts.reading, parts.logs.size, job, run)
    headers = {"Grange-Run": str(run), "Grange-Log-Size": str(size), "Accept-Ranges": "bytes"}
    asked = request.headers.get("range", "") if "if-range" not in request.headers else ""
    part = read_range(asked, size)
    if part is None and _RANGE.fullmatch(asked):
        headers |= {"Content-Range": f"bytes */{size}", "Content-Length": "0"}
        return Stream(_pieces(caller, job, run, Part(0, -1)), status_code=416, headers=headers)
    chosen = part or Part(0, size - 1)
    headers["Content-Length"] = str(chosen.last - chosen.first + 1)
    if part is not None:
        headers["Content-Range"] = f"bytes {part.first}-{part.last}/{size}"
    return Stream(
        _pieces(caller, job, run, chosen),
        status_code=200 if part is None else 206,
        headers=headers,
        media_type=MEDIA_TYPE,
    )


async def _pieces(caller: Caller, job: int, run: int, part: Part) -> AsyncIterator[bytes]:
    loop, parts = asyncio.get_running_loop(), caller.parts
    at = part.first
    while at <= part.last:
        wanted = min(PIECE_BYTES, part.last + 1 - at)
        data = await loop.run_in_executor(parts.reading, parts.logs.read, job, run, at, wanted)
        if not data:
            return  # the job was deleted meanwhile
        at += len(data)
        yield data


def read_range(text: str, size: int) -> Part | None:
    """The part that a Range header asks for.

    Returns:
        None when it asks for none that there is: no header, several ranges, or beyond the end.
    """
    found = _RANGE.fullmatch(text)
    if found is None:
        return None
    first, last = found.groups()
    if not first:
        count = min(int(last or 0), size)
        return Part(size - count, size - 1) if count else None
    end = min(int(last), size - 1) if last else size - 1
    return Part(int(first), end) if int(first) <= end else None


ROUTES = (task_log, run_log)
