"""Who goes first: `grange move`, `grange try-next`; and `grange forget-errors`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from grange.cli.session import Refused, farm
from grange.cli.targets import job_target
from grange.client.requests import jobs, users
from grange.model.frames import parse_frames

PANEL = "Steer jobs"
TASKS_MAX = 10_000  # tasks of one request
commands = typer.Typer()


class Where(StrEnum):
    """Where a job can be put among those of its user."""

    UP = "up"
    DOWN = "down"
    TOP = "top"
    BOTTOM = "bottom"


@commands.command("move", rich_help_panel=PANEL)
def move(
    ctx: typer.Context,
    job: Annotated[str, typer.Argument(metavar="JOB", help="Its number.")],
    where: Annotated[Where, typer.Argument(metavar="WHERE", help=f"One of {', '.join(Where)}.")],
) -> None:
    """Put a job before or behind the others of its user.

    [dim]grange move 12 top[/]
    """
    number = job_target(job).job
    with farm(ctx) as client:
        user = client.send(jobs.detail(number)).job.user
        client.send(users.move_jobs(user, [number], where.value))
    _tell(f"job {number} was moved {where.value}")


@commands.command("try-next", rich_help_panel=PANEL)
def try_next(
    ctx: typer.Context,
    tasks: Annotated[str, typer.Argument(metavar="JOB/BLOCK/TASKS", help="Such as 12/0/50-59.")],
    undo: Annotated[bool, typer.Option("--undo", help="No longer.")] = False,
) -> None:
    """Start these tasks before the others of their job.

    [dim]grange try-next 12/0/50-59[/]
    """
    place = job_target(tasks)
    if place.block is None or not place.tasks:
        raise Refused(f"{place}: name tasks, such as {place.job}/0/5-9")
    ranges = parse_frames(place.tasks)
    if sum(item.size for item in ranges) > TASKS_MAX:
        raise Refused(f"{place}: at most {TASKS_MAX:,} tasks at once")
    numbers = [task for item in ranges for task in range(item.first, item.last + 1, item.inc)]
    with farm(ctx) as client:
        client.send(jobs.try_next(place.job, place.block, numbers, remove=undo))
    _tell(f"{place} {'stands in line again' if undo else 'is tried next'}")


@commands.command("forget-errors", rich_help_panel=PANEL)
def forget_errors(
    ctx: typer.Context,
    what: Annotated[str, typer.Argument(metavar="JOB[/BLOCK]", help="Such as 12 or 12/0.")],
) -> None:
    """Let a job try again on the computers that it avoids after errors there.

    [dim]grange forget-errors 12[/]
    """
    place = job_target(what)
    if place.tasks:
        raise Refused(f"{place}: errors are forgotten for a job or a block")
    with farm(ctx) as client:
        client.send(jobs.forget_errors(place.job, place.block))
    _tell(f"{place} avoids no computer any more")


def _tell(text: str) -> None:
    from grange.cli.screen import show

    show(text)
