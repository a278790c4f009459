"""`grange users`, `grange pools`, `grange branches`: whom the farm serves, and how it is cut."""

from __future__ import annotations

import typer

from grange.cli.options import Json
from grange.cli.session import farm
from grange.client.requests import branches, pools, users

PANEL = "Farm"
commands = typer.Typer()


@commands.command("users", rich_help_panel=PANEL)
def list_users(ctx: typer.Context, as_json: Json = False) -> None:
    """List the users: their jobs, their place in line, their limits."""
    with farm(ctx) as client:
        found = client.send(users.listed())
    from grange.cli import groups, screen

    if as_json:
        screen.write_json(found)
    else:
        screen.show(*groups.users(found))


@commands.command("pools", rich_help_panel=PANEL)
def list_pools(ctx: typer.Context, as_json: Json = False) -> None:
    """List the pools: the tree in which workers stand, and their tickets."""
    with farm(ctx) as client:
        found = client.send(pools.listed())
    from grange.cli import groups, screen

    if as_json:
        screen.write_json(found)
    else:
        screen.show(*groups.pools(found))


@commands.command("branches", rich_help_panel=PANEL)
def list_branches(ctx: typer.Context, as_json: Json = False) -> None:
    """List the branches: the studio's tree in which jobs stand."""
    with farm(ctx) as client:
        found = client.send(branches.listed())
    from grange.cli import groups, screen

    if as_json:
        screen.write_json(found)
    else:
        screen.show(*groups.branches(found))
