"""`grange submit`: a command, a scene or a job, given to the farm."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final

import typer
from typer.core import TyperCommand
from typing_extensions import override

from grange.cli.session import SUBMIT_PATIENCE_S, Json, farm

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
