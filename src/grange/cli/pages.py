"""How jobs look, as a list and whole."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec
from rich.console import RenderableType
from rich.text import Text

from grange.cli.amounts import age, count, duration, work_time
from grange.cli.bar import bar, legend, percent_bar
from grange.cli.screen import (
    BAD,
    CARE,
    FAINT,
    clean,
    colour,
    cut,
    faint,
    out,
    state,
    table,
    unicode,
)
from grange.client.requests.jobs import Plan, TaskPlan
from grange.client.watching import FINISHED
from grange.model.ids import task_path
from grange.model.spec import BlockSpec, JobSpec
from grange.model.states import JobState, TaskState
from grange.model.views import BlockView, Counts, JobDetail, JobView, TaskView

BAR: Final = 12  # characters of a job's progress in the list
FRAMES: Final = 76  # characters of a block's frames
PLANS_SHOWN: Final = 10  # tasks of a block whose commands are written out
BLOCKS_SHOWN: Final = 20
TASKS_SHOWN: Final = 8  # of one kind


class JobPage(msgspec.Struct, frozen=True, kw_only=True):
    """A job and what a page about it shows besides."""

    detail: JobDetail
    states: Mapping[int, Sequence[TaskState]]  #: of the tasks of each block shown
    failed: Sequence[TaskView] = ()
    running: Sequence[TaskView] = ()
    tried: Sequence[TaskView] = ()  #: failed before, and ready to be tried again
    why: str = ""  #: it does not run


def jobs(found: Sequence[JobView], now: float) -> Iterator[RenderableType]:
    """Show a list of jobs."""
    if not found:
        yield faint("no jobs")
        return
    yield table(
        *("ID>", "NAME~", "USER~", "STATE", "PROGRESS", ">", "DONE>", "FAILED>", "PRIO>"),
        *("ETA>", "AGE>"),
        rows=(_job_row(job, now) for job in found),
    )


def job(page: JobPage, now: float) -> Iterator[RenderableType]:
    """Show one job, whole."""
    view = page.detail.job
    yield _title(view)
    yield _subtitle(page.detail, now)
    if view.report:
        yield Text(clean(view.report))
    yield Text()
    for block in view.blocks[:BLOCKS_SHOWN]:
        yield from _block(block, page.states.get(block.number, ()))
        if block.why and len(view.blocks) > 1 and block.state is not JobState.DONE:
            yield _indented(faint(clean(block.why)))
    if len(view.blocks) > BLOCKS_SHOWN:
        yield more(f"and {count(len(view.blocks) - BLOCKS_SHOWN, 'block')} more")
    shown = [item for states in page.states.values() for item in states]
    if shown:
        yield _indented(legend(shown, unicode=unicode()))
    yield from _tasks("running", page.running, view.tasks.running, now)
    yield from _tasks("failed", page.failed, view.tasks.failed, now)
    yield from _tasks("to try again", page.tried, 0, now)
    yield from _hints(view, page)


def write_plan(job: JobSpec, plan: Plan) -> None:
    """Write what a job would run, each command whole, so that it can be copied."""
    out().print(Text.assemble((clean(job.name), "bold"), f": {count(plan.tasks, 'task')}"))
    for number, block in enumerate(job.blocks):
        found = [item for item in plan.commands if item.block == number]
        size = block.space().size
        out().print(_plan_title(number, block, size))
        width = max((len(item.name) for item in found[:PLANS_SHOWN]), default=0)
        for item in found[:PLANS_SHOWN]:
            out().print(_planned(item, width), soft_wrap=True)
        if size > PLANS_SHOWN:
            out().print(more(f"  and {count(size - PLANS_SHOWN, 'task')} more, to {_last(block)}"))


def outcome(view: JobView) -> Text:
    """Say in one line how a job stands."""
    text = Text.assemble(
        f"job {view.job_id} ", (clean(view.name), "bold"), " is ", state(view.state)
    )
    text.append(f": {_done(view.tasks)} of {count(view.tasks.total, 'task')} done")
    if view.tasks.failed:
        text.append(f", {view.tasks.failed:,} failed", BAD)
    if view.started and view.done:
        text.append(f", in {duration(view.done - view.started)}")
    return text


def more(text: str) -> Text:
    """Say what is not shown."""
    return faint(text)


def _job_row(view: JobView, now: float) -> tuple[str | Text, ...]:
    failed = view.tasks.failed
    return (
        str(view.job_id),
        cut(view.name),
        cut(view.user),
        state(view.state),
        percent_bar(view.percent, BAR, colour(view.state), unicode=unicode()),
        f"{view.percent:.0f}%",
        f"{_done(view.tasks):,}/{view.tasks.total:,}",
        Text(f"{failed:,}", BAD) if failed else faint("-"),
        str(view.priority),
        duration(view.eta_s) if view.eta_s is not None else faint("-"),
        age(view.created, now),
    )


def _plan_title(number: int, block: BlockSpec, size: int) -> Text:
    text = Text.assemble((f"{number} ", FAINT), (clean(block.name), "bold"))
    notes = [count(size, "task"), clean(block.service)]
    if block.working_directory:
        notes.append(f"in {clean(block.working_directory)}")
    return text.append("  " + " · ".join(notes), FAINT)


def _planned(item: TaskPlan, width: int) -> Text:
    command = item.command if isinstance(item.command, str) else shlex.join(item.command)
    return Text.assemble("  ", (f"{clean(item.name):{width}}  ", FAINT), clean(command))


def _last(block: BlockSpec) -> str:
    return block.space().default_name(block.space().size - 1)


def _title(view: JobView) -> Text:
    text = Text.assemble(
        (f"{view.job_id} ", FAINT), (clean(view.name), "bold"), "  ", state(view.state)
    )
    text.append(f"  {view.percent:.0f}%")
    if view.eta_s is not None and view.state not in FINISHED:
        text.append(f"  {duration(view.eta_s)} left")
    return text


def _subtitle(detail: JobDetail, now: float) -> Text:
    view = detail.job
    parts = [clean(view.user), f"priority {view.priority}"]
    if view.branch != "/":
        parts.append(clean(view.branch))
    parts.append(f"submitted {duration(now - view.created)} ago")
    if view.done:
        parts.append(f"took {duration(view.done - (view.started or view.created))}")
    elif view.started:
        parts.append(f"started {duration(now - view.started)} ago")
    if detail.waits_for:
        parts.append("after job " + ", ".join(map(str, detail.waits_for)))
    return faint(" · ".join(parts))


def _block(view: BlockView, states: Sequence[TaskState]) -> Iterator[RenderableType]:
    text = Text.assemble((f"{view.number} ", FAINT), (clean(view.name), "bold"), "  ")
    text.append_text(state(view.state))
    text.append(f"  {_done(view.tasks):,}/{view.tasks.total:,}")
    if view.tasks.failed:
        text.append(f"  {view.tasks.failed:,} failed", BAD)
    if view.warnings:
        text.append(f"  {count(view.warnings, 'warning')}", CARE)
    notes = [clean(view.service)]
    if view.frames:
        notes.append(f"frames {clean(view.frames)}")
    if view.frames_per_task > 1:
        notes.append(f"{view.frames_per_task} a task")
    if view.run_time_mean_s:
        notes.append(f"{work_time(view.run_time_mean_s)} a task")
    text.append("  " + " · ".join(notes), FAINT)
    text.no_wrap, text.overflow = True, "ellipsis"
    yield text
    if states:
        yield _indented(bar(states, min(FRAMES, out().width - 2), unicode=unicode()))
    if view.avoided_hosts:
        yield _indented(faint(clean(f"avoids {', '.join(view.avoided_hosts)}")))


def _tasks(
    what: str, found: Sequence[TaskView], total: int, now: float
) -> Iterator[RenderableType]:
    if not found:
        return
    yield Text()
    yield table(
        *(what.upper(), "TASK~", "WORKER~", "TIME>", "PROGRESS>" if what == "running" else ">"),
        "" if what == "running" else "WHAT HAPPENED~",
        rows=(_task_row(view, now) for view in found),
    )
    if total > len(found):
        yield more(f"and {total - len(found):,} more")


def _task_row(view: TaskView, now: float) -> tuple[str | Text, ...]:
    runs = view.state is TaskState.RUNNING
    ended = now if runs else view.ended
    said = view.activity if runs else (view.message or view.status)
    return (
        task_path(view.job_id, view.block, view.task),
        cut(view.name),
        cut(view.worker),
        work_time(ended - view.started) if view.started and ended else "",
        f"{view.percent}%" if runs and view.percent >= 0 else "",
        cut(said),
    )


def _hints(view: JobView, page: JobPage) -> Iterator[RenderableType]:
    hints = []
    if page.why:
        yield Text()
        yield Text(clean(page.why), style=CARE)
        hints.append(f"grange why {view.job_id}")
    elif page.failed or page.tried:
        yield Text()
    hints += [
        f"grange log {task_path(task.job_id, task.block, task.task)}"
        for task in (*page.failed, *page.tried)[:1]
    ]
    if page.failed:
        hints.append(f"grange restart {view.job_id} --failed")
    elif page.tried:
        hints.append(f"grange forget-errors {view.job_id}")
    if hints:
        yield faint("  ·  ".join(hints))


def _indented(text: Text) -> Text:
    return Text.assemble("  ", text, no_wrap=True, overflow="ellipsis")


def _done(counts: Counts) -> int:
    return counts.done + counts.skipped
