"""`grange submit`: a command, a scene or a job, given to the farm."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final

import typer
from typer.core import TyperCommand
from typing_extensions import override

import grange.client
from grange.cli.amounts import count
from grange.cli.exits import ExitCode
from grange.cli.session import SUBMIT_PATIENCE_S, Json, farm, flag
from grange.client.errors import NoServer, Unreachable
from grange.model.spec import JobSpec
from grange.model.states import JobState
from grange.model.views import JobView

commands = typer.Typer()
COMMAND: Final = "grange.command"  # in the context: the words after --


class TakesCommand(TyperCommand):
    """A command line that ends with another one, after `--`."""

    @override
    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Cut the other command line off, whatever is in it."""
        if "--" in args:
            place = args.index("--")
            ctx.meta[COMMAND] = tuple(args[place + 1 :])
            args = args[:place]
        return super().parse_args(ctx, args)

    @override
    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Show in the usage where the other command line goes."""
        return [*super().collect_usage_pieces(ctx), "[-- COMMAND...]"]


@commands.command("submit", cls=TakesCommand, rich_help_panel="Jobs")
def submit(
    ctx: typer.Context,
    file: Annotated[
        str, typer.Argument(help="A scene, or a job as JSON; - reads it from standard input.")
    ] = "",
    frames: Annotated[
        str,
        typer.Option("--frames", "-f", metavar="LIST", help="Such as 1-100, 1-100x2 or 1,4,8."),
    ] = "",
    chunk: Annotated[
        int | None, typer.Option("--chunk", "-c", min=1, metavar="N", help="Frames of one task.")
    ] = None,
    service: Annotated[str, typer.Option(help="The program's class on the worker.")] = "",
    output: Annotated[
        str,
        typer.Option(metavar="PATTERN", help="Where a scene's pictures go: out/a.{frame:04}.png"),
    ] = "",
    files: Annotated[
        list[str] | None,
        typer.Option(metavar="PATTERN", help="A file that each frame makes, to be looked at."),
    ] = None,
    shell: Annotated[
        bool, flag("--shell", help="The command is a line for the shell.")
    ] = False,
    cwd: Annotated[Path | None, typer.Option(help="Folder to run in; else this one.")] = None,
    env: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="A variable for the command.")
    ] = None,
    memory: Annotated[str, typer.Option(metavar="SIZE", help="Free memory it needs: 8G.")] = "",
    capacity: Annotated[
        int | None, typer.Option(min=1, help="What a task takes of a worker; usual is 1000.")
    ] = None,
    ticket: Annotated[
        list[str] | None, typer.Option(metavar="NAME[=N]", help="A licence that a task holds.")
    ] = None,
    retries: Annotated[
        int | None, typer.Option(min=0, help="How often a failed task is tried again.")
    ] = None,
    name: Annotated[str, typer.Option("--name", "-n", help="What the job is called.")] = "",
    priority: Annotated[
        int | None,
        typer.Option("--priority", "-p", min=0, max=255, help="The greater goes first."),
    ] = None,
    after: Annotated[
        list[int] | None, typer.Option(metavar="JOB", help="A job that must be done before.")
    ] = None,
    pool: Annotated[
        list[str] | None,
        typer.Option(metavar="PATH[=N]", help="Only there; or with preference -100 to 100."),
    ] = None,
    branch: Annotated[str, typer.Option(metavar="PATH", help="Place in the studio's tree.")] = "",
    user: Annotated[str, typer.Option("--user", "-u", help="In this user's name.")] = "",
    paused: Annotated[bool, flag("--paused", help="Start nothing yet.")] = False,
    dry_run: Annotated[
        bool, flag("--dry-run", help="Show the exact commands; submit nothing.")
    ] = False,
    wait: Annotated[
        bool, flag("--wait", help="Stay until it is finished; 1 if it fails.")
    ] = False,
    watch: Annotated[
        bool, flag("--watch", "-w", help="The same, and show how it goes.")
    ] = False,
    quiet: Annotated[bool, flag("--quiet", "-q", help="Write the number only.")] = False,
    as_json: Json = False,
) -> None:
    """Submit a command, a scene or a job.

    [dim]grange submit -f 1-100 -- oiiotool in.{frame:04}.exr --resize 50% -o out.{frame:04}.exr
    grange submit -f 1-100 --chunk 5 -- render --from {first} --to {last}
    grange submit film.blend -f 1-250 --watch
    grange submit job.json --dry-run[/]

    In the command stand [bold]{frame}[/] [bold]{frame:04}[/] [bold]{first}[/] [bold]{last}[/]
    [bold]{inc}[/] [bold]{frames}[/] [bold]{task}[/] for what each task is to render,
    and [bold]{{ }}[/] for braces.
    """
    from grange.cli import drafts

    draft = drafts.Draft(
        frames=frames,
        chunk=chunk,
        service=service,
        shell=shell,
        folder=str((cwd or Path()).absolute()),
        output=output,
        files=files or (),
        environment=env or (),
        tickets=ticket or (),
        memory=memory,
        capacity=capacity,
        retries=retries,
    )
    wishes = drafts.Wishes(
        name=name,
        priority=priority,
        after=after or (),
        pools=pool or (),
        branch=branch,
        user=user,
        paused=paused,
    )
    job = drafts.job(file, ctx.meta.get(COMMAND), draft, wishes)
    if dry_run:
        _preview(ctx, job, as_json=as_json)
        return
    with farm(ctx, patience_s=SUBMIT_PATIENCE_S) as client:
        view = client.submit(job).view
        if not as_json:
            _announce(view, job, quiet=quiet)
        if watch or wait:
            view = _finished(client, view, watch=watch and not as_json)
        if as_json:
            _write_json(view)
        elif (watch or wait) and not quiet:
            _conclude(view)
    if (watch or wait) and view.state is JobState.FAILED:
        raise typer.Exit(ExitCode.FAILED)


def _announce(view: JobView, job: JobSpec, *, quiet: bool) -> None:
    from grange.cli import drafts, screen

    if quiet:
        print(view.job_id)
        return
    tasks = count(view.tasks.total, "task")
    screen.show(f"job {view.job_id} {screen.clean(view.name)}: {tasks}")
    if drafts.all_alike(job):
        screen.say(screen.faint("every task runs the same: the command has no {frame} in it"))


def _finished(client: grange.client.Client, view: JobView, *, watch: bool) -> JobView:
    from grange.cli import live

    if watch:
        return live.follow_job(client, view.job_id)
    return client.job(view.job_id).wait(raise_on_failure=False)


def _conclude(view: JobView) -> None:
    from grange.cli import pages, screen

    screen.show(pages.outcome(view))


def _write_json(value: Any) -> None:
    from grange.cli import screen

    screen.write_json(value)


def _preview(ctx: typer.Context, job: JobSpec, *, as_json: bool) -> None:
    """Show what a job would run: as the server says, else as it can be worked out here."""
    from grange.cli import pages, preview, screen

    try:
        with farm(ctx) as client:
            plan = client.check(job)
    except (NoServer, Unreachable) as error:
        plan = preview.plan(job)
        screen.say(screen.faint(f"worked out here, not checked: {error}"))
    if as_json:
        screen.write_json(plan)
    else:
        pages.write_plan(job, plan)
