"""Every index and count of the farm is compared with the data: each can be found out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from grange.core import commands as c
from grange.core.check import faults
from grange.core.demand import Group
from grange.core.farm import Farm
from grange.core.objects import Branch, Pool
from grange.core.tree import Share
from grange.model.ids import JobId, RunId, WorkerId
from grange.model.states import Nimby, Presence, Rest
from tests.build import edit_branch, edit_user, job, started, submit
from tests.core.test_check import Parts, free

Harm = Callable[[Parts], Any]


def changed(thing: Any, **fields: Any) -> None:
    """Set fields of an object's specification without telling anyone."""
    thing.spec = msgspec.structs.replace(thing.spec, **fields)


def show(p: Parts) -> Branch:
    return p.state.branches["/show"]


def group(p: Parts) -> Any:
    assert p.worker.group is not None
    return p.worker.group


def demand(p: Parts) -> Any:
    return p.state.demands[p.first.demand]


def user_share(p: Parts) -> Share:
    return p.user.shares["/show"]


def renumber(p: Parts) -> None:
    p.state.runs[RunId(9)] = p.state.runs.pop(RunId(1))


def orphan_branch(p: Parts) -> None:
    share = Share(99, None, 0, 0)
    p.state.branches["/film/seq"] = Branch("/film/seq", show(p).spec, 0.0, share, None)


def orphan_pool(p: Parts) -> None:
    p.state.pools["/a/b"] = Pool("/a/b", p.pool.spec, 0.0, None)


def tokens(p: Parts) -> None:
    p.state.tokens.update({("ada", "x"): (JobId(1), 5.0), ("ada", "y"): (JobId(1), 4.0)})


def elsewhere(p: Parts) -> None:
    p.later.share.parent = p.state.branches["/"].share


def rekey(p: Parts) -> None:
    (key,) = p.state.groups
    p.state.groups[key._replace(pool="/other")] = p.state.groups.pop(key)


def looks_elsewhere(p: Parts) -> None:
    """Give the worker room for one more of the first block, and let nobody look at it."""
    p.worker.capacity_used = 0
    demand(p).fresh = set()
    p.state.open_demands.add(p.first.demand)
    place = (2, -2_500, -99, 1.0, 1)
    group(p).free.append(place)
    p.worker.place = place


def free_but_known(p: Parts) -> None:
    """A worker that could serve a closed demand is to be looked at when it opens."""
    free(p)
    demand(p).fresh = {p.worker.worker_id}


def free_behind_a_stranger(p: Parts) -> None:
    """A worker that could serve a closed demand stands in line behind one that is gone."""
    free(p)
    group(p).free.insert(0, (0, -9_000, -99, 0.0, 99))


def empty_group(p: Parts) -> None:
    key = group(p).key._replace(pool="/other")
    p.state.groups[key] = Group(key)


def share_of_no_branch(p: Parts) -> None:
    p.user.shares["/gone"] = Share(98, None, p.user.spec.priority, p.user.created)


def no_timer_of_its_own(p: Parts) -> None:
    """Close a job; timers of another kind have the numbers of the job and of its share."""
    p.job.share.close(closed=True)
    numbers = (p.job.job_id, p.job.share.share_id)
    p.state.timers.extend((9.0, "forgive", "", number) for number in numbers)


def dies_unseen(p: Parts) -> None:
    """Give a job a life time; at its end a timer of another kind rings."""
    changed(p.job, life_time_s=60)
    p.state.timers.append((p.job.created + 60, "job", "", p.job.job_id))


def close_later(p: Parts) -> None:
    p.later.waits.clear()
    p.job.dependants.clear()


