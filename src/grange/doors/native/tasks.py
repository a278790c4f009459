"""Routes of tasks and runs."""

from __future__ import annotations

from litestar import get, post
from litestar.params import JSONBody

from grange.core import commands as c
from grange.doors.native.answers import Changed, Story, Tasks
from grange.doors.native.asks import TasksChange
from grange.doors.native.parameters import Id, Limit, Offset, Sender, StateName
from grange.doors.native.refusals import CHANGING, READING
from grange.doors.native.words import one_of, spans
from grange.model.ids import JobId
from grange.model.states import TaskState
from grange.model.views import RunView, TaskDetail, WhyView


@post(
    "/jobs/{job:int}/tasks",
    operation_id="changeTasks",
    summary="Restart, skip, finish, suspend, continue or stop tasks",
    status_code=200,
    responses=CHANGING,
)
async def change_tasks(caller: Sender, job: Id, data: JSONBody[TasksChange]) -> Changed:
    """Tasks in a state that the operation does not touch are left as they are."""
    command = c.ChangeTasks(
        job_id=JobId(job),
        op=data.op,
        block=data.block,
        tasks=spans(data.tasks) if data.tasks is not None else None,
        only=data.only,
        with_depends=data.with_depends,
    )
    return Changed(changed=await caller.do(command))


@get(
    "/jobs/{job:int}/blocks/{block:int}/tasks",
    operation_id="listTasks",
    summary="A page of a block's tasks",
    responses=READING,
)
async def list_tasks(
    caller: Sender,
    job: Id,
    block: Id,
    offset: Offset = 0,
    limit: Limit = 1_000,
    state_name: StateName = "",
) -> Tasks:
    """In the order of their numbers."""
    caller.see_job(job)
    wanted = one_of(TaskState, state_name, "state") if state_name else None
    found, total = await caller.views.tasks(job, block, offset, limit, wanted)
    return Tasks(tasks=tuple(found), total=total)


@get(
    "/jobs/{job:int}/blocks/{block:int}/tasks/{task:int}",
    operation_id="getTask",
    summary="A task, whole",
    responses=READING,
)
async def get_task(caller: Sender, job: Id, block: Id, task: Id) -> TaskDetail:
    """With its exact command, its files and its runs."""
    caller.see_job(job)
    return await caller.views.task_detail(job, block, task)


@get(
    "/jobs/{job:int}/blocks/{block:int}/tasks/{task:int}/why",
    operation_id="whyTask",
    summary="Why a task is not running",
    responses=READING,
)
async def why_task(caller: Sender, job: Id, block: Id, task: Id) -> WhyView:
    """One sentence, and the reasons with the number of workers that each holds for."""
    caller.see_job(job)
    return caller.views.why_task(job, block, task)


@get(
    "/jobs/{job:int}/blocks/{block:int}/tasks/{task:int}/story",
    operation_id="taskStory",
    summary="What happened to a task",
    responses=READING,
)
async def task_story(caller: Sender, job: Id, block: Id, task: Id) -> Story:
    """Oldest first, its runs included."""
    caller.see_past_job(job)
    return Story(lines=tuple(await caller.views.story(job, block, task)))


@get("/runs/{run:int}", operation_id="getRun", summary="A run", responses=READING)
async def get_run(caller: Sender, run: Id) -> RunView:
    """Also of a deleted job."""
    found = await caller.views.run(run)
    caller.see_past_job(found.job_id)
    return found


ROUTES = (change_tasks, list_tasks, get_task, why_task, task_story, get_run)
