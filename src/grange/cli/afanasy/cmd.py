"""`grange afanasy cmd`: look at a farm and steer it, by the words of CGRU's `afcmd`."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from grange.cli.afanasy.group import afanasy, ask, place
from grange.cli.options import Command, Json

WHOLE: Final = ("jid", "jprog")  # words whose answers are too much for a table


@afanasy.command("cmd", cls=Command)
def cmd(
    ctx: typer.Context,
    word: Annotated[
        str, typer.Argument(metavar="[WORD]", help="Such as jlist; without one, all are listed.")
    ] = "",
    said: Annotated[
        list[str] | None, typer.Argument(metavar="[ARGUMENT]...", help="What the word takes.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Look at the farm and steer it, by the words of afcmd.

    A MASK is a regular expression that the whole name matches.

    [dim]grange afanasy cmd
    grange afanasy cmd jlist
    grange afanasy cmd jpause 'film.*'
    grange afanasy cmd tout 12 0 3[/]
    """
    from grange.cli import screen
    from grange.cli.afanasy import pages, words

    if not word:
        screen.show(pages.words())
        return
    place(ctx)
    from grange.af.cmd import asker

    who = words.Asker(*asker().values())
    reply = ask(ctx, words.request(word, who, said or ()))
    if as_json or word in WHOLE:
        pages.write_json(reply)
    elif shown := list(pages.reply(reply)):
        screen.show(*shown)