HARM: list[tuple[str, Harm]] = [
    ("block 1/0: its sizes differ: [9, 10]", lambda p: p.first.tasks.errors.append(0)),
    ("block 1/0: its sizes differ: [1, 9]", lambda p: p.first.named.append(None)),  # type: ignore[arg-type]
    ("block 1/0: the picker has passed task 2", lambda p: setattr(p.first.picker, "_cursor", 7)),
    ("block 1/0: capacity used is off", lambda p: setattr(p.first, "capacity_used", 1)),
    ("block 1/0: tasks per host are off", lambda p: p.first.hosts.clear()),
    ("block 1/0: has frames of tasks that do not run", lambda p: p.first.sub_frames.update(
        {8: 1})),
    ("block 1/1: tasks wait for ()", lambda p: setattr(
        p.job.blocks[1], "task_waits", ())),
    ("block 1/0: blocks that wait for it are off", lambda p: p.first.task_dependants.clear()),
    ("block 1/1: blocks that wait for it are off", lambda p: p.job.blocks[1].dependants.clear()),
    ("job 1: its blocks are not numbered", lambda p: setattr(
        p.job.blocks[2], "number", 7)),
    ("job 1: tasks per host are off", lambda p: p.job.hosts.clear()),
    ("job 1: there is no task 0/99 to try next", lambda p: p.job.try_next.append((0, 99))),
    ("job 1: there is no task 9/0 to try next", lambda p: p.job.try_next.append((9, 0))),
    ("job 1: a task is to be tried next twice", lambda p: p.job.try_next.extend([(0, 5)] * 2)),
    ("job 1: job 2 does not wait for it", lambda p: p.later.waits.clear()),
    ("job 2: does not wait for job 1", close_later),
    ("run 1: kept as 9", renumber),
    ("run 2: the last number given is 1", lambda p: p.state.last_ids.update(run=1)),
    ("job 2: the last number given is 1", lambda p: p.state.last_ids.update(job=1)),
    ("job 1: not found by its name, or by another", lambda p: p.state.names.update(
        {"x": {JobId(1)}})),
    ("job 2: not found by whom it waits for", lambda p: p.state.masked.clear()),
    ("workers are not found by their names", lambda p: p.state.worker_names.clear()),
    ("users with machines of their own are {'ada': 1}", lambda p: changed(
        p.worker, nimby=Nimby.OWNER, user="ada")),
    ("user ada: knows other jobs than its own", lambda p: p.user.jobs.update(
        {JobId(9): None})),
    ("user ada: jobs are not in the order", lambda p: setattr(p.job, "position", 5)),
    ("branch /show: knows other jobs than its own", lambda p: show(p).jobs.add(JobId(2))),
    ("branch /show: not found by its path", lambda p: setattr(
        p.state.branches["/"], "path", "/show")),
    ("branch /film/seq: there is nothing above it", orphan_branch),
    ("pool /: those above it are others", lambda p: setattr(
        p.pool, "chain", (p.pool, p.pool))),
    ("branch /show: those above it are others", lambda p: setattr(
        show(p), "chain", (show(p),))),
    ("pool /a/b: there is nothing above it", orphan_pool),
    ("tokens are not in the order of their making", tokens),
    ("tokens are never forgotten", tokens),
    ("job 2: a share is not where it belongs", elsewhere),
    ("user ada: a share is not where it belongs", lambda p: setattr(
        user_share(p), "parent", None)),
    ("branch /show: a share is not where it belongs", lambda p: setattr(
        show(p).share, "parent", None)),
    ("job 2: a share has another priority or age", lambda p: setattr(p.later.share, "age", 9.0)),
    ("user ada: a share has another priority or age", lambda p: setattr(
        user_share(p), "age", 9.0)),
    ("branch /show: a share has another priority or age", lambda p: setattr(
        show(p).share, "age", 9.0)),
    ("user ada: a share sorts its children in another way", lambda p: setattr(
        user_share(p), "by_need", True)),
    ("branch /: a share sorts its children in another way", lambda p: setattr(
        p.state.branches["/"].share, "need_capacity", True)),
    ("shares are not found by their numbers", lambda p: p.state.shares.clear()),
    ("shares are not found by their numbers", lambda p: setattr(p.state, "last_share", 1)),
    ("share 5: it counts 2, but 2 run", lambda p: setattr(p.job.share, "capacity", 1)),
    ("share 4: has other children than its own", lambda p: user_share(p).children.clear()),
    ("timers are not in order", lambda p: p.state.timers.extend(
        [(5.0, "job", "", 1), (1.0, "job", "", 1)])),
    ("job 1: held back for ever", lambda p: p.job.share.close(closed=True)),
    ("user ada: held back for ever", lambda p: user_share(p).close(closed=True)),
    ("branch /show: held back for ever", lambda p: show(p).share.close(closed=True)),
    ("job 1: never dies", lambda p: changed(p.job, life_time_s=60)),
    ("group of [1]: kept under another key", rekey),
    ("group of []: has other workers than its own", lambda p: group(p).members.clear()),
    ("group of [1]: its line is off", lambda p: group(p).free.append((9, 9, 9, 9.0, 9))),
    ("group of [1]: serves demands that are gone", lambda p: group(p).demands.add(999)),
    ("masks are not numbered as they came", lambda p: p.state.masks.update(
        {("x", "find"): (5, lambda name: False)})),
    ("demands are not found by their needs", lambda p: p.state.demand_ids.clear()),
    ("demands are open that are gone", lambda p: p.state.open_demands.add(999)),
    ("demand 6: ranks of groups that serve it are off", lambda p: demand(p).ranks.append(
        (-5, []))),
    ("demand 6: looks elsewhere, but node could serve it", looks_elsewhere),
    ("run 1: its task was started 9 times", lambda p: p.first.tasks.starts.__setitem__(0, 9)),
    ("worker 1: knows other runs than its own", lambda p: p.worker.runs.add(RunId(99))),
    ("worker 1: is offline and has runs", lambda p: setattr(
        p.worker, "presence", Presence.OFFLINE)),
    ("worker 1: its bounds are not its pools'", lambda p: setattr(p.worker, "max_tasks", 77)),
    ("user ada: tasks that run are off", lambda p: setattr(p.user, "running", 7)),
    ("user ada: tasks that run are off", lambda p: p.user.hosts.clear()),
    ("branch /: tasks per host are off", lambda p: p.state.branches["/"].hosts.clear()),
    ("block 2/0: the picker has passed task 0", lambda p: setattr(
        p.later.blocks[0].picker, "_cursor", 3)),
    ("job 1: there is no task 3/0 to try next", lambda p: p.job.try_next.append((3, 0))),
    ("job 1: there is no task 0/9 to try next", lambda p: p.job.try_next.append((0, 9))),
    ("group of [1, 99]: has other workers than its own", lambda p: group(p).members.add(
        WorkerId(99))),
    ("group of []: has other workers than its own", empty_group),
    ("demand 6: groups that serve it are off", lambda p: group(p).demands.discard(
        p.first.demand)),
    ("demand 6: its number of blocks is off", lambda p: setattr(demand(p), "demand_id", 77)),
    ("demand 6: closed, but there are machines enough for it", free_but_known),
    ("demand 6: closed, but node could serve it", free_behind_a_stranger),
    ("worker 1: the last number given is 0", lambda p: p.state.last_ids.update(worker=0)),
    ("user ada: a share is not where it belongs", share_of_no_branch),
    ("timers are not in order", lambda p: p.state.timers.extend(
        (at, "job", "", 1) for at in (1.0, 5.0, 1.0, 3.0))),
    ("job 1: held back for ever", no_timer_of_its_own),
    ("job 1: never dies", lambda p: changed(p.job, life_time_s=1)),
    ("job 1: never dies", dies_unseen),
    ("pool /: use of ticket nuke is off", lambda p: p.pool.tickets_used.clear()),
    ("workers whose machines sleep are off", lambda p: p.state.resting.add(WorkerId(1))),
    ("worker 1: sleeps and is linked", lambda p: setattr(p.worker, "rest", Rest.ASLEEP)),
    ("pool /: use of ticket vray is off", lambda p: p.pool.tickets_used.update(
        {"vray": {WorkerId(1): 1}})),
]  # fmt: skip


