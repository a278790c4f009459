"""What is asked of tasks: how far they are, what they run, what they have said."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from grange.core.objects import Block, Job
from grange.doors.afanasy import reply as r
from grange.doors.afanasy import thumbs
from grange.doors.afanasy.asked import Get
from grange.doors.afanasy.binary.types import Kind
from grange.doors.afanasy.gets import lines
from grange.doors.afanasy.numbers import meant_job, shown_job
from grange.doors.afanasy.parts import Parts
from grange.doors.afanasy.reply import Reply
from grange.doors.afanasy.shapes.job import JobProgress
from grange.doors.afanasy.shapes.task import Task, TaskFile, TaskFiles, TaskPos, TaskProgress
from grange.doors.afanasy.shapes.traffic import SentFile, TaskUpdate
from grange.doors.afanasy.show import tasks as show
from grange.model.ids import RunId
from grange.server.caller import Caller

AT_ONCE: Final = 1_000  # tasks that are told before others have their turn
PROGRESS_MAX: Final = 500_000  # tasks of one job whose progress is told
OUTPUT_MAX: Final = 1_000_000  # bytes of one task's output, as in the original
_CUT: Final = "\n[grange: {} bytes are left out here]\n"
BAD_PLACE: Final = "ERROR: Invalid block and task numbers"
NEVER_RAN: Final = "The task has not run yet."


async def far(parts: Parts, job: Job, block: Block, chosen: Sequence[int]) -> list[TaskProgress]:
    """How far some tasks of a block are. Cost: O(those), in turns of `AT_ONCE`."""
    found: list[TaskProgress] = []
    views, state = parts.desk.views, parts.state
    for first in range(0, len(chosen), AT_ONCE):
        some = chosen[first : first + AT_ONCE]
        ended = await views.ended_runs([block.tasks.last_run[task] for task in some])
        for task in some:
            record = ended.get(RunId(block.tasks.last_run[task]))
            found.append(show.progress(state, parts.gauges, job, block, task, record))
        if first:
            await asyncio.sleep(0)
    return found


async def progress(parts: Parts, asked: Get, job: Job) -> Reply:
    """How far all tasks of a job are."""
    count = sum(block.tasks.size for block in job.blocks)
    if count > PROGRESS_MAX:
        return r.error(f"the job has {count} tasks: more than {PROGRESS_MAX} are not told at once")
    told = [tuple(await far(parts, job, b, range(b.tasks.size))) for b in job.blocks]
    found = JobProgress(id=shown_job(job.job_id), progress=tuple(told))
    kind = Kind.JOB_PROGRESS if asked.binary else 0
    return Reply(body={"job_progress": found}, kind=kind, items=found)


async def one(parts: Parts, caller: Caller, asked: Get, mode: str) -> Reply:
    """One thing of one task."""
    job_id, number, task = (asked.ids or [0])[0], _first(asked.block_ids), _first(asked.task_ids)
    pos = TaskPos(job=job_id, block=number, task=task, number=max(0, asked.number or 0))
    job = parts.state.jobs.get(meant_job(job_id))
    if job is None:
        return r.error("Invalid ID")
    caller.see_job(job.job_id)
    there = 0 <= number < len(job.blocks) and 0 <= task < job.blocks[number].tasks.size
    if mode == "files":
        if not there:
            return r.error("Invalid block/task number.")
        return await _files(parts, asked, job, job.blocks[number], task)
    if not there:
        if mode != "output":
            return r.error("Invalid block/task number.")
        return _told(asked, show.nowhere("TOutput", pos, BAD_PLACE))
    block = job.blocks[number]
    (said,) = await far(parts, job, block, [task])
    run = parts.state.runs.get(RunId(block.tasks.last_run[task]))
    if mode == "info":
        ended = await parts.desk.views.ended_runs([block.tasks.last_run[task]])
        wrote = next((known.result.files for known in ended.values() if known.result), ())
        exec_ = show.executed(job, block, task, run, parts.now(), wrote)
        return _told(asked, show.told("TExec", job, block, task, far=said, exec_=exec_))
    if mode == "log":
        story = lines.of_task(await caller.views.story(job.job_id, number, task))
        return _told(asked, show.told("TLog", job, block, task, far=said, data=story))
    if mode == "error_hosts":
        hosts = lines.task_error_hosts(block, task)
        return _told(asked, show.told("TErrorHosts", job, block, task, far=said, data=hosts))
    text = await _output(parts, caller, job, block, task, pos.number)
    output = show.told(
        "TOutput", job, block, task, far=said, data=text, number=pos.number, run=run
    )
    return _told(asked, output)


def _first(numbers: list[int] | None) -> int:
    return numbers[0] if numbers else -1


def _told(asked: Get, found: Task) -> Reply:
    return Reply(body={"task": found}, kind=Kind.TASK if asked.binary else 0, items=found)


async def _output(
    parts: Parts, caller: Caller, job: Job, block: Block, task: int, start: int
) -> str:
    """What a task said at one of its starts; 0 the last."""
    run_id: int = block.tasks.last_run[task]
    if not run_id:
        return NEVER_RAN
    if start and start != block.tasks.starts[task]:
        detail = await caller.views.task_detail(job.job_id, block.number, task)
        known = {view.attempt: view.run_id for view in detail.runs}
        if start not in known:
            return f"ERROR: start {start} is not known: there were {block.tasks.starts[task]}"
        run_id = known[start]
    return await read_output(parts, job.job_id, run_id)


async def read_output(parts: Parts, job_id: int, run_id: int) -> str:
    """The log of a run, without its middle where it is too long."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(parts.desk.reading, _read, parts, job_id, run_id)


