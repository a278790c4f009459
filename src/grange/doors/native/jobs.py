"""Routes of jobs and their blocks."""

from __future__ import annotations

from typing import Annotated

from litestar import Response, delete, get, patch, post
from litestar.params import JSONBody, QueryParameter
from msgspec.structs import replace

from grange.core import commands as c
from grange.doors.native.answers import (
    BlocksAdded,
    JobPlan,
    Jobs,
    Story,
    Submitted,
    TasksAdded,
)
from grange.doors.native.asks import Blocks, Changes, ErrorsForgotten, NextTasks, Tasks
from grange.doors.native.parameters import Id, IdempotencyKey, Limit, OlderJob, Sender, StateName
from grange.doors.native.plan import plan_job
from grange.doors.native.refusals import CHANGING, READING
from grange.doors.native.words import one_of
from grange.model.ids import JobId
from grange.model.spec import JobSpec
from grange.model.states import JobState
from grange.model.views import JobDetail, JobView, WhyView


@get("/jobs", operation_id="listJobs", summary="List jobs, newest first", responses=READING)
async def list_jobs(
    caller: Sender,
    user: Annotated[str, QueryParameter(description="only this user's")] = "",
    state_name: StateName = "",
    name: Annotated[str, QueryParameter(description="only whose name holds this text")] = "",
    hidden: Annotated[bool, QueryParameter(description="hidden ones, too")] = False,
    limit: Limit = 500,
    after: OlderJob = 0,
) -> Jobs:
    """A role that sees only its own jobs gets only those, whatever `user` says."""
    found = caller.views.jobs(
        user=caller.principal.user if caller.sees_only_own else user,
        state_name=one_of(JobState, state_name, "state") if state_name else "",
        name=name,
        hidden=hidden,
        limit=limit,
        after=after,
    )
    return Jobs(jobs=tuple(found))


@post("/jobs", operation_id="submitJob", summary="Submit a job", responses=CHANGING)
async def submit_job(
    caller: Sender,
    data: JSONBody[JobSpec],
    key: IdempotencyKey = "",
) -> Submitted:
    """The answer comes once the job is on disk. Its user is the sender where it names none."""
    user = data.user or caller.principal.user
    reply = await caller.do(c.SubmitJob(spec=replace(data, user=user), user=user, token=key))
    return Submitted(job_id=reply.job_id, again=reply.again)


@post(
    "/jobs/check",
    operation_id="checkJob",
    summary="Check a job without submitting it",
    status_code=200,
    responses=CHANGING,
)
async def check_job(caller: Sender, data: JSONBody[JobSpec]) -> JobPlan:
    """Refuse what a submission would refuse, else show what the first tasks would run."""
    user = data.user or caller.principal.user
    caller.may(c.SubmitJob, user)
    return plan_job(caller.parts.engine.farm.state, data, user)


@get("/jobs/{job:int}", operation_id="getJob", summary="A job, whole", responses=READING)
async def get_job(caller: Sender, job: Id) -> JobDetail:
    """The job, its blocks, and its specification as it is now."""
    caller.see_job(job)
    return caller.views.job_detail(job)


@patch("/jobs/{job:int}", operation_id="editJob", summary="Change a job", responses=CHANGING)
async def edit_job(caller: Sender, job: Id, data: JSONBody[Changes]) -> JobDetail:
    """The body names the fields to change and their new values."""
    await caller.do(c.EditJob(job_id=JobId(job), changes=data))
    return caller.views.job_detail(job)


@delete("/jobs/{job:int}", operation_id="deleteJob", summary="Delete a job", responses=CHANGING)
async def delete_job(caller: Sender, job: Id) -> None:
    """Stop its runs, run its post commands, forget it and its logs."""
    await caller.do(c.DeleteJob(job_id=JobId(job)))


@post(
    "/jobs/{job:int}/pause",
    operation_id="pauseJob",
    summary="Hold a job back",
    status_code=200,
    responses=CHANGING,
)
async def pause_job(caller: Sender, job: Id) -> JobView:
    """Its running tasks go on."""
    await caller.do(c.PauseJob(job_id=JobId(job), paused=True))
    return caller.views.job(job)


