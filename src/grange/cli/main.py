"""`grange`: one program for all that people do with a farm."""

from __future__ import annotations

import os
import sys
from typing import Annotated, Any, Final

import typer
from typer.core import TyperCommand
from typing_extensions import override

from grange.cli import (
    access,
    afanasy,
    edit,
    health,
    jobs,
    logs,
    operate,
    order,
    paths,
    pyfarm,
    reasons,
    serve,
    service,
    simulate,
    submit,
    tasks,
    thumbnails,
    tree,
    worker,
    workers,
)
from grange.cli.amounts import BadAmount
from grange.cli.exits import ExitCode, exit_code
from grange.cli.options import Command, Group
from grange.cli.scenes import UnknownScene
from grange.cli.session import NoneSuch, Refused, Session
from grange.cli.targets import BadTarget
from grange.cli.words import BadWord
from grange.client.errors import GrangeError, NotSignedIn
from grange.client.places import TOKEN
from grange.model.version import VERSION

_MISUSED: Final = (BadAmount, BadTarget, BadWord, Refused, UnknownScene)


class Program(Group):
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

            complain(_sentence(error))
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


STATUSES: Final = (
    "[dim]Ends with 0 well, 1 failed or refused, 2 misused, 3 no server, 4 not allowed,"
    " 5 not found.[/]"
)


@app.callback(epilog=STATUSES)
def begin(
    ctx: typer.Context,
    server: Annotated[
        str | None,
        typer.Option(
            "--server", "-s", metavar="URL", help="The farm to speak to; else it is found."
        ),
    ] = None,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show where in the program an error arose.")
    ] = False,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Say the version."),
    ] = False,
) -> None:
    """Run a render farm: start it, submit to it, watch it, steer it.

    The first steps: [bold]grange up[/] in one terminal, [bold]grange demo[/] in another.
    """
    ctx.obj = Session(server=server, debug=debug)


for group in (
    serve,
    worker,
    service,
    submit,
    jobs,
    tasks,
    logs,
    thumbnails,
    reasons,
    operate,
    order,
    edit,
    health,
    workers,
    tree,
    simulate,
    paths,
    afanasy,
    pyfarm,
    access,
):
    for command in group.commands.registered_commands:
        if command.cls is TyperCommand:
            command.cls = Command
    app.add_typer(group.commands)


def main() -> None:
    """Run the command line; the entry point of the program."""
    try:
        app()
    except Exception as error:
        if "--debug" in sys.argv:
            raise
        from grange.cli.screen import complain

        complain(
            f"{type(error).__name__}: {error}; this is a fault of grange, --debug shows where"
        )
        sys.exit(ExitCode.FAILED)


def _sentence(error: Exception) -> str:
    """Say what is wrong and what to do next."""
    if isinstance(error, NotSignedIn):  # the server's hint is for programs
        return f"{error.message}; set {TOKEN}: an admin makes one by `grange token create NAME`"
    return str(error)


def _exit_code(error: Exception) -> ExitCode:
    if isinstance(error, GrangeError):
        return exit_code(error)
    return ExitCode.NOT_FOUND if isinstance(error, NoneSuch) else ExitCode.USAGE


def _debugging(ctx: Any) -> bool:
    return isinstance(ctx.obj, Session) and ctx.obj.debug
