"""What is asked of jobs and their blocks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from grange.core.masks import find
from grange.core.objects import Job
from grange.doors.afanasy import reply as r
from grange.doors.afanasy import thumbs
from grange.doors.afanasy.asked import Get
from grange.doors.afanasy.binary.types import Kind
from grange.doors.afanasy.gets import lines, tasks
from grange.doors.afanasy.numbers import meant_job
from grange.doors.afanasy.parts import Parts
from grange.doors.afanasy.reply import Reply
from grange.doors.afanasy.shapes.traffic import SentFile
from grange.doors.afanasy.show import blocks as show_blocks
from grange.doors.afanasy.show import jobs as show
from grange.model.ids import JobId
from grange.server.caller import Caller
from grange.server.permissions import Act

AT_ONCE: Final = 200  # jobs that are shown before others have their turn
THUMBNAILS_MAX: Final = 50  # jobs of one list that are shown with their newest thumbnail
TASKS_MAX: Final = 500_000  # named tasks in one answer
OF_TASK: Final = frozenset({"info", "log", "output", "error_hosts", "files"})
#: Levels of blocks, each with more than the one before; clients may send the number.
LEVELS: Final[dict[str | int, Kind]] = {
    "progress": Kind.BLOCKS_PROGRESS,
    "properties": Kind.BLOCKS_PROPERTIES,
    "full": Kind.BLOCKS,
    **{int(kind): kind for kind in (Kind.BLOCKS_PROGRESS, Kind.BLOCKS_PROPERTIES, Kind.BLOCKS)},
}
_SHOWN: Final[dict[Kind, Callable[..., Any]]] = {
    Kind.BLOCKS_PROGRESS: show_blocks.progress,
    Kind.BLOCKS_PROPERTIES: show_blocks.properties,
    Kind.BLOCKS: show_blocks.full,
}


async def get(parts: Parts, caller: Caller, asked: Get) -> Reply:
    """Show jobs."""
    only = caller.principal.user if caller.sees_only_own else ""
    caller.may(Act.SEE_JOBS, caller.principal.user if only else None)
    mode = asked.mode if isinstance(asked.mode, str) else ""
    if asked.task_ids and mode in OF_TASK:
        return await tasks.one(parts, caller, asked, mode)
    found = [job for job in _meant(parts, asked) if not only or job.user == only]
    if not found and asked.ids is not None and len(asked.ids) == 1:
        return r.error("Invalid ID")
    if len(found) == 1 and asked.ids:
        whole = await _of_one(parts, caller, asked, found[0], mode)
        if whole is not None:
            return whole
    if mode == "full":
        return await _full(parts, asked, found)
    return await _listed(parts, asked, found)


def _meant(parts: Parts, asked: Get) -> Iterable[Job]:
    """The jobs that are meant; all of them where none is named. Cost: O(jobs) but for ids."""
    known = parts.state.jobs
    if asked.ids:
        ids = dict.fromkeys(meant_job(number) for number in asked.ids)
        return [known[job_id] for job_id in ids if job_id in known]
    if asked.serials is not None:
        return [known[JobId(item)] for item in dict.fromkeys(asked.serials) if item in known]
    if asked.uids is not None or asked.users is not None:
        users = [parts.user(uid) for uid in asked.uids or ()]
        users += [parts.state.users.get(name) for name in asked.users or ()]
        unique = {user.user: user for user in users if user is not None}
        return [known[job_id] for user in unique.values() for job_id in user.jobs]
    if asked.mask:
        match = find(asked.mask)
        return [job for job in known.values() if match(job.spec.name)]
    return list(known.values())


async def _of_one(parts: Parts, caller: Caller, asked: Get, job: Job, mode: str) -> Reply | None:
    """What is asked of a single job; None: its place in the list."""
    if isinstance(asked.mode, list):
        return _blocks(parts, asked, job, asked.mode)
    if mode == "progress":
        return await tasks.progress(parts, asked, job)
    if mode == "error_hosts":
        return r.lines(job.spec.name, "error_hosts", lines.error_hosts(job))
    if mode == "log":
        story = await caller.views.story(job.job_id)
        return r.lines(job.spec.name, "log", lines.of_node("jobs", job.spec.name, story))
    if mode == "thumbnail" and asked.binary:
        return await _thumbnail(parts, job)
    return None


def _blocks(parts: Parts, asked: Get, job: Job, modes: Sequence[str | int]) -> Reply | None:
    """Some blocks of a job, each at its own level; None where that cannot be what is meant."""
    numbers = asked.block_ids or []
    levels = [LEVELS[mode] for mode in modes if mode in LEVELS]
    fits = len(numbers) == len(modes) == len(levels) > 0
    if not fits or not all(0 <= number < len(job.blocks) for number in numbers):
        return None
    highest = max(levels)  # a binary message has one level for all
    if asked.binary:
        levels = [highest] * len(levels)
    state, now = parts.state, parts.now()
    shown = []
    for number, level in zip(numbers, levels, strict=True):
        block = job.blocks[number]
        seen = show_blocks.running(state, parts.gauges, block)
        shown.append(_SHOWN[level](state, job, block, seen, now))
    kind = highest if asked.binary else 0
    return Reply(body={"blocks": shown}, kind=kind, items=tuple(shown))


async def _listed(parts: Parts, asked: Get, found: Sequence[Job]) -> Reply:
    pictures = await _thumbnails(parts, found)
    shown = []
    for place, job in enumerate(found):
        if place % AT_ONCE == AT_ONCE - 1:
            await asyncio.sleep(0)
        if job.job_id in parts.state.jobs:  # it was there when the others had not had their turn
            picture = pictures.get(job.job_id, "")
            shown.append(show.listed(parts.state, parts.gauges, job, parts.now(), picture))
    kind = Kind.JOBS_LIST if asked.binary else 0
    return Reply(body={"jobs": shown}, kind=kind, items=tuple(shown))


async def _full(parts: Parts, asked: Get, found: Sequence[Job]) -> Reply:
    count = sum(len(b.named) or b.tasks.size for j in found for b in j.blocks if _names(b))
    if count > TASKS_MAX:
        return r.error(f"{count} named tasks: more than {TASKS_MAX} are not shown at once")
    pictures = await _thumbnails(parts, found)
    shown = []
    for job in found:
        await asyncio.sleep(0)
        if job.job_id in parts.state.jobs:
            picture = pictures.get(job.job_id, "")
            shown.append(show.full(parts.state, parts.gauges, job, parts.now(), picture))
    return Reply(body={"jobs": shown}, kind=Kind.JOB if asked.binary else 0, items=tuple(shown))


def _names(block: Any) -> bool:
    return not show_blocks.is_numeric(block)


async def _thumbnails(parts: Parts, found: Sequence[Job]) -> dict[JobId, str]:
    """Paths of the newest thumbnails of a few jobs."""
    if len(found) > THUMBNAILS_MAX:
        return {}
    loop, ids = asyncio.get_running_loop(), [job.job_id for job in found if job.started]
    if not ids:
        return {}
    return await loop.run_in_executor(parts.desk.reading, _newest, parts, ids)


def _newest(parts: Parts, ids: Sequence[JobId]) -> dict[JobId, str]:
    known = {job_id: parts.desk.album.of_job(job_id) for job_id in ids}
    return {job_id: thumbs.path(job_id, some[0]) for job_id, some in known.items() if some}


async def _thumbnail(parts: Parts, job: Job) -> Reply:
    """The newest thumbnail of a job, in a binary message; without a file if there is none."""
    loop = asyncio.get_running_loop()
    reading, album = parts.desk.reading, parts.desk.album
    found = await loop.run_in_executor(reading, album.of_job, job.job_id)
    files = []
    for item in found[:1]:
        at = (job.job_id, item.run_id, item.number)
        data = await loop.run_in_executor(reading, album.read, *at)
        name = thumbs.path(job.job_id, item).rpartition("/")[2]
        files.append(SentFile(name=name, data=data))
    return Reply(kind=Kind.TASK_FILES, items=tasks.carried(job, -1, -1, files))
