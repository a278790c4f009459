"""How the farm is: `grange status`, `doctor`, `audit`, `version`; and the demo."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from grange.cli.exits import ExitCode
from grange.cli.options import Json
from grange.cli.session import farm, now
from grange.client.errors import GrangeError
from grange.client.requests import farm as farm_requests
from grange.model.version import VERSION

PANEL: Final = "Farm"
commands = typer.Typer()


@commands.command("status", rich_help_panel=PANEL)
def show_status(ctx: typer.Context, as_json: Json = False) -> None:
    """Say in one look how the farm is."""
    with farm(ctx) as client:
        found = client.summary()
        url = client.place.url
    from grange.cli import reports, screen

    if as_json:
        screen.write_json(found)
    else:
        screen.show(*reports.status(found, url))


@commands.command("doctor", rich_help_panel=PANEL)
def examine(ctx: typer.Context, as_json: Json = False) -> None:
    """Examine the farm: what it stands on, and whether it is sound.

    Ends with 1 if something is wrong.
    """
    with farm(ctx) as client:
        found = client.send(farm_requests.health())
    from grange.cli import reports, screen

    if as_json:
        screen.write_json(found)
    else:
        screen.show(*reports.health(found))
    if not found.ok:
        raise typer.Exit(ExitCode.FAILED)


@commands.command("audit", rich_help_panel=PANEL)
def show_audit(
    ctx: typer.Context,
    limit: Annotated[
        int, typer.Option("--limit", "-n", min=1, metavar="N", help="So many lines.")
    ] = 50,
    as_json: Json = False,
) -> None:
    """Show who changed what, the newest first."""
    with farm(ctx) as client:
        found = client.send(farm_requests.audit(limit=limit))
    from grange.cli import reports, screen

    if as_json:
        screen.write_json(found)
    else:
        screen.show(*reports.audit(found, now()))


@commands.command("version", rich_help_panel=PANEL)
def show_version(ctx: typer.Context, as_json: Json = False) -> None:
    """Say the version of this program, and of the farm where one answers."""
    try:
        with farm(ctx) as client:
            server = client.summary().version
    except GrangeError:
        server = ""
    if as_json:
        from grange.cli.screen import write_json

        write_json({"grange": VERSION, "server": server or None})
        return
    print(f"grange {VERSION}")
    if server:
        print(f"server {server}")


@commands.command("demo", rich_help_panel="Run")
def render_demo(
    folder: Annotated[Path, typer.Argument(help="Where frames and film go.")] = Path(
        "grange-demo"
    ),
) -> None:
    """Render a short film on a farm on this machine, to see how it all goes."""
    from grange.demo.run import run_demo

    raise typer.Exit(run_demo(folder))
