"""`grange submit`: a command, a scene or a job, given to the farm."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from typing_extensions import override

import grange.client
from grange.cli.amounts import count
from grange.cli.exits import ExitCode
from grange.cli.options import Command, Json
from grange.cli.session import SUBMIT_PATIENCE_S, farm
from grange.client.errors import NoServer, Unreachable
from grange.client.path_map import job_to_server
from grange.model.spec import JobSpec
from grange.model.states import JobState
from grange.model.views import JobView

commands = typer.Typer()
COMMAND: Final = "grange.command"  # in the context: the words after --
WORK, NEEDS, JOB = "What to run", "What it needs", "The job"  # panels of the help


def _option(long: str, short: str, metavar: str, text: str, panel: str) -> Any:
    names = (long, short) if short else (long,)
    return typer.Option(*names, metavar=metavar, help=text, rich_help_panel=panel)


class TakesCommand(Command):
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
        str,
        typer.Argument(
            metavar="FILE", help="A scene, or a job as JSON; - reads it from standard input."
        ),
    ] = "",
    frames: Annotated[
        str, _option("--frames", "-f", "LIST", "Such as 1-100, 1-100x2 or 1,4,8.", WORK)
    ] = "",
    chunk: Annotated[
        int | None, _option("--chunk", "-c", "N", "Frames of one task; 1 unless said.", WORK)
    ] = None,
    service: Annotated[
        str, _option("--service", "-S", "NAME", "The program's class on the worker.", WORK)
    ] = "",
    shell: Annotated[
        bool,
        typer.Option("--shell", help="The command is a line for the shell.", rich_help_panel=WORK),
    ] = False,
    cwd: Annotated[
        Path | None, _option("--cwd", "-C", "FOLDER", "Where to run; else here.", WORK)
    ] = None,
    env: Annotated[
        list[str] | None, _option("--env", "-e", "NAME=VALUE", "A variable for it.", WORK)
    ] = None,
    output: Annotated[
        str,
        _option("--output", "-o", "PATTERN", "A scene's pictures: out/a.{frame:04}.png", WORK),
    ] = "",
    files: Annotated[
        list[str] | None,
        _option("--files", "", "PATTERN", "What each frame makes, for people to look at.", WORK),
    ] = None,
    memory: Annotated[
        str, _option("--memory", "", "SIZE", "Free memory that a task needs, such as 8G.", NEEDS)
    ] = "",
    capacity: Annotated[
        int | None, _option("--capacity", "", "N", "What it takes of a worker; usual 1000.", NEEDS)
    ] = None,
    ticket: Annotated[
        list[str] | None, _option("--ticket", "", "NAME[=N]", "A licence that it holds.", NEEDS)
    ] = None,
    pool: Annotated[
        list[str] | None,
        _option("--pool", "", "PATH[=N]", "Only there; or how gladly, -100 to 100.", NEEDS),
    ] = None,
    retries: Annotated[
        int | None, _option("--retries", "", "N", "How often to try a failed task again.", NEEDS)
    ] = None,
    name: Annotated[str, _option("--name", "-n", "NAME", "What it is called.", JOB)] = "",
    priority: Annotated[
        int | None, _option("--priority", "-p", "0-255", "The greater goes first; usual 99.", JOB)
    ] = None,
    after: Annotated[
        list[int] | None, _option("--after", "-a", "JOB", "A job that must be done before.", JOB)
    ] = None,
    branch: Annotated[
        str, _option("--branch", "-b", "PATH", "Place in the studio's tree.", JOB)
    ] = "",
    user: Annotated[str, _option("--user", "-u", "NAME", "Whose job it is.", JOB)] = "",
    paused: Annotated[
        bool, typer.Option("--paused", help="Start nothing yet.", rich_help_panel=JOB)
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the exact commands; submit nothing.")
    ] = False,
    wait: Annotated[
        bool, typer.Option("--wait", help="Stay until it is finished; end with 1 if it fails.")
    ] = False,
    watch: Annotated[
        bool, typer.Option("--watch", "-w", help="The same, and show how it goes.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Write its number only.")] = False,
    as_json: Json = False,
) -> None:
    """Submit a command, a scene or a job.

    [dim]grange submit -f 1-100 -- oiiotool in.{frame:04}.exr --resize 50% -o out.{frame:04}.exr
    grange submit -f 1-100 --chunk 5 -- render --from {first} --to {last}
    grange submit film.blend -f 1-250 --watch
    grange submit job.json --dry-run[/]

    What a task is to render stands in its command as [bold]{frame}[/], [bold]{frame:04}[/],
    [bold]{first}[/], [bold]{last}[/], [bold]{inc}[/], [bold]{frames}[/] or [bold]{task}[/];
    braces are written [bold]{{[/] and [bold]}}[/].
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
        host=socket.gethostname(),
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
    from grange.cli import live, screen

    if watch:
        return live.follow_job(client, view.job_id)
    with screen.err().status(f"waiting for job {view.job_id}"):  # in a terminal only
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

    outgoing = job_to_server(job)
    try:
        with farm(ctx) as client:
            plan = client.check(job)
    except (NoServer, Unreachable) as error:
        plan = preview.plan(outgoing)
        screen.say(screen.faint(f"worked out here, not checked: {error}"))
    if as_json:
        screen.write_json(plan)
    else:
        pages.write_plan(outgoing, plan)
