"""The word `afanasy`, where the server is, and one request with its answer."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final

import typer

from grange.cli.options import Group
from grange.cli.session import NoneSuch
from grange.client.errors import GrangeError

commands = typer.Typer()
afanasy = typer.Typer(cls=Group, no_args_is_help=True)
commands.add_typer(
    afanasy,
    name="afanasy",
    help="Speak to an Afanasy server: this farm's door for it, or another one.",
    rich_help_panel="Farm",
)

PLACE: Final = "grange.afanasy"  # in the context: host and port that were said
#: How a server says that there is nothing of the name or number.
_NONE_SUCH: Final = re.compile(r"Invalid ID|not found|No node matches", re.IGNORECASE)


class ServerRefused(GrangeError):
    """The Afanasy server refuses a request; the text is its own."""


@afanasy.callback()
def begin(
    ctx: typer.Context,
    host: Annotated[
        str,
        typer.Option(
            "--host", metavar="NAME", help="Where it is; else as CGRU has it, else here."
        ),
    ] = "",
    port: Annotated[
        int | None,
        typer.Option(
            "--port",
            metavar="N",
            min=1,
            max=65_535,
            help="Where it listens; else as CGRU has it, else found.",
        ),
    ] = None,
) -> None:
    """Note where the server is."""
    ctx.meta[PLACE] = (host, port)


def place(ctx: typer.Context) -> tuple[str, int]:
    """Give where the server is: as was said, else as CGRU's variables have it."""
    from grange.af import afnetwork, cgruconfig

    cgruconfig.load()
    host, port = ctx.meta[PLACE]
    return afnetwork.address(host, port)


def ask(ctx: typer.Context, root: dict[str, Any]) -> Any:
    """Send a request and give the answer.

    Raises:
        NoneSuch: there is nothing of the name or number.
        ServerRefused: the server says no.
        GrangeError: it does not answer.
    """
    from grange.af import afnetwork
    from grange.af.job import refusal

    reply = afnetwork.exchange(root, afnetwork.Address(*place(ctx)))
    info = reply.get("info") if isinstance(reply, dict) else None
    if isinstance(info, dict) and info.get("kind") == "error":
        text = refusal(reply)
        raise NoneSuch(text) if _NONE_SUCH.search(text) else ServerRefused(text)
    return reply
