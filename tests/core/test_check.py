from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from grange.core import commands as c
from grange.core.check import faults
from grange.core.farm import Farm
from grange.core.objects import Block, Job, Pool, User, Worker
from grange.model.ids import JobId, RunId, WorkerId
from grange.model.states import TaskFlag
from tests.build import (
    FAILED,
    READY,
    RUNNING,
    WAITING,
    block,
    edit_branch,
    edit_pool,
    edit_user,
    job,
    join,
    started,
    submit,
)


class Parts:
    """A farm in which two tasks run, and its parts."""

    def __init__(self) -> None:
        self.farm = Farm()
        edit_pool(self.farm, capacity_host=2_500, tickets_pool={"nuke": {"count": 9}})
        edit_branch(self.farm, "/show")
        edit_user(self.farm, max_running_tasks=5)
        join(self.farm)
        first = block("1-9", name="a", tickets={"nuke": 1}, need_memory_mb=5)
        second = block("1-9", name="b", tasks_depend_mask="a")
        submit(
            self.farm, job(first, second, block("1", name="c", depend_mask="b"), branch="/show")
        )
        submit(self.farm, job(depend_jobs=(1,), name="later"))
        started(self.farm)
        self.state = self.farm.state

    @property
    def job(self) -> Job:
        return self.state.jobs[JobId(1)]

    @property
    def later(self) -> Job:
        return self.state.jobs[JobId(2)]

    @property
    def first(self) -> Block:
        return self.job.blocks[0]

    @property
    def worker(self) -> Worker:
        return self.state.workers[WorkerId(1)]

    @property
    def pool(self) -> Pool:
        return self.state.pools["/"]

    @property
    def user(self) -> User:
        return self.state.users["ada"]


def test_a_farm_that_only_commands_have_touched_has_no_faults() -> None:
    assert list(faults(Parts().state)) == []


Harm = Callable[[Parts], Any]


def set_state(block_no: int, task: int, state: int) -> Harm:
    def harm(p: Parts) -> None:
        table = p.job.blocks[block_no].tasks
        table.counts[table.state[task]] -= 1
        table.state[task] = state
        table.counts[state] += 1

    return harm


def paused(spec: Any) -> Any:
    return msgspec.structs.replace(spec, paused=True)


def free(p: Parts) -> None:
    """Make the worker free without telling anyone."""
    assert p.worker.group is not None
    place = (0, -5_000, -99, 0.0, 1)
    p.worker.group.free.append(place)
    p.worker.place = place
    p.worker.capacity = 9_000


def out_of_line(p: Parts) -> None:
    assert p.worker.group is not None
    p.worker.group.free.clear()


def circle(p: Parts) -> None:
    p.job.waits.add(p.later.job_id)
    p.later.dependants.add(p.job.job_id)