@pytest.mark.parametrize(("said", "harm"), HARM, ids=[said for said, _ in HARM])
def test_a_harm_to_an_index_is_found(said: str, harm: Harm) -> None:
    parts = Parts()
    harm(parts)
    assert [fault for fault in faults(parts.state) if fault.startswith(said)]


@pytest.mark.parametrize("sequential", [-1, 0, 3])
def test_tasks_that_an_order_has_passed_are_found(farm: Farm, sequential: int) -> None:
    parts = Parts()
    job_id = submit(parts.farm, job(msgspec.structs.replace(parts.first.spec, frames="1-9")))
    block = parts.state.jobs[job_id].blocks[0]
    parts.farm.apply(
        c.EditJob(job_id=job_id, block=0, changes={"sequential": sequential, "tickets": {}}), 1
    )
    started(parts.farm)
    assert block.picker.lost(block.tasks) == -1
    block.picker.peek(block.tasks)
    assert block.picker.lost(block.tasks) == -1
    if sequential == -1:
        block.picker._cursor = 0
    else:
        block.picker._order = None
    assert block.picker.lost(block.tasks) >= 0


def test_what_is_held_back_for_a_second_is_no_fault(farm: Farm) -> None:
    edit_user(farm, max_tasks_per_second=1)
    edit_branch(farm, "/show", max_tasks_per_second=1)
    submit(farm, job(max_tasks_per_second=1, branch="/show", wait_until=50.0, life_time_s=99))
    assert list(faults(farm.state)) == []
