"""Rules for jobs."""

from __future__ import annotations

import msgspec

from grange.core import deps
from grange.core.accept import check_job
from grange.core.build import add_job
from grange.core.commands import (
    DeleteJob,
    ForgetErrors,
    MoveJobs,
    PauseJob,
    RestoreJob,
    SubmitJob,
    Submitted,
    TryNext,
)
from grange.core.effects import DropFiles, Outcome
from grange.core.errors import InvalidField, NoSuchBlock, NoSuchJob, NoSuchTask, TokenReused
from grange.core.events import JobChanged, JobDeleted, JobSubmitted
from grange.core.gates import regate_job
from grange.core.moves import note
from grange.core.objects import Block, Job, Run
from grange.core.runs import stop_run
from grange.core.state import FarmState
from grange.core.supply import drop_demand, reopen
from grange.core.tasks import CHUNK
from grange.model.ids import JobId
from grange.model.spec import BlockSpec, JobSpec, TaskSpec

TOKEN_KEEP_S = 7 * 86_400  # a submission's token is remembered at least so long
POST_LIFE_S = 1_800  # a job of post commands is deleted after


def submit(state: FarmState, cmd: SubmitJob, now: float, out: Outcome) -> None:
    """Accept a job, or answer a repeated submission as the first time."""
    known = known_job(state, cmd)
    if known is not None:
        out.reply = Submitted(job_id=known, again=True)
        return
    job = make(state, cmd, check(state, cmd), now, out)
    out.reply = Submitted(job_id=job.job_id)
    host = cmd.spec.host
    note(out, job, now, f"submitted by {cmd.user}" + (f" from {host}" if host else ""))


def check(state: FarmState, cmd: SubmitJob | RestoreJob) -> set[JobId]:
    """Refuse a job that cannot be. Returns the jobs whose rules make them wait for it."""
    if not cmd.user:
        raise InvalidField("a job needs a user", "user")
    check_job(state, cmd.spec)
    targets = deps.job_targets(state, cmd.spec, cmd.user, None)
    above = deps.job_dependants(state, cmd.spec.name, cmd.user, None)
    deps.refuse_job_cycle(state, cmd.spec.name, targets, above)
    return above


def make(
    state: FarmState,
    cmd: SubmitJob | RestoreJob,
    above: set[JobId],
    now: float,
    out: Outcome,
) -> Job:
    """Make a job that was checked, and have those wait for it whose rules say so."""
    job = add_job(state, cmd.spec, cmd.user, now)
    if cmd.token:
        job.token = cmd.token
        state.tokens[cmd.user, cmd.token] = (job.job_id, now)
        state.dirty.tokens.add((cmd.user, cmd.token))
        if len(state.tokens) == 1:
            state.set_timer(now + TOKEN_KEEP_S, "token")
    for job_id in sorted(above):
        other = state.jobs[job_id]
        if not other.done:
            other.waits.add(job.job_id)
            job.dependants.add(job_id)
            regate_job(state, other, now)
            out.events.append(JobChanged(job_id))
    out.events.append(JobSubmitted(job.job_id))
    return job


def known_job(state: FarmState, cmd: SubmitJob | RestoreJob) -> JobId | None:
    """The job that a submission has made before; it may be deleted by now.

    Raises:
        TokenReused: the token was used for another job.
    """
    known = state.tokens.get((cmd.user, cmd.token))
    if known is None:
        return None
    job_id = known[0]
    job = state.jobs.get(job_id)
    if job is not None and job.spec.name != cmd.spec.name:
        raise TokenReused(
            f"token {cmd.token!r} was used for job {job_id} {job.spec.name!r}; take a new one"
        )
    return job_id


def get_job(state: FarmState, job_id: JobId) -> Job:
    """A job by its id.

    Raises:
        NoSuchJob: it was deleted or never existed.
    """
    job = state.jobs.get(job_id)
    if job is None:
        raise NoSuchJob(f"no job {job_id}")
    return job


def get_block(job: Job, number: int) -> Block:
    """A block by its number.

    Raises:
        NoSuchBlock: the job has fewer.
    """
    if not 0 <= number < len(job.blocks):
        raise NoSuchBlock(f"job {job.job_id} has no block {number}, only 0-{len(job.blocks) - 1}")
    return job.blocks[number]


def delete(state: FarmState, cmd: DeleteJob, now: float, out: Outcome) -> None:
    """Stop what runs, have post commands run, forget the job."""
    remove(state, get_job(state, cmd.job_id), now, out, "job deleted")


def remove(state: FarmState, job: Job, now: float, out: Outcome, why: str) -> None:
    """Forget a job; its runs are stopped and its post commands become a job of their own."""
    for run in _runs_of(state, job):
        stop_run(state, run, why, now, out)
    post = _post_job(job)
    job.share.remove()
    state.shares.pop(job.share.share_id, None)
    for block in job.blocks:
        drop_demand(state, block)
    deps.register_masks(state, job, add=False)
    for job_id in job.waits:
        state.jobs[job_id].dependants.discard(job.job_id)
    freed = deps.unlink_job(state, job)
    _forget(state, job)
    for other in freed:
        regate_job(state, other, now)
        out.events.append(JobChanged(other.job_id))
    note(out, job, now, why)
    out.events.append(JobDeleted(job.job_id))
    out.effects.append(DropFiles(job.job_id))
    if post is not None:
        made = add_job(state, post, job.user, now)
        for other in deps.relink_dependants(state, made):
            regate_job(state, other, now)
        out.events.append(JobSubmitted(made.job_id))
        note(out, made, now, f"post commands of job {job.job_id} {job.spec.name!r}")


