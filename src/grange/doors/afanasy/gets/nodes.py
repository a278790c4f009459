"""What is asked of renders, users, branches, pools and monitors."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeVar

from grange.core.masks import find
from grange.core.objects import Worker
from grange.doors.afanasy import reply as r
from grange.doors.afanasy.asked import Get
from grange.doors.afanasy.binary.types import Kind
from grange.doors.afanasy.gets import lines
from grange.doors.afanasy.numbers import shown_job
from grange.doors.afanasy.parts import Parts
from grange.doors.afanasy.reply import Reply
from grange.doors.afanasy.shapes.event import JobsOrder, MonitorEvents, UserJobsOrder
from grange.doors.afanasy.show import monitors as show_monitors
from grange.doors.afanasy.show import pools as show_pools
from grange.doors.afanasy.show import renders as show_renders
from grange.doors.afanasy.show import work
from grange.doors.afanasy.show.tally import tally
from grange.model.ids import WorkerId
from grange.model.views import StoryLine
from grange.server.caller import Caller
from grange.server.permissions import Act, Reach

LINES_MAX: Final = 100  # of a node's log, as in the original
T = TypeVar("T")


def _chosen(
    asked: Get, by_number: Callable[[int], T | None], by_name: Iterable[tuple[str, T]]
) -> list[T]:
    """What ids or a mask mean; all where there is neither."""
    if asked.ids:
        found = (by_number(number) for number in dict.fromkeys(asked.ids))
        return [thing for thing in found if thing is not None]
    if asked.mask:
        match = find(asked.mask)
        return [thing for name, thing in by_name if match(name)]
    return [thing for _, thing in by_name]


async def renders(parts: Parts, caller: Caller, asked: Get) -> Reply:
    """Show renders."""
    caller.may(Act.SEE_FARM)
    state, gauges, now = parts.state, parts.gauges, parts.now()
    known = state.workers
    by_name = ((worker.name, worker) for worker in known.values())
    found = _chosen(asked, lambda number: known.get(WorkerId(number)), by_name)
    if asked.mode in ("log", "tasks_log", "full") and asked.ids:
        if not found:
            return r.error("Invalid ID")
        return await _of_render(parts, caller, found[0], str(asked.mode))
    if asked.mode == "resources":
        loads = tuple(show_renders.resources(state, gauges, worker, now) for worker in found)
        kind = Kind.RENDERS_RESOURCES if asked.binary else 0
        return Reply(body={"renders": loads}, kind=kind, items=loads)
    shown = tuple(show_renders.listed(state, gauges, worker, now) for worker in found)
    kind = Kind.RENDERS_LIST if asked.binary else 0
    return Reply(body={"renders": shown}, kind=kind, items=shown)


async def _of_render(parts: Parts, caller: Caller, worker: Worker, mode: str) -> Reply:
    state = parts.state
    if mode == "full":
        return Reply(body={"object": show_renders.whole(state, parts.gauges, worker, parts.now())})
    if mode == "tasks_log":
        records = await caller.views.runs_of_worker(worker.worker_id, LINES_MAX // 2)
        seen = [item for item in records if _may_see(parts, caller, item.job_id)]
        return r.lines(worker.name, "tasks_log", lines.tasks_log(state, seen))
    first = StoryLine(at=worker.registered, text="Registered.")
    said = await _log(caller, f"worker/{worker.worker_id}", first)
    return r.lines(worker.name, "log", lines.of_node("renders", worker.name, said))


def _may_see(parts: Parts, caller: Caller, job_id: int) -> bool:
    if not caller.sees_only_own:
        return True
    user = parts.state.users.get(caller.principal.user)
    return user is not None and job_id in user.jobs


async def _log(caller: Caller, target: str, first: StoryLine) -> list[StoryLine]:
    """When a thing was made, and what people did to it, if the sender may know."""
    begin = [first] if first.at else []  # the roots were there from the first
    if caller.principal.reach(Act.SEE_AUDIT) is not Reach.ALL:
        return begin
    found = await caller.views.audit(limit=LINES_MAX, target=target)
    return [*begin, *lines.of_audit(found)]


async def _named_log(caller: Caller, kind: str, name: str, target: str, created: float) -> Reply:
    first = StoryLine(at=created, text="Registered." if kind == "users" else "Created.")
    said = await _log(caller, target, first)
    return r.lines(name, "log", lines.of_node(kind, name, said))


async def users(parts: Parts, caller: Caller, asked: Get) -> Reply:
    """Show users."""
    caller.may(Act.SEE_FARM)
    state, numbers = parts.state, parts.numbers
    found = _chosen(asked, parts.user, state.users.items())
    if asked.mode == "log" and asked.ids:
        if not found:
            return r.error("Invalid ID")
        name = found[0].user
        return await _named_log(caller, "users", name, f"user/{name}", found[0].created)
    if asked.mode == "jobs_order":
        uids = tuple(numbers.users.number(user.user) for user in found)
        jids = tuple(tuple(shown_job(job_id) for job_id in user.jobs) for user in found)
        if asked.binary and len(found) == 1:
            order = UserJobsOrder(id=uids[0], jobs=jids[0])
            return Reply(kind=Kind.USER_JOBS_ORDER, items=order)
        return Reply(body={"events": MonitorEvents(jobs_order=JobsOrder(uids=uids, jids=jids))})
    sums = tally(state)
    shown = tuple(work.user(state, numbers, user, sums) for user in found)
    return Reply(body={"users": shown}, kind=Kind.USERS_LIST if asked.binary else 0, items=shown)


async def branches(parts: Parts, caller: Caller, asked: Get) -> Reply:
    """Show branches, each after the one that it is in."""
    caller.may(Act.SEE_FARM)
    state, numbers, now = parts.state, parts.numbers, parts.now()
    by_name = sorted(state.branches.items())
    found = _chosen(asked, parts.branch, by_name)
    if asked.mode == "log" and asked.ids:
        if not found:
            return r.error("Invalid ID")
        path = found[0].path
        return await _named_log(caller, "branches", path, f"branch{path}", found[0].created)
    sums, counts = tally(state), work.count(state, now)
    await asyncio.sleep(0)
    shown = []
    for branch in sorted(found, key=lambda item: item.path):
        jobs = (state.jobs[job_id] for job_id in branch.jobs)
        visible = [job for job in jobs if _may_see(parts, caller, job.job_id)]
        shown.append(work.branch(state, numbers, branch, sums, counts, visible, now))
    kind = Kind.BRANCHES_LIST if asked.binary else 0
    return Reply(body={"branches": shown}, kind=kind, items=tuple(shown))


async def pools(parts: Parts, caller: Caller, asked: Get) -> Reply:
    """Show pools, each after the one that it is in."""
    caller.may(Act.SEE_FARM)
    state, numbers = parts.state, parts.numbers
    by_name = sorted(state.pools.items())
    found = _chosen(asked, parts.pool, by_name)
    if asked.mode == "log" and asked.ids:
        if not found:
            return r.error("Invalid ID")
        path = found[0].path
        return await _named_log(caller, "pools", path, f"pool{path}", found[0].created)
    sums, counts = tally(state), show_pools.count(state)
    ordered = sorted(found, key=lambda item: item.path)
    shown = tuple(show_pools.pool(state, numbers, pool, sums, counts) for pool in ordered)
    return Reply(body={"pools": shown}, kind=Kind.POOLS_LIST if asked.binary else 0, items=shown)


async def monitors(parts: Parts, caller: Caller, asked: Get) -> Reply:
    """Show monitors."""
    caller.may(Act.WATCH)
    now = parts.now()
    living = parts.monitors.all(now)
    by_name = ((monitor.name, monitor) for monitor in living)
    found = _chosen(asked, lambda number: parts.monitors.get(number, now), by_name)
    if asked.mode == "log" and asked.ids:
        if not found:
            return Reply(body={"monitor": {"id": 0}})
        first = StoryLine(at=found[0].registered, text="Registered.")
        return r.lines(found[0].name, "log", lines.of_node("monitors", found[0].name, [first]))
    shown: Sequence[object] = tuple(show_monitors.monitor(item) for item in found)
    kind = Kind.MONITORS_LIST if asked.binary else 0
    return Reply(body={"monitors": shown}, kind=kind, items=shown)
