"""`grange worker`: let this machine render, and look at what it is and what is wrong with it."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer

from grange.cli.exits import ExitCode
from grange.cli.options import Command, Group, Json
from grange.cli.serve import AllowRoot, RunAs, StateFolder, fail, log_from
from grange.cli.session import Refused, Session
from grange.model.states import Nimby

commands = typer.Typer()
worker = typer.Typer(cls=Group, subcommand_metavar="[COMMAND]")
commands.add_typer(worker, name="worker", rich_help_panel="Run")

LOAD_S: Final = 1.0  # over which the load of a machine is measured

Name = Annotated[
    str,
    typer.Option(
        metavar="NAME", envvar="GRANGE_WORKER_NAME", help="Another name than the computer's."
    ),
]
Server = Annotated[
    str | None, typer.Option("--server", metavar="URL", help="The farm that it serves.")
]
Plugins = Annotated[
    list[Path] | None,
    typer.Option(metavar="FOLDER", help="Where a studio's own services and parsers are."),
]


@worker.callback(invoke_without_command=True)
def start_worker(
    ctx: typer.Context,
    join: Annotated[
        str, typer.Option(metavar="CODE", help="Join a farm; see: grange join-code.")
    ] = "",
    name: Name = "",
    user: Annotated[
        str, typer.Option(metavar="NAME", help="Who the machine belongs to, as the farm sees it.")
    ] = "",
    nimby: Annotated[
        bool, typer.Option("--nimby", help="Take only the owner's tasks until it is set free.")
    ] = False,
    nimby_all: Annotated[
        bool, typer.Option("--NIMBY", help="Take nobody's tasks until it is set free.")
    ] = False,
    server: Server = None,
    state_dir: StateFolder = None,
    run_as: RunAs = None,
    allow_root: AllowRoot = False,
    plugins: Plugins = None,
) -> None:
    """Let this machine render for a farm.

    It joins once, by a code; from then on [bold]grange worker[/] is enough.

    [dim]grange worker --join grange1-...
    grange worker --nimby      only its owner's tasks, until it is set free[/]
    """
    if ctx.invoked_subcommand is not None:
        _refuse_options(ctx)
        return
    from grange.cli.enlist import config_of_worker, owner
    from grange.worker import daemon
    from grange.worker.errors import WorkerCannotRun

    asked = _nimby(owner_only=nimby, nobody=nimby_all)
    config = config_of_worker(
        code=join,
        name=name,
        nimby=asked,
        server=server or ctx.ensure_object(Session).server,
        state_dir=state_dir,
    )
    config = msgspec.structs.replace(
        config,
        user=owner(user, asked),
        run_as=run_as or "",
        allow_root=allow_root,
        plugin_folders=_folders(plugins),
    )
    log_from("info")
    try:
        then = asyncio.run(daemon.run(config))
    except WorkerCannotRun as error:
        fail(ctx, error)
    if then == "restart":
        os.execv(sys.executable, [sys.executable, "-m", "grange", *sys.argv[1:]])  # noqa: S606
    if command := config.commands.get(then):
        subprocess.run(command, check=True)  # noqa: S603 (the machine's owner has set it)


def _refuse_options(ctx: typer.Context) -> None:
    """What stands before a command under `worker` would be lost."""
    given = [
        item.opts[0]
        for item in ctx.command.params
        if item.name and str(ctx.get_parameter_source(item.name)).endswith("COMMANDLINE")
    ]
    if given:
        raise Refused(f"say {given[0]} behind {ctx.invoked_subcommand}, where it is known there")


def _nimby(*, owner_only: bool, nobody: bool) -> Nimby | None:
    if owner_only and nobody:
        raise Refused("--nimby lets its owner's tasks in and --NIMBY nobody's: say one of them")
    if nobody:
        return Nimby.NOBODY
    return Nimby.OWNER if owner_only else None


def _folders(plugins: list[Path] | None) -> tuple[str, ...]:
    return tuple(str(folder.absolute()) for folder in plugins or ())


@worker.command("doctor", cls=Command)
def examine(
    ctx: typer.Context,
    name: Name = "",
    server: Server = None,
    state_dir: StateFolder = None,
    run_as: RunAs = None,
    allow_root: AllowRoot = False,
    plugins: Plugins = None,
    as_json: Json = False,
) -> None:
    """Examine this machine: what it can render, and what is wrong with it.

    It looks as the worker would that is started with the same options by the same user. Ends
    with 1 if something is wrong.

    [dim]grange worker doctor
    sudo --user=grange env GRANGE_HOME=/var/lib/grange grange worker doctor[/]
    """
    from grange.cli import screen
    from grange.cli.enlist import config_to_examine
    from grange.cli.findings import findings
    from grange.worker.doctor.examine import examine, well

    config, unlinked = config_to_examine(
        name=name, server=server or ctx.ensure_object(Session).server, state_dir=state_dir
    )
    config = msgspec.structs.replace(
        config, run_as=run_as or "", allow_root=allow_root, plugin_folders=_folders(plugins)
    )
    found = examine(config, unlinked=unlinked)
    if as_json:
        screen.write_json({"ok": well(found), "findings": found})
    else:
        screen.show(*findings(found))
    if not well(found):
        raise typer.Exit(ExitCode.FAILED)


@worker.command("resources", cls=Command)
def show_resources(state_dir: StateFolder = None, as_json: Json = False) -> None:
    """Show what this machine is and what it uses now, as a worker tells it to the farm.

    The load is measured over a second. No farm is asked.
    """
    from grange.cli import machine_pages, screen
    from grange.cli.enlist import config_to_examine
    from grange.worker.dashboard import disk_of
    from grange.worker.gpus import Gpus
    from grange.worker.machine import Sampler, traits

    config, _unlinked = config_to_examine(name="", server=None, state_dir=state_dir)
    wanted = disk_of(config)
    disk = next(path for path in (wanted, *wanted.parents) if path.exists())
    gpus = Gpus(by_uuid=config.machine.gpus_by_uuid)
    sampler = Sampler(disk, gpus, config.machine)
    time.sleep(LOAD_S)
    machine, load = traits(disk, (), gpus), sampler.sample()
    if as_json:
        whole = {"traits": msgspec.structs.asdict(machine)}
        screen.write_json({**whole, "resources": msgspec.structs.asdict(load)})
    else:
        screen.show(*machine_pages.machine(machine), "", *machine_pages.load(load))
