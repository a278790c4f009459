"""Who may do what: `grange open`, `grange join-code`, `grange token ...`."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from grange.cli.amounts import duration, seconds
from grange.cli.lookup import credential_id
from grange.cli.options import Command, Group, Json, Yes
from grange.cli.session import farm, now, sure
from grange.client.requests import access
from grange.model.states import Role

PANEL: Final = "People and computers"
commands = typer.Typer()
tokens = typer.Typer(cls=Group, no_args_is_help=True)
commands.add_typer(
    tokens,
    name="token",
    help="Who may use the farm: make, list, accept and revoke credentials.",
    rich_help_panel=PANEL,
)

ROLES: Final = tuple(role for role in Role if role is not Role.WORKER)
Who = Annotated[str, typer.Argument(metavar="WHO", help="Its id, or its name.")]


@commands.command("open", rich_help_panel=PANEL)
def open_page(
    ctx: typer.Context,
    only_print: Annotated[
        bool, typer.Option("--print", help="Write the link; open nothing.")
    ] = False,
) -> None:
    """Open the farm's page in a browser, signed in. The link is good once."""
    with farm(ctx) as client:
        url = client.send(access.login_link())
    import webbrowser

    if only_print or not webbrowser.open(url):
        print(url)


@commands.command("join-code", rich_help_panel=PANEL)
def make_join_code(
    ctx: typer.Context,
    expires: Annotated[
        str, typer.Option(metavar="TIME", help="How long it is good for, such as 2h.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Make a code by which other computers join as workers."""
    request = access.join_code(seconds(expires) if expires else None)
    with farm(ctx) as client:
        found = client.send(request)
    from grange.cli import doors, screen

    if as_json:
        screen.write_json(found)
    else:
        screen.show(*doors.join_code(found, now()))


@tokens.command("list", cls=Command)
def list_tokens(ctx: typer.Context, as_json: Json = False) -> None:
    """List who may use the farm: people, programs, workers; never a secret."""
    with farm(ctx) as client:
        found = client.send(access.credentials())
    from grange.cli import doors, screen

    if as_json:
        screen.write_json(found)
    else:
        screen.show(*doors.credentials(found, now()))


@tokens.command("create", cls=Command)
def create_token(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The user that it stands for.")],
    role: Annotated[
        Role, typer.Option(metavar="ROLE", help=f"One of {', '.join(ROLES)}.")
    ] = Role.ARTIST,
    expires: Annotated[
        str, typer.Option(metavar="TIME", help="How long it is good for, such as 30d.")
    ] = "",
    note: Annotated[str, typer.Option(metavar="TEXT", help="For people: where it is used.")] = "",
    as_json: Json = False,
) -> None:
    """Make a token. Its secret is shown this once.

    [dim]grange token create ada --role wrangler
    GRANGE_TOKEN=$(grange token create ci --role submit --expires 30d)[/]
    """
    span = seconds(expires) if expires else None
    with farm(ctx) as client:
        found = client.send(access.create(name, role, expires_s=span, note=note))
    from grange.cli import screen

    if as_json:
        screen.write_json(found)
        return
    print(found.secret)
    life = f", good for {duration(span)}" if span else ""
    screen.say(screen.faint(f"for {name}, as {role.value}{life}; it is not shown again"))


@tokens.command("accept", cls=Command)
def accept_worker(ctx: typer.Context, who: Who) -> None:
    """Let a computer in that has joined by a code."""
    with farm(ctx) as client:
        found = client.send(access.accept(credential_id(client, who, states=("pending",))))
    from grange.cli import screen

    screen.show(f"{screen.clean(found.name)} may work now")


@tokens.command("revoke", cls=Command)
def revoke(ctx: typer.Context, who: Who, yes: Yes = False) -> None:
    """Take a credential away, for good."""
    with farm(ctx) as client:
        chosen = credential_id(client, who, states=("pending", "active"))
        sure(f"Take away the credential of {who}?", yes=yes)
        client.send(access.revoke(chosen))
    from grange.cli import screen

    screen.show(f"{screen.clean(who)} is locked out")
