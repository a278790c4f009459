"""Whatever one command changes is on disk with the next commit."""

from __future__ import annotations

from typing import Any

import pytest

from grange.core import commands as c
from grange.core.farm import Farm
from grange.model.ids import JobId, WorkerId
from grange.model.run import RunResult
from grange.model.spec import TaskSpec
from grange.model.states import RunStatus, TaskOp
from tests.build import (
    Life,
    block,
    durable,
    edit_branch,
    edit_pool,
    fail,
    image,
    job,
    join,
    named,
    one,
    submit,
)

JOB, WORKER = JobId(1), WorkerId(1)


def one_task(op: TaskOp, **fields: Any) -> c.ChangeTasks:
    return c.ChangeTasks(job_id=JOB, op=op, block=0, tasks=((3, 3),), **fields)


COMMANDS: list[c.Command] = [
    c.SubmitJob(spec=job(), user="ada", token="t"),
    c.SubmitJob(spec=job(), user="new"),
    c.SubmitJob(spec=job(block("1-600", suspend_new_tasks=True)), user="ada"),
    c.SubmitJob(spec=job(block("1-600"), block("1-600", tasks_depend_mask="block")), user="ada"),
    c.SubmitJob(spec=job(branch="/made"), user="ada"),
    c.DeleteJob(job_id=JOB),
    c.PauseJob(job_id=JOB, paused=True),
    *(c.ChangeTasks(job_id=JOB, op=op) for op in TaskOp),
    *(one_task(op) for op in TaskOp),
    one_task(TaskOp.RESTART, with_depends=True),
    c.EditJob(job_id=JOB, changes={"priority": 7, "annotation": "x"}),
    c.EditJob(job_id=JOB, changes={"user": "bob"}),
    c.EditJob(job_id=JOB, changes={"branch": "/show"}),
    c.EditJob(job_id=JOB, changes={"depend_mask_global": "late"}),
    c.EditJob(job_id=JOB, block=1, changes={"tasks_depend_mask": "a"}),
    c.EditJob(job_id=JOB, block=1, changes={"depend_mask": "a", "capacity": 5}),
    c.AppendBlocks(job_id=JOB, blocks=(block("1-300", tasks_depend_mask="a"),)),
    c.AppendTasks(job_id=JOB, block=2, tasks=(TaskSpec(name="n", command=("x",)),) * 300),
    c.AppendBlocks(job_id=JOB, blocks=(block("1-300", suspend_new_tasks=True),)),
    c.AppendTasks(job_id=JOB, block=3, tasks=(TaskSpec(name="n", command=("x",)),) * 300),
    c.TryNext(job_id=JOB, block=0, tasks=(2, 4)),
    c.ForgetErrors(job_id=JOB),
    c.ForgetErrors(job_id=JOB, block=0),
    c.MoveJobs(user="ada", job_ids=(JobId(2),), where="top"),
    c.EditUser(user="ada", changes={"max_running_tasks": 3}),
    c.EditUser(user="new", changes={"priority": 3}),
    c.EditBranch(path="/show", changes={"priority": 3}),
    c.EditBranch(path="/new", changes={"priority": 3}),
    c.DeleteBranch(path="/show"),
    c.EditPool(path="/fast", changes={"priority": 3}),
    c.EditPool(path="/new", changes={"priority": 3}),
    c.DeletePool(path="/fast"),
    c.EditWorker(worker_id=WORKER, changes={"pool": "/fast", "nimby": "owner", "user": "bob"}),
    c.EjectWorker(worker_id=WORKER),
    c.LoseWorker(worker_id=WORKER),
    c.UnlinkWorker(worker_id=WORKER),
    c.DeleteWorker(worker_id=WorkerId(2)),
]


@pytest.mark.parametrize("command", COMMANDS, ids=str)
def test_what_a_command_changes_is_durable(farm: Farm, command: c.Command) -> None:
    edit_branch(farm, "/show")
    edit_pool(farm, "/fast")
    join(farm)
    farm.apply(c.LoseWorker(worker_id=join(farm, "gone")), 1)
    held = named("x", name="d", suspend_new_tasks=True)
    submit(farm, job(block("1-9", name="a"), block("1-9", name="b"), named("x", name="c"), held))
    submit(farm, job(name="late"))
    submit(farm, user="bob")
    fail(farm)
    assert farm.dispatch(2).effects
    life = Life(farm)
    before = image(farm)
    farm.apply(command, 3)
    again = life.again(3)
    assert durable(again) == durable(farm)
    assert image(farm) != before or isinstance(command, c.ChangeTasks)  # which may find nothing


def test_the_end_of_every_kind_of_run_is_durable(farm: Farm) -> None:
    join(farm)
    submit(farm, job(block("1-99", errors_retries=9)))
    life = Life(farm)
    for status in RunStatus:
        _, run = one(farm, 2)
        result = RunResult(status=status, duration_s=1.0, warning=True)
        farm.apply(c.EndRun(worker_id=WORKER, run_id=run.run_id, result=result), 3)
        assert durable(life.again(3)) == durable(farm)
