"""Views of jobs, blocks, tasks and runs: functions of the farm, its gauges and the time."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from grange.core.gates import block_gate, branch_gate, job_gate, user_gate
from grange.core.objects import Block, Job, Run
from grange.core.records import NoteRecord, RunRecord
from grange.core.state import FarmState
from grange.core.why import GATES
from grange.model.ids import RunId
from grange.model.spec import JobSpec
from grange.model.states import JobState, TaskFlag, TaskState
from grange.model.views import BlockView, Counts, JobView, RunView, StoryLine, TaskView
from grange.server.gauges import Gauges

FLAG_NAMES = {flag: (flag.name or "").lower().replace("_", "-") for flag in TaskFlag}
_MOVES = (JobState.DONE, JobState.RUNNING)
_WAITS = ("depends-on-jobs", "depends-on-blocks", "wait-until", "tasks-wait")


def counts_view(counts: Sequence[int]) -> Counts:
    """Numbers of tasks, by name of the state."""
    return Counts(**{state.name.lower(): counts[state] for state in TaskState})


def flag_names(flags: int) -> tuple[str, ...]:
    """The names of a task's flags."""
    return tuple(name for flag, name in FLAG_NAMES.items() if flags & flag)


def block_state(state: FarmState, job: Job, block: Block, now: float) -> JobState:
    """The one word for a block."""
    counts = block.tasks.counts
    if block.finished:
        return JobState.DONE
    if counts[TaskState.RUNNING]:
        return JobState.RUNNING
    gate = job_gate(state, job, now) or block_gate(job, block)
    if gate == "paused":
        return JobState.PAUSED
    if gate == "nothing-ready":
        return JobState.FAILED if counts[TaskState.FAILED] else JobState.SUSPENDED
    if gate == "approval":
        return JobState.APPROVAL
    return JobState.WAITING if gate in _WAITS else JobState.READY


def job_state(state: FarmState, job: Job, now: float) -> JobState:
    """The one word for a job."""
    if job.done:
        return JobState.DONE
    if job.share.running:
        return JobState.RUNNING
    left = {block_state(state, job, block, now) for block in job.blocks if not block.finished}
    for word in (
        *(JobState.PAUSED, JobState.APPROVAL, JobState.READY),
        *(JobState.FAILED, JobState.SUSPENDED, JobState.WAITING),
    ):
        if word in left:
            return word
    return JobState.WAITING


def job_view(state: FarmState, gauges: Gauges, job: Job, now: float) -> JobView:
    """A job in a list. Cost: O(blocks + running tasks)."""
    blocks = tuple(block_view(state, gauges, job, block, now) for block in job.blocks)
    sums = [sum(block.tasks.counts[n] for block in job.blocks) for n in range(len(TaskState))]
    percent = sum(view.percent * view.tasks.total for view in blocks) / (sum(sums) or 1)
    word = job_state(state, job, now)
    spec = job.spec
    return JobView(
        job_id=job.job_id,
        name=spec.name,
        user=job.user,
        host=spec.host,
        state=word,
        priority=spec.priority,
        branch=spec.branch,
        project=spec.project,
        department=spec.department,
        annotation=spec.annotation,
        paused=spec.paused,
        hidden=spec.hidden,
        report=job.report,
        tasks=counts_view(sums),
        percent=round(percent, 2),
        blocks=blocks,
        created=job.created,
        started=job.started,
        done=job.done,
        eta_s=_eta(job),
        why="" if word in _MOVES else _held_by(state, job, job.blocks, now),
    )


def _held_by(state: FarmState, job: Job, blocks: Sequence[Block], now: float) -> str:
    """What holds blocks of a job back whatever the workers; `core.why` asks these, too."""
    code = job_gate(state, job, now) or user_gate(state.users[job.user], now)
    for branch in state.branch_chain(job.spec.branch):
        code = code or branch_gate(branch, now)
    if code == "depends-on-jobs":
        return f"waits for job {', '.join(str(job_id) for job_id in sorted(job.waits)[:5])}"
    for block in blocks:
        if not block.finished:
            code = code or block_gate(job, block)
    return GATES[code] if code else "waits for a worker"


def _eta(job: Job) -> float | None:
    """Seconds left at the pace of the tasks that are done and the number that runs."""
    left = 0.0
    for block in job.blocks:
        counts = block.tasks.counts
        done = counts[TaskState.DONE]
        waiting = counts[TaskState.WAITING] + counts[TaskState.READY]
        if not done and (waiting or counts[TaskState.RUNNING]):
            return None
        mean = block.run_time_sum / done if done else 0.0
        left += mean * (waiting + counts[TaskState.RUNNING] / 2)
    return round(left / job.share.running, 1) if job.share.running else None


