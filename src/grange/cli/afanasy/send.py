"""`grange afanasy send`: a request as it is."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from grange.cli.afanasy.group import afanasy, ask
from grange.cli.options import Command
from grange.cli.session import Refused
from grange.model.unreadable import UNREADABLE


@afanasy.command("send", cls=Command)
def send(
    ctx: typer.Context,
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="JSON; - reads it from standard input.")
    ],
) -> None:
    """Send a request as it is, and write the answer as JSON.

    [dim]grange afanasy send job.json
    echo '{"get": {"type": "jobs"}}' | grange afanasy send -[/]
    """
    try:
        text = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        root = msgspec.json.decode(text, type=dict)
    except OSError as error:
        raise Refused(f"{file} cannot be read: {error}") from error
    except UNREADABLE as error:
        raise Refused(f"{file} is not one JSON object: {error}") from error
    from grange.cli.afanasy import pages

    pages.write_json(ask(ctx, root))
