"""`grange task`: a task, whole."""

from __future__ import annotations

from typing import Annotated

import typer

from grange.cli.logs import one_task
from grange.cli.options import Json
from grange.cli.session import farm, now
from grange.cli.targets import job_target
from grange.client.requests import tasks as task_requests

commands = typer.Typer()


@commands.command("task", rich_help_panel="Jobs")
def show_task(
    ctx: typer.Context,
    task: Annotated[
        str,
        typer.Argument(
            metavar="JOB/BLOCK/TASK", help="Such as 12/0/7; 12 is enough where there is one task."
        ),
    ],
    as_json: Json = False,
) -> None:
    """Show a task: its command, and what each of its runs used.

    [dim]grange task 12/0/7[/]
    """
    place = job_target(task)
    with farm(ctx) as client:
        found = client.send(task_requests.detail(*one_task(client, place)))
    from grange.cli import screen, task_pages

    if as_json:
        screen.write_json(found)
    else:
        screen.show(*task_pages.task(found, now()))
