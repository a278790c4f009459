"""Tasks in Afanasy's shapes: how far they are, and what executes them."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from grange.core.objects import Block, Job, Run
from grange.core.order_run import task_command, task_files
from grange.core.records import RunRecord
from grange.core.state import FarmState
from grange.core.tasks import TaskTable
from grange.doors.afanasy.numbers import shown_job
from grange.doors.afanasy.shapes.task import Task, TaskExec, TaskKind, TaskPos, TaskProgress
from grange.doors.afanasy.show import states
from grange.doors.afanasy.show.blocks import line
from grange.model.ids import RunId
from grange.model.run import Progress
from grange.model.states import Presence, TaskState
from grange.server.gauges import Gauges

UNKNOWN: Final = TaskProgress(state="", st=0)


def progress(
    state: FarmState,
    gauges: Gauges,
    job: Job,
    block: Block,
    task: int,
    record: RunRecord | None,
) -> TaskProgress:
    """How far a task is; `record` is of its last run where that is over."""
    table = block.tasks
    run = state.runs.get(RunId(table.last_run[task]))
    said = gauges.progress.get(run.run_id) if run is not None else None
    st = states.task_bits(
        table,
        task,
        warned=said is not None and said.warning,
        lost=run is not None and state.workers[run.worker_id].presence is Presence.MISSING,
        wanted=bool(job.try_next) and (block.number, task) in job.try_next,
    )
    if run is not None:
        return _running(st, state.workers[run.worker_id].name, run, table, said)
    if not table.last_run[task]:
        return _untouched(st, table.errors[task])
    done = table.state[task] == TaskState.DONE
    result = record.result if record is not None else None
    return TaskProgress(
        state=states.words(st),
        st=st,
        percent=100 if done else 0,
        starts=table.starts[task],
        errors=table.errors[task],
        time_start=int(record.started) if record is not None else 0,
        time_done=int(record.ended) if record is not None else 0,
        host=record.worker if record is not None else "",
        resources=result.resources if result is not None else "",
    )


@lru_cache(1_024)
def _untouched(st: int, errors: int) -> TaskProgress:
    """A task that never ran: of a large job there may be a million."""
    return TaskProgress(state=states.words(st), st=st, errors=errors)


def _running(
    st: int, host: str, run: Run, table: TaskTable, said: Progress | None
) -> TaskProgress:
    return TaskProgress(
        state=states.words(st),
        st=st,
        percent=max(0, said.percent) if said is not None else 0,
        frame=max(0, said.frame) if said is not None else 0,
        percent_frame=max(0, said.frame_percent) if said is not None else 0,
        starts=table.starts[run.task],
        errors=table.errors[run.task],
        time_start=int(run.started),
        time_done=int(run.started),
        host=host,
        activity=said.activity if said is not None else "",
    )


def position(job: Job, block: Block, task: int, number: int = 0) -> TaskPos:
    """Where a task is, as this door numbers jobs."""
    return TaskPos(job=shown_job(job.job_id), block=block.number, task=task, number=number)


def told(
    kind: TaskKind,
    job: Job,
    block: Block,
    task: int,
    *,
    far: TaskProgress,
    data: str = "",
    number: int = 0,
    run: Run | None = None,
    exec_: TaskExec | None = None,
) -> Task:
    """A task with one thing that was asked of it."""
    return Task(
        type=kind,
        render_id=0 if run is None else run.worker_id,
        job_name=job.spec.name,
        block_name=block.spec.name,
        task_name=block.task_name(task),
        service=block.spec.service,
        parser=block.spec.parser,
        pos=position(job, block, task, number),
        progress=far,
        exec=exec_,
        data=data,
    )


def nowhere(kind: TaskKind, pos: TaskPos, data: str) -> Task:
    """What is said of a task that is not there."""
    return Task(
        type=kind,
        render_id=0,
        job_name="",
        block_name="",
        task_name="",
        service="",
        parser="",
        pos=pos,
        progress=UNKNOWN,
        data=data,
    )


def executed(
    job: Job, block: Block, task: int, run: Run | None, now: float, wrote: tuple[str, ...] = ()
) -> TaskExec:
    """What a render would execute for a task, does or did. Patterns are not filled.

    Args:
        job: with the block.
        block: with the task.
        task: number.
        run: that executes it. None: it is not running.
        now: epoch seconds.
        wrote: files that its last run wrote.
    """
    spec, frames = block.spec, block.space[task]
    named = block.named[task] if block.named else None
    environment = dict(spec.environment)
    if named is not None:
        environment |= named.environment
    return TaskExec(
        name=block.task_name(task),
        service=spec.service,
        capacity=spec.capacity,
        time_start=int(now if run is None else run.started),
        user_name=job.user if run is not None else "",
        block_name=spec.name,
        job_name=job.spec.name if run is not None else "",
        job_id=shown_job(job.job_id),
        block_num=block.number,
        task_num=task,
        capacity_coeff=run.coeff if run is not None else 0,
        tickets=spec.tickets,
        command_block=line(task_command(block, task) if named is None else spec.command),
        command_task="" if named is None else line(named.command),
        frame_start=frames.first,
        frame_finish=frames.last,
        frames_inc=frames.inc,
        frames_num=frames.number,
        working_directory=spec.working_directory,
        parser=spec.parser,
        environment=environment,
        files_block=task_files(block, task) if named is None else spec.files,
        files_task=() if named is None else named.files,
        parsed_files=wrote,
    )
