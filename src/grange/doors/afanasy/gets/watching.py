"""Monitors: how they register, and what they are told when they ask."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from grange.core.objects import Block, Job
from grange.doors.afanasy import reply as r
from grange.doors.afanasy.asked import Json, read
from grange.doors.afanasy.binary.types import Kind
from grange.doors.afanasy.gets import tasks
from grange.doors.afanasy.monitors import Ear, Monitor, News, Place
from grange.doors.afanasy.numbers import shown_job
from grange.doors.afanasy.parts import Parts
from grange.doors.afanasy.reply import Reply
from grange.doors.afanasy.shapes.block import BlockNames
from grange.doors.afanasy.shapes.event import MonitorEvents, TasksProgress
from grange.doors.afanasy.shapes.task import Task
from grange.doors.afanasy.show import monitors as show
from grange.doors.afanasy.show import tasks as show_tasks
from grange.model.ids import RunId
from grange.model.states import TaskState
from grange.server.caller import Caller
from grange.server.permissions import Act

NAME_MAX: Final = 255  # characters
HEARD_MAX: Final = 64 * 1024  # bytes of one task's log in one answer; the rest follows
EARS_MAX: Final = 32  # tasks that are listened to in one answer
UNKNOWN: Final = {"monitor": {"id": 0}}


async def register(parts: Parts, caller: Caller, raw: object) -> Reply:
    """Make a monitor."""
    caller.may(Act.WATCH)
    asked = read(raw, Json, "monitor")
    names = {name: read(asked.get(name, ""), str, f"monitor.{name}") for name in _NAMES}
    if not names["user_name"] or not names["host_name"]:
        return r.error('monitor needs a not empty "user_name" and "host_name"')
    monitor = parts.monitors.register(
        user=names["user_name"][:NAME_MAX],
        host=names["host_name"][:NAME_MAX],
        engine=names["engine"][:NAME_MAX],
        address=caller.principal.address,
        only=caller.principal.user if caller.sees_only_own else "",
        now=parts.now(),
    )
    shown = show.monitor(monitor)
    binary = read(asked.get("binary", False), bool, "monitor.binary")
    return Reply(body={"monitor": shown}, kind=Kind.MONITOR if binary else 0, items=shown)


_NAMES: Final = ("user_name", "host_name", "engine")


async def poll(parts: Parts, caller: Caller, number: int, *, binary: bool = False) -> Reply:
    """Tell a monitor what is new since it asked last."""
    caller.may(Act.WATCH)
    now = parts.now()
    monitor = parts.monitors.get(number, now)
    if monitor is not None and caller.sees_only_own and monitor.only != caller.principal.user:
        monitor = None
    news = None if monitor is None else parts.monitors.news(monitor, now)
    if monitor is None or news is None:
        return Reply(body=UNKNOWN, kind=Kind.MONITOR_ID if binary else 0, items=0)
    heard = await _heard(parts, monitor) if monitor.ears else ()
    events = await _events(parts, news, heard)
    nothing = events == _NOTHING
    if binary:
        if nothing:
            return Reply(kind=Kind.MONITOR_ID, items=number)
        return Reply(kind=Kind.MONITOR_EVENTS, items=events)
    return Reply(body={"events": None if nothing else events})


_NOTHING: Final = MonitorEvents()


async def _events(parts: Parts, news: News, heard: tuple[Task, ...]) -> MonitorEvents:
    nodes: dict[str, Any] = {n: tuple(dict.fromkeys(ids)) for n, ids in news.nodes.items()}
    return MonitorEvents(
        **nodes,
        tasks_progress=await _progress(parts, news),
        block_ids=_block_names(news),
        jobs_order_ids=tuple(news.order),
        instruction="exit" if news.leave else "",
        tasks_listens=heard,
        message=news.message,
    )


async def _progress(parts: Parts, news: News) -> tuple[TasksProgress, ...]:
    """How far changed tasks are, one item for each job."""
    by_job: dict[int, list[tuple[Block, list[int]]]] = {}
    jobs: dict[int, Job] = {}
    for job, block, chosen in news.tasks:
        jobs[job.job_id] = job
        by_job.setdefault(job.job_id, []).append((block, chosen))
    told = []
    for job_id, some in by_job.items():
        if job_id not in parts.state.jobs:
            continue
        far = [await tasks.far(parts, jobs[job_id], block, chosen) for block, chosen in some]
        told.append(
            TasksProgress(
                job_id=shown_job(job_id),
                blocks=tuple(block.number for block, chosen in some for _ in chosen),
                tasks=tuple(task for _, chosen in some for task in chosen),
                progress=tuple(item for items in far for item in items),
            )
        )
    return tuple(told)


def _block_names(news: News) -> BlockNames | None:
    if not news.blocks:
        return None
    return BlockNames(
        job_id=tuple(shown_job(job_id) for job_id, _ in news.blocks),
        block_num=tuple(number for _, number in news.blocks),
        mode=tuple(news.blocks.values()),
    )


async def _heard(parts: Parts, monitor: Monitor) -> tuple[Task, ...]:
    """What tasks that are listened to have said since."""
    found = []
    for place in _places(parts, monitor)[:EARS_MAX]:
        said = await _listen(parts, monitor, place)
        if said is not None:
            found.append(said)
    return tuple(found)


def _places(parts: Parts, monitor: Monitor) -> list[Place]:
    """The tasks that are listened to: single ones, and those that run of a block or a job."""
    found: dict[Place, None] = {}
    for job_id, number, task in monitor.ears:
        job = parts.state.jobs.get(job_id)
        if job is None:
            continue
        if number >= 0 and task >= 0:
            found[job_id, number, task] = None
            continue
        for block in job.blocks:
            if number < 0 or block.number == number:
                running = block.tasks.indexes(TaskState.RUNNING)
                found |= dict.fromkeys((job_id, block.number, each) for each in running)
    return list(found)


async def _listen(parts: Parts, monitor: Monitor, place: Place) -> Task | None:
    job_id, number, task = place
    job = parts.state.jobs.get(job_id)
    if job is None or number >= len(job.blocks) or task >= job.blocks[number].tasks.size:
        return None
    block = job.blocks[number]
    run_id = block.tasks.last_run[task]
    ear = monitor.heard.setdefault(place, Ear())
    if ear.run_id != run_id:
        ear.run_id, ear.offset = run_id, 0
    loop = asyncio.get_running_loop()
    data = await loop.run_in_executor(
        parts.desk.reading, parts.desk.logs.read, job_id, run_id, ear.offset, HEARD_MAX
    )
    if not data:
        return None
    ear.offset += len(data)
    (far,) = await tasks.far(parts, job, block, [task])
    run = parts.state.runs.get(RunId(run_id))
    text = data.decode(errors="replace")
    return show_tasks.told("TListen", job, block, task, far=far, data=text, run=run)
