"""`grange service`: install, uninstall and status."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer

from grange.cli.exits import ExitCode
from grange.cli.options import Command, Group, Json, Yes
from grange.cli.service import place as places
from grange.cli.service.place import Failed, Place
from grange.cli.service.units import Plan, What, is_as_written, unit
from grange.cli.session import Refused, sure
from grange.client.places import state_folder

commands = typer.Typer()
service = typer.Typer(cls=Group, no_args_is_help=True)
commands.add_typer(
    service,
    name="service",
    help="Server and worker as services of systemd, which start with the machine.",
    rich_help_panel="Run",
)

ACCOUNT: Final = "grange"

Whole = Annotated[
    bool | None,
    typer.Option(
        "--system/--user",
        help="Of the whole machine, or of whoever asks; else the machine's, if root asks.",
    ),
]
Units = Annotated[
    Path | None,
    typer.Option(
        "--unit-dir", metavar="FOLDER", help="Where units lie; else where systemd looks."
    ),
]
Role = Annotated[
    What, typer.Argument(metavar="server|worker", help="What is to run.", show_default=False)
]
Force = Annotated[bool, typer.Option("--force", help="Also where a person has changed the unit.")]


class UnitState(msgspec.Struct, frozen=True, kw_only=True):
    """How a service is."""

    what: str
    file: str
    installed: bool
    changed: bool  #: by hand, since it was written
    enabled: str  #: as systemctl says: enabled, disabled ...; "" no systemd is here
    active: str  #: active, failed ...; "" no systemd is here


@service.command("install", cls=Command)
def install(
    what: Role,
    options: Annotated[
        list[str] | None,
        typer.Argument(metavar="[-- OPTIONS]", help="Its own options, such as --listen 0.0.0.0."),
    ] = None,
    system: Whole = None,
    account: Annotated[
        str, typer.Option(metavar="USER", help="System user that it runs as; made if need be.")
    ] = ACCOUNT,
    home: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Where it keeps its state; else as usual."),
    ] = None,
    join: Annotated[
        str, typer.Option(metavar="CODE", help="Join a farm first; of a worker.")
    ] = "",
    unit_dir: Units = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the unit and what would be done.")
    ] = False,
    force: Force = False,
    yes: Yes = False,
) -> None:
    """Write a unit of systemd, and start it where systemd runs.

    Said again, it renews the unit, and restarts nothing that stays as it is.

    [dim]sudo grange service install server -- --listen 0.0.0.0
    sudo grange service install worker --join grange1-...
    grange service install worker --user --dry-run[/]
    """
    place = _place(system, unit_dir)
    if join and what is not What.WORKER:
        raise Refused("a server joins nothing: --join is of a worker")
    plan = Plan(
        what=what,
        program=places.program(),
        home=(
            home or (places.SYSTEM_HOME if place.system else state_folder(os.environ))
        ).absolute(),
        account=account if place.system else "",
        options=tuple(options or ()),
        at_home=places.at_home(),
    )
    if dry_run:
        _show(plan, place)
        return
    with _told():
        _make_account(plan, yes=yes)
        if join:
            _join(plan, join)
        if plan.account:
            places.give(plan.home, plan.account)
        path, done = places.write(place, plan, force=force)
        _say(f"{path} {'is as it should be' if done == 'kept' else f'is {done}'}")
        _begin(plan, place, renewed=done != "kept")


@service.command("uninstall", cls=Command)
def uninstall(
    what: Role, system: Whole = None, unit_dir: Units = None, force: Force = False
) -> None:
    """Stop a service and remove its unit; the state of the farm is kept.

    [dim]sudo grange service uninstall worker[/]
    """
    place = _place(system, unit_dir)
    path = place.units / f"grange-{what}.service"
    text = places.read(path)
    if text is None:
        raise Refused(f"there is no {path}")
    if not is_as_written(text) and not force:
        raise Refused(f"{path} was changed by hand: --force removes it all the same")
    with _told():
        if place.runs:
            place.tell("disable", "--now", path.name)
        path.unlink()
        if place.runs:
            place.tell("daemon-reload")
    _say(f"{path} is removed; the state folder is kept")


@service.command("status", cls=Command)
def show_status(system: Whole = None, unit_dir: Units = None, as_json: Json = False) -> None:
    """Say which services are installed, and how they are."""
    from grange.cli import screen

    found = list(_states(_place(system, unit_dir)))
    if as_json:
        screen.write_json(found)
        return
    screen.show(
        screen.table(
            *("SERVICE", "UNIT", "ENABLED", "NOW"),
            rows=(
                (item.what, _unit_word(item), item.enabled or "-", item.active or "-")
                for item in found
            ),
        )
    )


def _states(place: Place) -> Iterator[UnitState]:
    for what in What:
        path = place.units / f"grange-{what}.service"
        text = places.read(path)
        yield UnitState(
            what=what.value,
            file=str(path),
            installed=text is not None,
            changed=text is not None and not is_as_written(text),
            enabled=place.ask("is-enabled", path.name) if text is not None else "",
            active=place.ask("is-active", path.name) if text is not None else "",
        )


def _unit_word(item: UnitState) -> str:
    if not item.installed:
        return "not installed"
    return f"{item.file}{', changed by hand' if item.changed else ''}"


def _place(system: bool | None, unit_dir: Path | None) -> Place:
    if sys.platform != "linux":
        raise Refused("services are made for systemd, which this system does not have")
    whole = os.geteuid() == 0 if system is None else system
    if whole and os.geteuid() != 0 and unit_dir is None:
        raise Refused("only root changes the services of the machine: say sudo, or --user")
    return Place.of(system=whole, units=unit_dir)


def _show(plan: Plan, place: Place) -> None:
    """Say what would be done; the unit is written as it is, to be piped into a file."""
    from grange.cli.screen import clean, say

    if plan.account and places.account_of(plan.account) is None:
        say(f"would run  {clean(' '.join(places.account_command(plan.account, plan.home)))}")
    say(f"would write  {clean(str(place.units / plan.name))}")
    for step in _steps(plan, place):
        say(f"would run  {clean(step)}")
    sys.stdout.write(unit(plan))


def _make_account(plan: Plan, *, yes: bool) -> None:
    if not plan.account or places.account_of(plan.account) is not None:
        return
    command = places.account_command(plan.account, plan.home)
    sure(f"Make the system user {plan.account} ({' '.join(command)})?", yes=yes)
    places.call(command)
    _say(f"system user {plan.account} is made")


def _join(plan: Plan, code: str) -> None:
    from grange.cli.enlist import config_of_worker

    name = _named(plan.options)
    config_of_worker(code=code, name=name, nimby=None, server=None, state_dir=plan.home)


def _named(options: tuple[str, ...]) -> str:
    """The worker's name among its options; "" the computer's."""
    for option, value in zip(options, (*options[1:], ""), strict=False):
        if option == "--name":
            return value
        if option.startswith("--name="):
            return option.removeprefix("--name=")
    return ""


def _begin(plan: Plan, place: Place, *, renewed: bool) -> None:
    """Have it started, or say how."""
    closed = places.closed_folder() if plan.account else None
    if closed is not None:
        _warn(
            f"{plan.account} cannot enter {closed}, where this program lies: install it elsewhere"
        )
    if not _may_start(plan):
        _warn("this machine has joined no farm: get a code by `grange join-code` on the server,")
        _warn("and say the same again with --join CODE")
        return
    if not place.runs:
        _say("systemd does not run here; where it does:")
        for step in _steps(plan, place):
            _say(f"  {step}")
        return
    place.tell("daemon-reload")
    place.tell("enable", plan.name)
    place.tell("restart" if renewed else "start", plan.name)
    _say(f"{plan.name} runs; see: {' '.join(place.words('status', plan.name))}")
    if not plan.account:
        _say("so that it runs while nobody is signed in: loginctl enable-linger")


def _may_start(plan: Plan) -> bool:
    """Whether a worker knows whom to serve."""
    from grange.cli.enlist import config_to_examine

    if plan.what is What.SERVER:
        return True
    name = _named(plan.options)
    _config, unlinked = config_to_examine(name=name, server=None, state_dir=plan.home)
    return not unlinked or (plan.home / "server.json").exists()


def _steps(plan: Plan, place: Place) -> list[str]:
    return [
        " ".join(place.words("daemon-reload")),
        " ".join(place.words("enable", "--now", plan.name)),
    ]


@contextmanager
def _told() -> Iterator[None]:
    """End the command with the sentence of the system that refuses."""
    try:
        yield
    except (Failed, OSError) as error:
        from grange.cli.screen import complain

        complain(str(error))
        raise typer.Exit(ExitCode.FAILED) from error


def _say(text: str) -> None:
    from grange.cli.screen import clean, show

    show(clean(text))


def _warn(text: str) -> None:
    from rich.text import Text

    from grange.cli.screen import CARE, clean, show

    show(Text(clean(text), CARE))