@post(
    "/jobs/{job:int}/resume",
    operation_id="resumeJob",
    summary="Let a job go on",
    status_code=200,
    responses=CHANGING,
)
async def resume_job(caller: Sender, job: Id) -> JobView:
    """Undo a pause."""
    await caller.do(c.PauseJob(job_id=JobId(job), paused=False))
    return caller.views.job(job)


@post(
    "/jobs/{job:int}/blocks",
    operation_id="appendBlocks",
    summary="Add blocks to a job",
    responses=CHANGING,
)
async def append_blocks(caller: Sender, job: Id, data: JSONBody[Blocks]) -> BlocksAdded:
    """A job that was done is not done any more."""
    numbers = await caller.do(c.AppendBlocks(job_id=JobId(job), blocks=data))
    return BlocksAdded(blocks=numbers)


@patch(
    "/jobs/{job:int}/blocks/{block:int}",
    operation_id="editBlock",
    summary="Change a block",
    responses=CHANGING,
)
async def edit_block(caller: Sender, job: Id, block: Id, data: JSONBody[Changes]) -> JobDetail:
    """All but what shapes its tasks can be changed."""
    await caller.do(c.EditJob(job_id=JobId(job), block=block, changes=data))
    return caller.views.job_detail(job)


@post(
    "/jobs/{job:int}/blocks/{block:int}/tasks",
    operation_id="appendTasks",
    summary="Add named tasks to a block",
    responses=CHANGING,
)
async def append_tasks(caller: Sender, job: Id, block: Id, data: JSONBody[Tasks]) -> TasksAdded:
    """A block of frames cannot be given any."""
    numbers = await caller.do(c.AppendTasks(job_id=JobId(job), block=block, tasks=data))
    return TasksAdded(tasks=numbers)


@post(
    "/jobs/{job:int}/try-next",
    operation_id="tryNext",
    summary="Put tasks before all others of the job",
    status_code=200,
    responses=CHANGING,
)
async def try_next(caller: Sender, job: Id, data: JSONBody[NextTasks]) -> JobDetail:
    """Or take them off that list."""
    await caller.do(
        c.TryNext(job_id=JobId(job), block=data.block, tasks=data.tasks, remove=data.remove)
    )
    return caller.views.job_detail(job)


@post(
    "/jobs/{job:int}/forget-errors",
    operation_id="forgetErrors",
    summary="Forget which hosts a job avoids",
    status_code=200,
    responses=CHANGING,
)
async def forget_errors(caller: Sender, job: Id, data: JSONBody[ErrorsForgotten]) -> JobView:
    """They may be tried again at once."""
    await caller.do(c.ForgetErrors(job_id=JobId(job), block=data.block))
    return caller.views.job(job)


@get(
    "/jobs/{job:int}/why",
    operation_id="whyJob",
    summary="Why a job is not running",
    responses=READING,
)
async def why_job(caller: Sender, job: Id) -> WhyView:
    """One sentence, and the reasons with the number of workers that each holds for."""
    caller.see_job(job)
    return caller.views.why_job(job)


@get(
    "/jobs/{job:int}/blocks/{block:int}/why",
    operation_id="whyBlock",
    summary="Why a block is not running",
    responses=READING,
)
async def why_block(caller: Sender, job: Id, block: Id) -> WhyView:
    """One sentence, and the reasons with the number of workers that each holds for."""
    caller.see_job(job)
    return caller.views.why_block(job, block)


@get(
    "/jobs/{job:int}/story",
    operation_id="jobStory",
    summary="What happened to a job",
    responses=READING,
)
async def job_story(caller: Sender, job: Id) -> Story:
    """Oldest first; also of a deleted job."""
    caller.see_past_job(job)
    return Story(lines=tuple(await caller.views.story(job)))


@get(
    "/jobs/{job:int}/blocks/{block:int}/states",
    operation_id="taskStates",
    summary="The states of a block's tasks, one byte each",
    media_type="application/octet-stream",
    responses=READING,
)
async def task_states(caller: Sender, job: Id, block: Id) -> Response[bytes]:
    """The byte is the number of a task's state; a million tasks are a megabyte."""
    caller.see_job(job)
    return Response(caller.views.states(job, block), media_type="application/octet-stream")


ROUTES = (
    *(list_jobs, submit_job, check_job, get_job, edit_job, delete_job, pause_job, resume_job),
    *(append_blocks, edit_block, append_tasks, try_next, forget_errors),
    *(why_job, why_block, job_story, task_states),
)
