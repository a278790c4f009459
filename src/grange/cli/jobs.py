"""`grange jobs` and `grange job`: what there is to render, and how far it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final

import typer

from grange.cli import pages
from grange.cli.live import follow_job, follow_jobs
from grange.cli.screen import show, write_json
from grange.cli.session import Json, farm, now
from grange.cli.targets import job_target
from grange.client.requests import jobs as job_requests
from grange.client.requests import tasks as task_requests

LISTED: Final = 50  # jobs on one page without --all
JOBS_MAX: Final = 10_000  # jobs of one answer

commands = typer.Typer()


@commands.command("jobs", rich_help_panel="Jobs")
def list_jobs(
    ctx: typer.Context,
    user: Annotated[str, typer.Option("--user", "-u", help="Only this user's.")] = "",
    state: Annotated[
        str, typer.Option(help="Only in this state, such as running or failed.")
    ] = "",
    name: Annotated[str, typer.Option(help="Only with this text in the name.")] = "",
    everything: Annotated[
        bool, typer.Option("--all", "-a", help="Old and hidden ones, too.")
    ] = False,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Stay, and show changes.")] = False,
    as_json: Json = False,
) -> None:
    """List jobs, the newest first.

    [dim]grange jobs --user ada --state failed
    grange jobs --json | jq '.[].job_id'[/]
    """
    request = job_requests.listed(
        user=user,
        state=state,
        name=name,
        hidden=everything or None,
        limit=JOBS_MAX if everything else LISTED,
    )
    with farm(ctx) as client:
        found = client.send(request)
        if watch and not as_json:
            follow_jobs(client, [job.job_id for job in found], user=user, state=state, name=name)
            return
    if as_json:
        write_json(found)
    else:
        show(*pages.jobs(found, now()))
        if len(found) == LISTED and not everything:
            show(pages.more("these are the newest; --all shows the others"))


@commands.command("job", rich_help_panel="Jobs")
def show_job(
    ctx: typer.Context,
    job: Annotated[str, typer.Argument(metavar="JOB", help="Number of the job.")],
    watch: Annotated[
        bool, typer.Option("--watch", "-w", help="Stay until it is finished.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show a job: its blocks, its frames, what went wrong, why it waits.

    [dim]grange job 12
    grange job 12 --watch[/]
    """
    number = job_target(job).job
    with farm(ctx) as client:
        if watch and not as_json:
            follow_job(client, number)
            return
        detail = client.send(job_requests.detail(number))
        if as_json:
            write_json(detail)
            return
        blocks = [block.number for block in detail.job.blocks]
        states = [client.send(task_requests.states(number, block)) for block in blocks]
        failed = client.send(task_requests.failed(number, blocks)) if ... else ()