def _runs_of(state: FarmState, job: Job) -> list[Run]:
    """The runs of a job's tasks, the oldest first. Cost: O(runs of its workers)."""
    near = (state.runs[n] for worker_id in job.hosts for n in state.workers[worker_id].runs)
    found = (run for run in near if run.job_id == job.job_id and not run.helps)
    return sorted(found, key=lambda run: run.run_id)


def _forget(state: FarmState, job: Job) -> None:
    del state.jobs[job.job_id]
    named = state.names[job.spec.name]
    named.discard(job.job_id)
    if not named:
        del state.names[job.spec.name]
    state.users[job.user].jobs.pop(job.job_id, None)
    state.branches[job.spec.branch].jobs.discard(job.job_id)
    dirty = state.dirty
    dirty.jobs.discard(job.job_id)
    dirty.blocks -= {(job.job_id, block.number) for block in job.blocks}
    dirty.chunks -= {(job.job_id, block.number) for block in job.blocks}
    dirty.deleted_jobs.append(job.job_id)


def _post_job(job: Job) -> JobSpec | None:
    """The job that runs what was asked for after a job; None when nothing was."""
    specs: list[JobSpec | BlockSpec] = [job.spec, *(block.spec for block in job.blocks)]
    commands = [spec.command_post for spec in specs if spec.command_post]
    if not commands:
        return None
    folder = next((b.spec.working_directory for b in job.blocks if b.spec.working_directory), "")
    block = BlockSpec(
        name="post commands",
        service="postcmd",
        working_directory=folder,
        tasks=tuple(TaskSpec(name=f"post {n + 1}", command=c) for n, c in enumerate(commands)),
        errors_retries=3,
    )
    return JobSpec(
        name=f"post {job.spec.name}"[:255],
        branch=job.spec.branch,
        priority=job.spec.priority,
        hidden=True,
        life_time_s=POST_LIFE_S,
        blocks=(block,),
    )


def pause(state: FarmState, cmd: PauseJob, now: float, out: Outcome) -> None:
    """Hold a job back or let it go; its running tasks go on."""
    job = get_job(state, cmd.job_id)
    if job.spec.paused is cmd.paused:
        return
    job.spec = msgspec.structs.replace(job.spec, paused=cmd.paused)
    state.dirty.jobs.add(job.job_id)
    regate_job(state, job, now)
    out.events.append(JobChanged(job.job_id))
    note(out, job, now, "paused" if cmd.paused else "resumed")


def try_next(state: FarmState, cmd: TryNext, now: float, out: Outcome) -> None:
    """Put tasks on, or take them off, the list of those to start before all others."""
    job = get_job(state, cmd.job_id)
    block = get_block(job, cmd.block)
    for task in cmd.tasks:
        if not 0 <= task < block.tasks.size:
            raise NoSuchTask(f"block {job.job_id}/{cmd.block} has no task {task}", "tasks")
    wanted = dict.fromkeys((cmd.block, task) for task in cmd.tasks)
    job.try_next = [item for item in job.try_next if item not in wanted]
    if not cmd.remove:
        job.try_next.extend(wanted)
    state.dirty.jobs.add(job.job_id)
    out.events.append(JobChanged(job.job_id))


def forget_errors(state: FarmState, cmd: ForgetErrors, now: float, out: Outcome) -> None:
    """Forget which hosts are avoided; they may be tried at once."""
    job = get_job(state, cmd.job_id)
    blocks = job.blocks if cmd.block is None else [get_block(job, cmd.block)]
    for block in blocks:
        block.error_hosts.clear()
        block.tasks.dirty.update(task // CHUNK for task in block.task_errors)
        block.task_errors.clear()
        state.touch_block(block)
        state.touch_tasks(block)
        reopen(state, block.demand)
        note(out, job, now, "avoided hosts forgotten", block)
    out.events.append(JobChanged(job.job_id))


def move(state: FarmState, cmd: MoveJobs, now: float, out: Outcome) -> None:
    """Change the order of a user's jobs, as Afanasy's move operations do."""
    user = state.users.get(cmd.user)
    chosen = set(cmd.job_ids)
    if user is None or not chosen <= user.jobs.keys():
        raise InvalidField(f"not all of these are jobs of {cmd.user!r}", "job_ids")
    order = _moved(list(user.jobs), chosen, cmd.where)
    user.jobs = dict.fromkeys(order)
    for place, job_id in enumerate(order):
        job = state.jobs[job_id]
        if job.position != place:
            job.position = place
            job.share.age = float(place)
            job.share.refresh()
            state.dirty.jobs.add(job_id)
            out.events.append(JobChanged(job_id))


def _moved(line: list[JobId], chosen: set[JobId], where: str) -> list[JobId]:
    if where in ("top", "bottom"):
        first = where == "top"
        return sorted(line, key=lambda job_id: (job_id in chosen) is not first)
    up = where == "up"
    places = range(1, len(line)) if up else range(len(line) - 1, 0, -1)
    for at in places:
        above, below = line[at - 1], line[at]
        if (below in chosen) is up and (above in chosen) is not up:
            line[at - 1], line[at] = below, above
    return line
