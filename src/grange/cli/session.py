"""What the commands share: how they find the farm, how they ask, and the time."""

from __future__ import annotations

import sys
import time
from typing import Final

import msgspec
import typer

import grange.client  # by this name its classes are loaded when they are first used

SUBMIT_PATIENCE_S: Final = 10.0  # seconds: a server may just be restarting


class Session(msgspec.Struct, kw_only=True):
    """What was said before the command."""

    server: str | None = None
    debug: bool = False


class Refused(Exception):
    """The command line asks for what cannot be; the text says what would be right."""


class NoneSuch(Exception):
    """There is nothing of the name that was said; the text names the nearest."""


def farm(
    ctx: typer.Context, *, patience_s: float = 0.0, timeout_s: float = 30.0
) -> grange.client.Client:
    """Open the farm.

    Args:
        ctx: of the command.
        patience_s: how long a server that is away is tried again.
        timeout_s: how long it may be silent before it has answered.
    """
    session = ctx.ensure_object(Session)
    return grange.client.Client(session.server, patience_s=patience_s, timeout_s=timeout_s)


def sure(question: str, *, yes: bool) -> None:
    """Ask before something that cannot be undone.

    Raises:
        Refused: there is nobody to ask.
        typer.Abort: the answer is no.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise Refused(f"{question} Nobody is here to answer: say --yes")
    typer.confirm(question, abort=True, err=True)


def now() -> float:
    """Give the time, to say how long ago something was."""
    return time.time()  # noqa: TID251 (the command line is an edge, as app.py is)