HARM: list[tuple[str, Harm]] = [
    ("block 1/0: count of READY is off", lambda p: p.first.tasks.counts.__setitem__(READY, 99)),
    ("block 1/0: count of warnings is off", lambda p: p.first.tasks.flags.__setitem__(
        0, TaskFlag.WARNING)),
    ("block 1/0: done mark is off", lambda p: setattr(p.first, "done", 5.0)),
    ("block 1/0: offered is", lambda p: p.job.share.withdraw(p.first.demand, (0,))),
    ("block 1/0: its demand is of other needs", lambda p: setattr(
        p.first, "spec", msgspec.structs.replace(p.first.spec, capacity=7))),
    ("block 1/2: waits for set(), should for {1}", lambda p: p.job.blocks[2].waits.clear()),
    ("block 1/1: readiness of task 3 is off", set_state(1, 3, READY)),
    ("block 1/0: tasks wait for nothing", set_state(0, 8, WAITING)),
    ("job 1: done mark is off", lambda p: setattr(p.job, "done", 5.0)),
    ("job 2: waits for job 1 that is done", lambda p: setattr(p.job, "done", 5.0)),
    ("job 2: unknown to job 1 that it waits for", lambda p: p.job.dependants.clear()),
    ("job 1: job 99 does not wait for it", lambda p: p.job.dependants.add(JobId(99))),
    ("job 2: waits for job 1 though no rule", lambda p: setattr(
        p.later, "spec", msgspec.structs.replace(p.later.spec, depend_jobs=()))),
    ("job 2: is done and waits", lambda p: setattr(p.later, "done", 5.0)),
    ("job 1: not found by its name, or by another", lambda p: p.state.names.clear()),
    ("job 1: unknown to its user", lambda p: p.user.jobs.clear()),
    ("job 1: unknown to its branch", lambda p: p.state.branches["/show"].jobs.clear()),
    ("run 1: its task is not RUNNING", set_state(0, 0, FAILED)),
    ("run 1: its task has another run", lambda p: p.first.tasks.last_run.__setitem__(0, 77)),
    ("run 1: unknown to its worker", lambda p: p.worker.runs.discard(RunId(1))),
    ("3 RUNNING tasks but 2 runs", set_state(0, 5, RUNNING)),
    ("worker 1: capacity used is off", lambda p: setattr(p.worker, "capacity_used", 1)),
    ("worker 1: memory reserved is off", lambda p: setattr(p.worker, "memory_reserved_mb", 1)),
    ("worker 1: GPUs used are off", lambda p: p.worker.gpus_used.add(3)),
    ("worker 1: tickets used are off", lambda p: p.worker.tickets_used.clear()),
    ("worker 1: its place in line is off", lambda p: setattr(p.worker, "sick", "x")),
    ("worker 1: its group is off", lambda p: setattr(p.worker, "group", None)),
    ("worker 1: not in its group's line", out_of_line),
    ("pool /: knows other workers than its own", lambda p: p.pool.workers.clear()),
    ("pool /: use of ticket nuke is off", lambda p: p.pool.tickets_used["nuke"].clear()),
    ("share 5: it counts 9, but 2 run", lambda p: setattr(p.job.share, "running", 9)),
    ("share 5: its key is off", lambda p: setattr(p.job.share, "priority", 7)),
    ("share 5: offer of demand", lambda p: p.job.share.lines.clear()),
    ("share 2: it counts 9, but 2 run", lambda p: setattr(
        p.state.branches["/show"].share, "running", 9)),
    ("job 2: open, though depends-on-jobs", lambda p: p.later.share.close(closed=False)),
    ("job 1: open, though paused", lambda p: setattr(p.job, "spec", paused(p.job.spec))),
    ("user ada: open, though user-paused", lambda p: setattr(
        p.user, "spec", paused(p.user.spec))),
    ("branch /show: open, though branch-paused", lambda p: setattr(
        p.state.branches["/show"], "spec", paused(p.state.branches["/show"].spec))),
    ("job 1: waits in a circle", circle),
    ("demand 6: its number of blocks is off", lambda p: setattr(
        p.state.demands[p.first.demand], "blocks", 9)),
    ("demand 6: ranks of groups that serve it are off", lambda p: p.state.demands[
        p.first.demand].ranks.clear()),
    ("demand 6: closed, but node could serve it", free),
]  # fmt: skip


@pytest.mark.parametrize(("said", "harm"), HARM, ids=[said for said, _ in HARM])
def test_a_harm_to_the_state_is_found(said: str, harm: Harm) -> None:
    parts = Parts()
    harm(parts)
    assert [fault for fault in faults(parts.state) if fault.startswith(said)]


def test_a_gpu_that_was_given_twice_is_found() -> None:
    parts = Parts()
    for run_id, run in parts.state.runs.items():
        parts.state.runs[run_id] = msgspec.structs.replace(run, gpus=(0,))
    parts.worker.gpus_used.add(0)
    assert list(faults(parts.state)) == ["worker 1: a GPU was given twice"]


def test_the_root_branch_cannot_be_closed_and_is_no_fault(farm: Farm) -> None:
    edit_branch(farm, paused=True)
    submit(farm)
    farm.apply(c.DeleteJob(job_id=JobId(1)), 1)
