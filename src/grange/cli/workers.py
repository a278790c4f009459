"""`grange workers`: who renders."""

from __future__ import annotations

import typer

from grange.cli.session import Json, farm, now
from grange.client.requests import workers as worker_requests

commands = typer.Typer()


@commands.command("workers", rich_help_panel="Farm")
def list_workers(ctx: typer.Context, as_json: Json = False) -> None:
    """List the workers: what they are, what they do, why they do nothing."""
    from grange.cli import machines, screen

    with farm(ctx) as client:
        found = client.send(worker_requests.listed())
    if as_json:
        screen.write_json(found)
    else:
        screen.show(*machines.workers(found, now()))
