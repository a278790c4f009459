"""`grange up`, `grange server`: what keeps running."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Final, NoReturn

import typer

from grange.cli.exits import ExitCode
from grange.cli.session import Refused, Session

PANEL: Final = "Run"
commands = typer.Typer()

Listen = Annotated[
    str | None, typer.Option(metavar="ADDRESS", help="Address to listen at; 0.0.0.0 for all.")
]
Port = Annotated[
    int | None, typer.Option(metavar="PORT", help="Port to listen at; 0 for any that is free.")
]
StateFolder = Annotated[
    Path | None, typer.Option("--state-dir", metavar="FOLDER", help="Where the farm is kept.")
]


RunAs = Annotated[
    str | None, typer.Option(metavar="USER", help="Run tasks as this user; for root only.")
]
AllowRoot = Annotated[
    bool, typer.Option("--allow-root", help="Let tasks run as root, if that is who starts it.")
]


@commands.command("up", rich_help_panel=PANEL)
def start_all(
    ctx: typer.Context,
    listen: Listen = None,
    port: Port = None,
    state_dir: StateFolder = None,
    worker: Annotated[
        bool, typer.Option("--worker/--no-worker", help="Whether this machine renders, too.")
    ] = True,
    run_as: RunAs = None,
    allow_root: AllowRoot = False,
) -> None:
    """Start a farm on this machine: a server, and a worker beside it.

    [dim]grange up
    grange up --listen 0.0.0.0      for other computers, too[/]
    """
    from grange.app import run_server, run_up

    _run(
        ctx,
        run_up if worker else run_server,
        listen=listen,
        port=port,
        state_dir=state_dir,
        worker_run_as=run_as,
        worker_allow_root=allow_root or None,
    )


@commands.command("server", rich_help_panel=PANEL)
def start_server(
    ctx: typer.Context, listen: Listen = None, port: Port = None, state_dir: StateFolder = None
) -> None:
    """Start a server alone; what it is set to is in its settings.toml.

    [dim]grange server --listen 0.0.0.0 --state-dir /srv/grange[/]
    """
    from grange.app import run_server

    _run(ctx, run_server, listen=listen, port=port, state_dir=state_dir)


def _run(ctx: typer.Context, run: Callable[..., None], **options: Any) -> None:
    """Run a server, and say where it is as soon as it listens."""
    from grange.server.config import BadSetting, load
    from grange.server.http import CannotListen
    from grange.server.state_dir import StateDirUnsafe
    from grange.store.store import StoreError
    from grange.worker.errors import WorkerCannotRun

    try:
        settings = load(options, os.environ)
        log_from(settings.log_level)
        run(settings, _greet)
    except BadSetting as error:
        raise Refused(str(error)) from error
    except (CannotListen, StateDirUnsafe, StoreError, WorkerCannotRun) as error:
        fail(ctx, error)


def fail(ctx: typer.Context, error: Exception) -> NoReturn:
    """End with the sentence that says why something cannot run."""
    from grange.cli.screen import complain

    if ctx.ensure_object(Session).debug:
        raise error
    complain(str(error))
    raise typer.Exit(ExitCode.FAILED) from error


def _greet(where: Any, login: str) -> None:
    from rich.text import Text

    from grange.cli.screen import FAINT, show, to_copy

    show(
        Text.assemble("Grange is up at ", (where.url, "bold")),
        to_copy(("  open it   ", FAINT), login),
        Text.assemble(("  try it    ", FAINT), "grange demo"),
        Text.assemble(("  add more  ", FAINT), "grange join-code"),
        *([Text.assemble(("  Afanasy   ", FAINT), where.afanasy)] if where.afanasy else []),
        Text.assemble(("  stop it   ", FAINT), "Ctrl-C"),
    )
    sys.stdout.flush()


def log_from(level: str) -> None:
    """Write our own log lines from a level on; of the libraries', what is a warning at least."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", datefmt="%H:%M:%S")
    logging.getLogger("grange").setLevel(level.upper())