def _read(parts: Parts, job_id: int, run_id: int) -> str:
    logs = parts.desk.logs
    size = logs.size(job_id, run_id)
    if size <= OUTPUT_MAX:
        return logs.read(job_id, run_id, 0, OUTPUT_MAX).decode(errors="replace")
    half = OUTPUT_MAX // 2
    begin = logs.read(job_id, run_id, 0, half).decode(errors="replace")
    end = logs.read(job_id, run_id, size - half, half).decode(errors="replace")
    return begin + _CUT.format(size - 2 * half) + end


async def _files(parts: Parts, asked: Get, job: Job, block: Block, task: int) -> Reply:
    """The thumbnails of a task's last run, the oldest first."""
    run_id, loop = block.tasks.last_run[task], asyncio.get_running_loop()
    album, reading = parts.desk.album, parts.desk.reading
    found = await loop.run_in_executor(reading, album.of_run, job.job_id, run_id)
    names = [thumbs.path(job.job_id, item) for item in reversed(found)]
    files = TaskFiles(
        job_id=shown_job(job.job_id),
        block_id=block.number,
        task_id=task,
        files=tuple(TaskFile(name=name) for name in names),
    )
    if not asked.binary:
        return Reply(body={"task_files": files})
    sent = []
    for name in names:
        at = thumbs.meant(name)
        assert at is not None
        data = await loop.run_in_executor(reading, album.read, *at)
        sent.append(SentFile(name=name.rpartition("/")[2], data=data))
    return Reply(kind=Kind.TASK_FILES, items=carried(job, block.number, task, sent))


def carried(job: Job, block: int, task: int, files: Sequence[SentFile]) -> TaskUpdate:
    """Files of a task in a binary message."""
    return TaskUpdate(
        render_id=0,
        pos=TaskPos(job=shown_job(job.job_id), block=block, task=task, number=0),
        status=0,
        percent=0,
        frame=0,
        percent_frame=0,
        progress_changed=False,
        activity="",
        resources="",
        report="",
        log="",
        listened=b"",
        files=tuple(files),
    )
