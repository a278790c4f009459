"""Actions on monitors: what they watch, what they are told to show (specification 2.4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from grange.doors.afanasy import reply as r
from grange.doors.afanasy.actions import targets
from grange.doors.afanasy.actions.outcome import Deed, NotDone, to_each
from grange.doors.afanasy.asked import Action, Json, field, read
from grange.doors.afanasy.monitors import CLASSES, WATCHED_MAX, Monitor
from grange.doors.afanasy.numbers import meant_job
from grange.doors.afanasy.parts import Parts
from grange.doors.afanasy.reply import Reply
from grange.server.caller import Caller
from grange.server.permissions import Act


async def act(parts: Parts, caller: Caller, action: Action) -> Reply:
    """Do what is asked to monitors."""
    caller.may(Act.WATCH)
    if action.operation is None:
        return r.error("a monitor has no parameters: send an operation")
    asked = action.operation
    name = field(asked, "type", str, "operation")
    found, unknown = targets.monitors(parts, action)
    if name == "deregister":
        for monitor in found:
            parts.monitors.drop(monitor.number)
        return r.NOTHING

    async def one(monitor: Monitor) -> Deed:
        operation = OPERATIONS.get(name)
        if operation is None:
            raise NotDone(f"Unknown operation: {name}")
        return operation(parts, caller, monitor, action, asked)

    return await to_each(found, one, unknown)


def _exit(_: Parts, __: Caller, monitor: Monitor, ___: Action, ____: Json) -> Deed:
    monitor.leave = True
    return "Instruction 'exit' set."


def _message(parts: Parts, caller: Caller, monitor: Monitor, action: Action, asked: Json) -> Deed:
    text = field(asked, "text", str, "operation")
    parts.monitors.say(monitor, f"{text}\n - {action.author} {caller.principal.address}")
    return "Message sent."


def _watch(parts: Parts, caller: Caller, monitor: Monitor, _: Action, asked: Json) -> Deed:
    kind = field(asked, "class", str, "operation")
    more = asked.get("status") == "subscribe"
    now = parts.now()
    if kind == "perm":
        monitor.uid = field(asked, "uid", int, "operation")
        parts.monitors.changed(monitor, now)
        return "Permissions set."
    if kind == "tasks":
        _watch_tasks(parts, caller, monitor, asked, more=more)
    elif kind == "listen":
        _listen(parts, caller, monitor, asked, more=more)
    elif kind in CLASSES:
        chosen = {name for name in CLASSES if name == kind}
        monitor.classes = monitor.classes | chosen if more else monitor.classes - chosen
        uids = read(asked.get("uids") or [], list[int], "operation.uids")
        if kind == "jobs" and more and len(uids) == 1:  # as older pages say whose jobs
            monitor.uid = uids[0]
    else:
        raise NotDone(f"Unknown operation 'watch' class '{kind}'.")
    parts.monitors.changed(monitor, now)
    return f"Subscribed on '{kind}'" if more else f"Unsubscribed from '{kind}'"


def _watch_tasks(
    parts: Parts, caller: Caller, monitor: Monitor, asked: Json, *, more: bool
) -> None:
    for number in field(asked, "ids", list[int], "operation"):
        job_id = meant_job(number)
        if not more:
            monitor.jobs.pop(job_id, None)
            continue
        job = caller.see_job(job_id)
        if job_id not in monitor.jobs and len(monitor.jobs) >= WATCHED_MAX:
            raise NotDone(f"a monitor watches the tasks of at most {WATCHED_MAX} jobs")
        monitor.jobs[job_id] = {block.number: block.tasks.size for block in job.blocks}


def _listen(parts: Parts, caller: Caller, monitor: Monitor, asked: Json, *, more: bool) -> None:
    job_id = meant_job(field(asked, "job", int, "operation"))
    block = read(asked.get("block", -1), int, "operation.block")
    task = read(asked.get("task", -1), int, "operation.task")
    place = (job_id, block, task)
    if not more:
        monitor.ears.discard(place)
        monitor.heard.clear()
        return
    caller.see_job(job_id)
    if place not in monitor.ears and len(monitor.ears) >= WATCHED_MAX:
        raise NotDone(f"a monitor listens to at most {WATCHED_MAX} tasks")
    monitor.ears.add(place)


OPERATIONS: Final[dict[str, Callable[[Parts, Caller, Monitor, Action, Json], Deed]]] = {
    "exit": _exit,
    "message": _message,
    "watch": _watch,
}
