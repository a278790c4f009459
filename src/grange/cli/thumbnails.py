"""`grange thumb`: a small picture of what a job or a task has made."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import typer

import grange.client
from grange.cli.logs import one_task
from grange.cli.options import Json
from grange.cli.session import NoneSuch, Refused, farm
from grange.cli.targets import JobTarget, job_target
from grange.client.requests import thumbnails as requests
from grange.model.ids import task_path
from grange.model.views import ThumbnailView

commands = typer.Typer()

STDOUT: Final = Path("-")


@commands.command("thumb", rich_help_panel="Jobs")
def save_thumbnail(
    ctx: typer.Context,
    what: Annotated[
        str, typer.Argument(metavar="JOB[/BLOCK/TASK]", help="Such as 12, or 12/0/7.")
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Where to; - is the output."),
    ] = None,
    number: Annotated[
        int, typer.Option(metavar="N", help="This one of a task, not the newest.")
    ] = 0,
    as_json: Json = False,
) -> None:
    """Save the newest thumbnail of a job or of a task, a JPEG.

    [dim]grange thumb 12
    grange thumb 12/0/7 --json           which there are
    grange thumb 12/0/7 -o frame.jpg[/]
    """
    place = job_target(what)
    if number and place.block is None:
        raise Refused("--number is of a task's thumbnails: name the task, such as 12/0/7")
    from grange.cli import screen

    with farm(ctx) as client:
        found = _listed(client, place)
        if as_json:
            screen.write_json(found)
            return
        chosen = _chosen(found, number, what)
        data = client.send(
            requests.one(place.job, chosen.block, chosen.task, chosen.number, run=chosen.run_id)
        )
    if output == STDOUT:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    path = output or Path(f"{place.job}-{chosen.block}-{chosen.task}.jpg")
    try:
        path.write_bytes(data)
    except OSError as error:
        raise Refused(f"{path} cannot be written: {error.strerror}") from error
    task = task_path(place.job, chosen.block, chosen.task)
    screen.say(f"{path}: {screen.clean(chosen.name)} of task {task}")


def _listed(client: grange.client.Client, place: JobTarget) -> tuple[ThumbnailView, ...]:
    if place.block is None:
        return client.send(requests.of_job(place.job))
    return client.send(requests.of_task(*one_task(client, place)))


def _chosen(found: Sequence[ThumbnailView], number: int, what: str) -> ThumbnailView:
    """The one that is meant.

    Raises:
        NoneSuch: there is none.
    """
    if not found:
        raise NoneSuch(f"{what} has no thumbnail (yet)")
    chosen = next((item for item in found if number in (0, item.number)), None)
    if chosen is None:
        there = ", ".join(str(item.number) for item in found)
        raise NoneSuch(f"{what} has no thumbnail {number}, only {there}")
    return chosen