def block_view(state: FarmState, gauges: Gauges, job: Job, block: Block, now: float) -> BlockView:
    """A block in a list."""
    table = block.tasks
    done = table.counts[TaskState.DONE]
    hosts = (h for h in block.error_hosts if state.avoids(job, block, h, now))
    word = block_state(state, job, block, now)
    return BlockView(
        number=block.number,
        name=block.spec.name,
        service=block.spec.service,
        state=word,
        tasks=counts_view(table.counts),
        frames=block.spec.frames,
        frames_per_task=block.spec.frames_per_task,
        percent=round(_percent(gauges, block), 2),
        warnings=table.warned,
        avoided_hosts=tuple(sorted(hosts)),
        run_time_min_s=block.run_time_min,
        run_time_mean_s=block.run_time_sum / done if done else 0.0,
        run_time_max_s=block.run_time_max,
        started=block.started,
        done=block.done,
        pre=block.pre_for is not None,
        why="" if word in _MOVES else _held_by(state, job, (block,), now),
    )


def _percent(gauges: Gauges, block: Block) -> float:
    table = block.tasks
    parts = 0.0
    if table.counts[TaskState.RUNNING]:
        for index in table.indexes(TaskState.RUNNING):
            progress = gauges.progress.get(RunId(table.last_run[index]))
            parts += max(0, min(99, progress.percent)) / 100 if progress else 0.0
    return 100.0 * (table.finished() + parts) / (table.size or 1)


def task_view(
    state: FarmState,
    gauges: Gauges,
    job: Job,
    block: Block,
    task: int,
    record: RunRecord | None = None,
) -> TaskView:
    """A task in a list; `record` is of its last run where that is over."""
    table, frames = block.tasks, block.space[task]
    run_id = RunId(table.last_run[task])
    run = state.runs.get(run_id)
    progress = gauges.progress.get(run_id)
    word = TaskState(table.state[task])
    percent = progress.percent if progress else (0 if run else -1)
    result = record.result if record else None
    worker = state.workers[run.worker_id].name if run else ""
    return TaskView(
        job_id=job.job_id,
        block=block.number,
        task=task,
        name=block.task_name(task),
        state=word,
        flags=flag_names(table.flags[task]),
        errors=table.errors[task],
        starts=table.starts[task],
        frame_first=frames.first,
        frame_last=frames.last,
        frame_inc=frames.inc,
        run_id=run_id,
        worker=record.worker if record else worker,
        started=record.started if record else (run.started if run else 0.0),
        ended=record.ended if record else 0.0,
        percent=100 if word is TaskState.DONE else percent,
        activity=progress.activity if progress else "",
        status=result.status if result else "",
        message=result.message if result else "",
    )


def live_run(gauges: Gauges, job: Job, run: Run, worker: str) -> RunView:
    """A run that is not over."""
    return RunView(
        run_id=run.run_id,
        job_id=run.job_id,
        block=run.block,
        task=run.task,
        attempt=run.attempt,
        worker_id=run.worker_id,
        worker=worker,
        started=run.started,
        progress=gauges.progress.get(run.run_id),
        user=job.user,
        job_name=job.spec.name,
        part=run.part,
        helps=run.helps,
    )


def stored_run(gauges: Gauges, record: RunRecord) -> RunView:
    """A run as it was stored."""
    return RunView(
        run_id=record.run_id,
        job_id=record.job_id,
        block=record.block,
        task=record.task,
        attempt=record.attempt,
        worker_id=record.worker_id,
        worker=record.worker,
        started=record.started,
        ended=record.ended,
        result=record.result,
        progress=gauges.progress.get(record.run_id),
        part=record.part,
        helps=record.helps,
    )


def whole_spec(job: Job) -> JobSpec:
    """A job's specification as it is now, with its own blocks and tasks."""
    blocks = tuple(
        replace(block.spec, tasks=tuple(block.named))
        for block in job.blocks
        if block.pre_for is None
    )
    return replace(job.spec, blocks=blocks)


def note_line(note: NoteRecord) -> StoryLine:
    """A note as a line of a story."""
    where = ""
    if note.block is not None:
        where = f"block {note.block}: "
    if note.first is not None:
        span = f"{note.first}" if note.first == note.last else f"{note.first}-{note.last}"
        where = f"task {note.block}/{span}: "
    return StoryLine(at=note.at, text=where + note.text, by=note.by)


def run_lines(record: RunRecord) -> list[StoryLine]:
    """A run as lines of a story: its start, and its end if it is over."""
    who = f"run {record.run_id} (start {record.attempt})"
    lines = [StoryLine(at=record.started, text=f"{who} given to {record.worker}")]
    if record.result is not None:
        said = f": {record.result.message}" if record.result.message else ""
        seconds = record.ended - record.started
        text = f"{who} {record.result.status} after {seconds:.1f} s{said}"
        lines.append(StoryLine(at=record.ended, text=text))
    return lines
