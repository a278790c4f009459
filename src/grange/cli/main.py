"""`grange`: one program for all that people do with a farm."""

from __future__ import annotations

import os
import sys
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup
from typing_extensions import override

from grange.cli import (
    access,
    edit,
    health,
    jobs,
    logs,
    operate,
    reasons,
    serve,
    submit,
    tree,
    workers,
)
from grange.cli.amounts import BadAmount
from grange.cli.exits import ExitCode, exit_code
from grange.cli.scenes import UnknownScene
from grange.cli.session import NoneSuch, Refused, Session, flag
from grange.cli.targets import BadTarget
from grange.cli.words import BadWord
from grange.client.errors import GrangeError
from grange.model.version import VERSION

_MISUSED: Final = (BadAmount, BadTarget, BadWord, Refused, UnknownScene)


class Program(TyperGroup):
    """The commands; an error becomes one sentence and an exit status."""

    @override
    def invoke(self, ctx: Any) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except (GrangeError, NoneSuch, *_MISUSED) as error:
            if _debugging(ctx):
                raise
            from grange.cli.screen import complain

            complain(str(error))
            raise typer.Exit(_exit_code(error)) from error
        except KeyboardInterrupt:
            sys.stderr.write("\n")
            raise typer.Exit(ExitCode.INTERRUPTED) from None
        except BrokenPipeError:
            # who reads has gone, as `head` does: what is left is not to be written at exit
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(ExitCode.OK) from None


app = typer.Typer(
    cls=Program,
    name="grange",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"], "max_content_width": 100},
)


def _version(asked: bool) -> None:
    if asked:
        print(f"grange {VERSION}")
        raise typer.Exit


@app.callback()
def begin(
    ctx: typer.Context,
    server: Annotated[
        str | None,
        typer.Option(
            "--server", "-s", metavar="URL", help="The farm to speak to.", envvar="GRANGE_SERVER"
        ),
    ] = None,
    debug: Annotated[
        bool, flag("--debug", help="Show where in the program an error arose.")
    ] = False,
    version: Annotated[
        bool,
        flag("--version", callback=_version, is_eager=True, help="Say the version."),
    ] = False,
) -> None:
    """Run a render farm: start it, submit to it, watch it, steer it.

    The first steps: [bold]grange up[/] in one terminal, [bold]grange demo[/] in another.
    """
    ctx.obj = Session(server=server, debug=debug)


for group in (serve, submit, jobs, logs, reasons, operate, edit, workers, tree, health, access):
    app.add_typer(group.commands)


def main() -> None:
    """Run the command line; the entry point of the program."""
    app()


def _exit_code(error: Exception) -> ExitCode:
    if isinstance(error, GrangeError):
        return exit_code(error)
    return ExitCode.NOT_FOUND if isinstance(error, NoneSuch) else ExitCode.USAGE


def _debugging(ctx: Any) -> bool:
    return isinstance(ctx.obj, Session) and ctx.obj.debug
