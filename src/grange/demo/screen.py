"""What the demo shows in the terminal while the film is made."""

from __future__ import annotations

import time
from pathlib import Path

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from grange.client.watching import Mirror
from grange.demo.scenes.look import FILM
from grange.model.states import JobState, TaskState
from grange.model.views import BlockView, JobView, TaskView

STATE_STYLE = {
    JobState.DONE: "green",
    JobState.RUNNING: "bold cyan",
    JobState.FAILED: "bold red",
    JobState.WAITING: "dim",
}
BAR_WIDTH = 36


def picture(mirror: Mirror, job: JobView, folder: Path, restarts: int) -> RenderableType:
    """The demo as it is now."""
    table = Table.grid(padding=(0, 2))
    table.add_column(justify="right", style="dim", min_width=7)
    table.add_column()
    for block in job.blocks:
        table.add_row(block.name, _block(block))
    table.add_row("", _strip(folder))
    for text in _workers(mirror):
        table.add_row("worker", text)
    table.add_row("time", _time(job))
    if restarts:
        times = "once" if restarts == 1 else f"{restarts} times"
        table.add_row("server", Text(f"killed {times}, and started again", "yellow"))
    return Group(Text(f"\n  {job.name}", style="bold"), Text(""), table)


def _block(block: BlockView) -> RenderableType:
    row = Table.grid(padding=(0, 2))
    row.add_column(width=BAR_WIDTH)
    row.add_column(min_width=24)
    style = STATE_STYLE.get(block.state, "cyan")
    finished = block.tasks.done + block.tasks.skipped
    said = f"{finished}/{block.tasks.total} tasks"
    if block.tasks.failed:
        said += f", {block.tasks.failed} failed"
    bar = ProgressBar(total=100, completed=block.percent, width=BAR_WIDTH, complete_style=style)
    row.add_row(bar, Text.assemble((f"{block.state:<8}", style), f" {said}"))
    return row


def _strip(folder: Path) -> Text:
    """A cell for each frame: full when its picture is on disk."""
    there = frames_on_disk(folder)
    text = Text()
    for frame in range(1, FILM.frames + 1):
        text.append("\u25a0" if frame in there else "\u25a1", "green" if frame in there else "dim")
    text.append(f"  {len(there)} of {FILM.frames} frames", "dim")
    return text


def frames_on_disk(folder: Path) -> set[int]:
    """Frames whose picture is whole: it gets its name when it is."""
    names = (folder / "frames").glob("film.[0-9][0-9][0-9][0-9].png")
    return {int(name.name.split(".")[1]) for name in names}


def _workers(mirror: Mirror) -> list[Text]:
    lines = []
    for worker in mirror.workers.values():
        text = Text.assemble((f"{worker.name} {worker.state}", ""))
        load = worker.resources
        if load is not None:
            used_gb = (load.mem_total_mb - load.mem_free_mb) / 1_000
            text.append(f"   cpu {100 - load.cpu_idle} %   memory {used_gb:.1f} GB", "dim")
        for task in _running(mirror, worker.name):
            text.append(f"   {task.name} {max(0, task.percent)} %", "cyan")
        lines.append(text)
    return lines


def _running(mirror: Mirror, worker: str) -> list[TaskView]:
    tasks = mirror.tasks.values()
    return [item for item in tasks if item.state is TaskState.RUNNING and item.worker == worker]


def _time(job: JobView) -> Text:
    ends = job.done or time.time()  # noqa: TID251  # shown, not decided by
    text = Text(f"{ends - job.created:.0f} s")
    if job.eta_s is not None and not job.done:
        text.append(f", about {job.eta_s:.0f} s left for these frames", "dim")
    return text
