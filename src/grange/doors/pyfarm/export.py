"""The dictionary of the live farm, piece by piece: nothing waits until all of it is in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from itertools import islice
from typing import Final, Literal

import msgspec

from grange.core.errors import NoSuchBlock, NoSuchJob, NoSuchTask
from grange.core.objects import Job
from grange.core.records import RunRecord
from grange.doors.pyfarm.dictionary import Form, frame_key
from grange.doors.pyfarm.keys import FrameKeys, find_job, subjobs
from grange.doors.pyfarm.live import (
    TAIL_MAX,
    WHOLE_MAX,
    Frames,
    Seen,
    job_head,
    see,
    subjob_head,
)
from grange.model.ids import JobId, RunId
from grange.server.caller import Caller
from grange.server.permissions import Act

PAGE: Final = 500  # frames whose runs are read at once
PIECE_MAX: Final = 4 * 1024 * 1024  # characters that are made at once, or the frame beyond
LOG_MAX: Final = {"none": 0, "inline": TAIL_MAX, "full": WHOLE_MAX}

Detail = Literal["all", "numbers", "none"]
Log = Literal["inline", "none", "full"]


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for; "" all there are."""

    job: str = ""
    subjob: str = ""
    frame: str = ""
    frames: Detail = "all"  #: whole, by their numbers alone, or none
    stdout: Log = "inline"


class Chosen(msgspec.Struct, frozen=True):
    """What was found of what is asked for."""

    jobs: tuple[JobId, ...]
    block: int | None = None
    task: int | None = None


def choose(caller: Caller, wanted: Wanted) -> Chosen:
    """Find what is asked for.

    Raises:
        NoSuchJob, NoSuchBlock, NoSuchTask: there is none of that name.
        Forbidden: it is another's, and the sender sees only his own.
    """
    state = caller.desk.engine.farm.state
    if not wanted.job:
        caller.may(Act.SEE_JOBS, caller.principal.user)
        only = caller.principal.user if caller.sees_only_own else None
        found = (job.job_id for job in state.jobs.values() if only in (None, job.user))
        return Chosen(tuple(sorted(found)))
    job = named_job(caller, wanted.job)
    if not wanted.subjob:
        return Chosen((job.job_id,))
    block = named_block(job, wanted.subjob)
    if not wanted.frame:
        return Chosen((job.job_id,), block)
    return Chosen((job.job_id,), block, named_task(job, block, wanted.frame))


def named_job(caller: Caller, key: str) -> Job:
    """The job of a key, if the sender may see it."""
    job = find_job(caller.desk.engine.farm.state, key)
    if job is None:
        raise NoSuchJob(f"no job {key[:255]!r}", "job")
    return caller.see_job(job.job_id)


def named_block(job: Job, key: str) -> int:
    """The number of the block of a subjob's key."""
    block = subjobs(job).get(key)
    if block is None:
        raise NoSuchBlock(f"job {job.spec.name!r} has no subjob {key[:255]!r}", "subjob")
    return block.number


def named_task(job: Job, number: int, key: str) -> int:
    """The number of the task of a frame's key."""
    block = job.blocks[number]
    task = FrameKeys(block).task(frame_key(key))
    if task is None:
        raise NoSuchTask(f"subjob {block.spec.name!r} has no frame {key[:255]!r}", "frame")
    return task


async def told(caller: Caller, chosen: Chosen, wanted: Wanted, form: Form) -> AsyncIterator[bytes]:
    """Write what was found. Each job is as it was at one moment."""
    state = caller.desk.engine.farm.state
    yield form.begin().encode()
    for job_id in chosen.jobs:
        await caller.desk.engine.settled()
        job = state.jobs.get(job_id)
        if job is None:
            continue  # it was deleted meanwhile
        seen = see(state, caller.views, job)
        yield form.job(seen.key, job_head(seen)).encode()
        for subjob in seen.subjobs:
            if chosen.block in (None, subjob.block.number):
                async for piece in _subjob(caller, chosen, wanted, subjob, form):
                    yield piece.encode()
        yield form.end_job().encode()
    yield form.end().encode()


async def _subjob(
    caller: Caller, chosen: Chosen, wanted: Wanted, seen: Seen, form: Form
) -> AsyncIterator[str]:
    yield form.subjob(seen.key, subjob_head(seen))
    if wanted.frames != "none":
        frames = Frames(seen, caller.desk.logs, LOG_MAX[wanted.stdout])
        tasks = frames.tasks() if chosen.task is None else (chosen.task,)
        if wanted.frames == "numbers":
            for page in pages(tasks):
                yield "".join(form.frame(frames.keys.key(task), {}) for task in page)
        else:
            async for piece in _frames(caller, frames, tasks, form):
                yield piece
    yield form.end_subjob()


async def _frames(
    caller: Caller, frames: Frames, tasks: Iterable[int], form: Form
) -> AsyncIterator[str]:
    """Frames, whole; logs are read by a thread."""
    loop = asyncio.get_running_loop()
    for page in pages(tasks):
        records = await caller.views.ended_runs(frames.ended(page))
        done = 0
        while done < len(page):
            reading = caller.desk.reading
            text, count = await loop.run_in_executor(
                reading, _piece, frames, page[done:], records, form
            )
            done += count
            yield text


def _piece(
    frames: Frames, tasks: list[int], records: Mapping[RunId, RunRecord], form: Form
) -> tuple[str, int]:
    """As many of some frames as make a piece, and how many that are."""
    parts: list[str] = []
    size = 0
    for key, frame in frames.some(tasks, records):
        parts.append(form.frame(key, frame))
        size += len(parts[-1])
        if size > PIECE_MAX:
            break
    return "".join(parts), len(parts)


def pages(tasks: Iterable[int]) -> Iterator[list[int]]:
    """Cut into pages."""
    rest = iter(tasks)
    while page := list(islice(rest, PAGE)):
        yield page
