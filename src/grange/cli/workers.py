"""`grange workers`: who renders; `eject`, `heal`, `instruct`: what is done to them."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec
import typer

import grange.client
from grange.cli.lookup import worker_id
from grange.cli.options import Json, Yes
from grange.cli.session import Refused, farm, now, sure
from grange.cli.submit import COMMAND, TakesCommand
from grange.client.errors import NotAllowed
from grange.client.requests import access
from grange.client.requests import workers as worker_requests
from grange.model.nodes import WorkerSpec
from grange.model.views import CredentialView

commands = typer.Typer()
Worker = Annotated[str, typer.Argument(metavar="WORKER", help="Its name, or its number.")]


class Instruction(StrEnum):
    """What a worker can be told to do with its machine."""

    EXIT = "exit"
    RESTART = "restart"
    REBOOT = "reboot"
    SHUTDOWN = "shutdown"
    SLEEP = "sleep"
    WAKE = "wake"
    SELF_TEST = "self-test"


@commands.command("workers", rich_help_panel="Farm")
def list_workers(
    ctx: typer.Context,
    worker: Annotated[
        str, typer.Argument(metavar="[WORKER]", help="Only this one, with all its figures.")
    ] = "",
    as_pool: Annotated[
        bool, typer.Option("--as-pool", help="Take its own values away: it follows its pool.")
    ] = False,
    as_json: Json = False,
) -> None:
    """List the workers: what they are, what they do, why they do nothing.

    [dim]grange workers
    grange workers node7       what this one is and uses[/]
    """
    from grange.cli import machines, screen

    if as_pool:
        _follow_pool(ctx, worker)
    elif worker:
        _show(ctx, worker, as_json=as_json)
    else:
        with farm(ctx) as client:
            found = client.send(worker_requests.listed())
            waiting = () if as_json else _waiting(client)
        if as_json:
            screen.write_json(found)
        else:
            screen.show(*machines.workers(found, now()), *machines.waiting(waiting))


def _follow_pool(ctx: typer.Context, worker: str) -> None:
    """Take away the values that a worker has of its own instead of its pool's."""
    if not worker:
        raise Refused("say which worker is to follow its pool")
    plain = WorkerSpec()
    with farm(ctx) as client:
        found = client.send(worker_requests.detail(worker_id(client, worker)))
        if found.dirty:
            fields = {name: msgspec.to_builtins(getattr(plain, name)) for name in found.dirty}
            client.send(worker_requests.edit(found.worker_id, **fields))
    told = f"; it had its own {', '.join(found.dirty)}" if found.dirty else ""
    _tell(f"{found.name} is as its pool {found.pool} says{told}")


def _show(ctx: typer.Context, worker: str, *, as_json: bool) -> None:
    """Show one worker, whole."""
    from grange.cli import machine_pages, screen

    with farm(ctx) as client:
        found = client.send(worker_requests.detail(worker_id(client, worker)))
    if as_json:
        screen.write_json(found)
    else:
        screen.show(*machine_pages.worker(found, now()))


@commands.command("eject", rich_help_panel="Farm")
def eject(
    ctx: typer.Context,
    worker: Worker,
    keep_own: Annotated[
        bool, typer.Option("--keep-own", help="Leave the tasks of the machine's own user.")
    ] = False,
) -> None:
    """Stop what a worker runs; its tasks are ready again and count no error."""
    with farm(ctx) as client:
        client.send(worker_requests.eject(worker_id(client, worker), keep_own=keep_own))
    _tell(f"{worker} runs nothing any more; it takes new tasks: to prevent that, grange pause")


@commands.command("heal", rich_help_panel="Farm")
def heal(ctx: typer.Context, worker: Worker) -> None:
    """Trust a worker again that was found sick."""
    with farm(ctx) as client:
        client.send(worker_requests.heal(worker_id(client, worker)))
    _tell(f"{worker} gets tasks again")


@commands.command("instruct", rich_help_panel="Farm")
def instruct(
    ctx: typer.Context,
    worker: Worker,
    what: Annotated[
        Instruction, typer.Argument(metavar="WHAT", help=f"One of {', '.join(Instruction)}.")
    ],
    yes: Yes = False,
) -> None:
    """Have a worker exit, restart, reboot, shut down or sleep, if its own settings let it.

    A machine that sleeps is woken by a packet over the network; also by itself, for work.
    """
    sure(f"Have {worker} {what}?", yes=yes)
    with farm(ctx) as client:
        client.send(worker_requests.instruct(worker_id(client, worker), what.value))
    _tell(f"{worker} is told to {what}")


@commands.command("launch", cls=TakesCommand, rich_help_panel="Farm")
def launch(
    ctx: typer.Context,
    worker: Worker,
    shell: Annotated[
        bool, typer.Option("--shell", help="The command is a line for the shell.")
    ] = False,
    leave: Annotated[
        bool, typer.Option("--exit", help="The worker exits once the command is started.")
    ] = False,
    yes: Yes = False,
) -> None:
    """Have a worker start a command beside its tasks, if its machine's settings let it.

    The farm does not watch it: it has no task's limits and goes on when the worker ends. What
    it prints is kept on that machine. [dim]grange launch node7 -- update-textures --all[/]
    """
    words = ctx.meta.get(COMMAND)
    if not words:
        raise Refused(f"say what to launch: grange launch {worker} -- COMMAND")
    sure(f"Launch {' '.join(words)} at {worker}?", yes=yes)
    command = " ".join(words) if shell else words
    with farm(ctx) as client:
        client.send(worker_requests.launch(worker_id(client, worker), command, leave=leave))
    _tell(f"{worker} is told to launch it{' and to exit' if leave else ''}")


def _waiting(client: grange.client.Client) -> list[CredentialView]:
    """Who has joined and waits to be let in; nobody where the asker may not know."""
    try:
        found = client.send(access.credentials())
    except NotAllowed:
        return []
    return [item for item in found if item.state == "pending"]


def _tell(text: str) -> None:
    from grange.cli.screen import clean, show

    show(clean(text))
