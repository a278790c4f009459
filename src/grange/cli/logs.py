"""`grange log`, `grange why`, `grange story`: what a task wrote, and what became of it."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

import grange.client
from grange.cli.session import Refused, farm
from grange.cli.targets import JobTarget, job_target
from grange.client.requests import jobs as job_requests
from grange.model.ids import task_path

commands = typer.Typer()


@commands.command("log", rich_help_panel="Jobs")
def show_log(
    ctx: typer.Context,
    task: Annotated[
        str,
        typer.Argument(
            metavar="JOB/BLOCK/TASK", help="Such as 12/0/7; 12 is enough where there is one task."
        ),
    ],
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Stay, and show what is added.")
    ] = False,
    run: Annotated[int, typer.Option(metavar="ID", help="Of this run, not of the last.")] = 0,
) -> None:
    """Show what a task wrote.

    [dim]grange log 12/0/7 --follow[/]
    """
    place = job_target(task)
    from grange.client.handles import TaskHandle

    with farm(ctx) as client:
        job, block, number = one_task(client, place)
        handle = TaskHandle(client, job, block, number)
        if follow:
            for text in handle.follow(run):
                _write(text)
        else:
            _write(handle.log(run))


def one_task(client: grange.client.Client, place: JobTarget) -> tuple[int, int, int]:
    """Say which task is meant, also where only its job is named and there is no other.

    Raises:
        Refused: there are several.
    """
    if place.block is not None and place.tasks.isdecimal():
        return place.job, place.block, int(place.tasks)
    blocks = client.send(job_requests.detail(place.job)).job.blocks
    if place.block is not None:
        blocks = tuple(block for block in blocks if block.number == place.block)
    total = sum(block.tasks.total for block in blocks)
    if total != 1 or place.tasks:
        path = task_path(place.job, place.block or 0, 0)
        raise Refused(f"{place} has {total} tasks: name one, such as {path}")
    return place.job, next(block.number for block in blocks if block.tasks.total), 0


def _write(text: str) -> None:
    from grange.cli.screen import out, safe_log

    sys.stdout.write(safe_log(text) if out().is_terminal else text)
    sys.stdout.flush()
