"""`grange why` and `grange story`: why something waits, and what became of it."""

from __future__ import annotations

from typing import Annotated

import typer

import grange.client
from grange.cli.lookup import worker_id
from grange.cli.options import Json
from grange.cli.session import Refused, farm, now
from grange.cli.targets import JobTarget, NamedTarget, job_target, target
from grange.client.requests import jobs as job_requests
from grange.client.requests import tasks as task_requests
from grange.client.requests import workers as worker_requests
from grange.client.requests.message import Request
from grange.model.views import StoryLine, WhyView

commands = typer.Typer()


@commands.command("why", rich_help_panel="Jobs")
def explain(
    ctx: typer.Context,
    what: Annotated[str, typer.Argument(metavar="WHAT", help="12, 12/0, 12/0/7, or worker:NAME.")],
    as_json: Json = False,
) -> None:
    """Say why a job, a block, a task or a worker is not running.

    [dim]grange why 12
    grange why worker:node7[/]
    """
    place = target(what)
    with farm(ctx) as client:
        found = client.send(_why(client, place))
    from grange.cli import reports, screen

    if as_json:
        screen.write_json(found)
    else:
        screen.show(*reports.why(found))


@commands.command("story", rich_help_panel="Jobs")
def tell(
    ctx: typer.Context,
    what: Annotated[str, typer.Argument(metavar="WHAT", help="12, or 12/0/7.")],
    as_json: Json = False,
) -> None:
    """Tell all that happened to a job or to a task, in order.

    [dim]grange story 12/0/7[/]
    """
    request = _story(job_target(what))
    with farm(ctx) as client:
        found = client.send(request)
    from grange.cli import reports, screen

    if as_json:
        screen.write_json(found)
    else:
        screen.show(*reports.story(found, now()))


def _why(client: grange.client.Client, place: JobTarget | NamedTarget) -> Request[WhyView]:
    if isinstance(place, NamedTarget):
        if place.kind != "worker":
            raise Refused(f"{place}: only a job, a block, a task or a worker can be asked why")
        return worker_requests.why(worker_id(client, place.name))
    if not place.tasks:
        return job_requests.why(place.job, place.block)
    return task_requests.why(place.job, place.block or 0, _one(place))


def _story(place: JobTarget) -> Request[tuple[StoryLine, ...]]:
    if place.block is None:
        return job_requests.story(place.job)
    if not place.tasks:
        raise Refused(f"{place}: a story is of a job, such as {place.job}, or of one task")
    return task_requests.story(place.job, place.block, _one(place))


def _one(place: JobTarget) -> int:
    if not place.tasks.isdecimal():
        raise Refused(f"{place}: name one task")
    return int(place.tasks)
