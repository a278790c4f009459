"""`grange jobs` and `grange job`: what there is to render, and how far it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Final

import typer

from grange.cli.options import Json
from grange.cli.session import farm, now
from grange.cli.targets import job_target
from grange.client.requests import jobs as job_requests
from grange.model.states import JobState
from grange.model.views import JobView

LISTED: Final = 50  # jobs on one page without --all
JOBS_MAX: Final = 10_000  # jobs of one answer

commands = typer.Typer()


@commands.command("jobs", rich_help_panel="Jobs")
def list_jobs(
    ctx: typer.Context,
    user: Annotated[
        str, typer.Option("--user", "-u", metavar="NAME", help="Only this user's.")
    ] = "",
    state: Annotated[
        JobState | None,
        typer.Option(metavar="STATE", help=f"Only these: {', '.join(JobState)}."),
    ] = None,
    name: Annotated[
        str, typer.Option(metavar="TEXT", help="Only with this text in the name.")
    ] = "",
    everything: Annotated[
        bool, typer.Option("--all", "-a", help="Old and hidden ones, too.")
    ] = False,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Stay, and show changes.")] = False,
    as_json: Json = False,
) -> None:
    """List jobs, the newest first.

    [dim]grange jobs --user ada --state failed[/]
    """
    most = JOBS_MAX if everything else LISTED
    with farm(ctx) as client:
        if watch:
            from grange.cli.live import follow_jobs

            follow_jobs(client, _wanted(user, state, name, hidden=everything), most)
        found = client.send(
            job_requests.listed(
                user=user, state=state or "", name=name, hidden=everything or None, limit=most
            )
        )
    from grange.cli import pages, screen

    if as_json:
        screen.write_json(found)
        return
    screen.show(*pages.jobs(found, now()))
    if len(found) == LISTED and not everything:
        screen.show(pages.more("these are the newest; --all shows the others"))


@commands.command("job", rich_help_panel="Jobs")
def show_job(
    ctx: typer.Context,
    job: Annotated[str, typer.Argument(metavar="JOB", help="Its number.")],
    watch: Annotated[
        bool, typer.Option("--watch", "-w", help="Stay until it is finished.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show a job: its blocks and frames, what went wrong, why it waits.

    [dim]grange job 12 --watch[/]
    """
    from grange.cli import live, pages, screen

    number = job_target(job).job
    with farm(ctx) as client:
        if as_json:
            screen.write_json(client.send(job_requests.detail(number)))
        elif watch:
            live.follow_job(client, number)
        else:
            screen.show(*pages.job(live.read_page(client, number), now()))


def _wanted(
    user: str, state: JobState | None, name: str, *, hidden: bool
) -> Callable[[JobView], bool]:
    """Choose jobs as the server does."""

    def wanted(job: JobView) -> bool:
        return (
            (not user or job.user == user)
            and (state is None or job.state is state)
            and name in job.name
            and (hidden or not job.hidden)
        )

    return wanted
