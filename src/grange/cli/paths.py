"""`grange paths`: what this machine calls the farm's paths, and what becomes of one."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Any, Final, get_args

import typer

from grange.cli.options import Command, Group, Json
from grange.cli.path_shapes import Mapped, PathFound, RuleTried, ShownRule
from grange.cli.session import Refused
from grange.client import path_map
from grange.plugins.path_rules import hidden_by, platform_of
from grange.plugins.paths import PathMap, Platform, Rule, map_text, places, tried

PANEL: Final = "People and computers"
commands = typer.Typer()
paths = typer.Typer(cls=Group, no_args_is_help=True)
commands.add_typer(
    paths,
    name="paths",
    help="What this machine calls the farm's paths: show the rules, try them.",
    rich_help_panel=PANEL,
)

System = Annotated[
    str,
    typer.Option(
        "--os", metavar="NAME", help="The system: linux, macos or windows; else this one."
    ),
]
StateFolder = Annotated[
    Path | None,
    typer.Option("--state-dir", metavar="FOLDER", help="Where the settings are; else as usual."),
]


@paths.command("show", cls=Command)
def show_rules(system: System = "", state_dir: StateFolder = None, as_json: Json = False) -> None:
    """Show the rules in the order in which they are tried, and where they stand.

    [dim]grange paths show
    grange paths show --os windows[/]
    """
    file, found = _map(system, state_dir)
    rules = tuple(_shown(found, index) for index in range(len(found.pairs)))
    from grange.cli import path_pages, screen

    if as_json:
        screen.write_json({"os": found.platform, "file": str(file), "rules": rules})
    else:
        screen.show(*path_pages.rules(file, found.platform, rules))


@paths.command("test", cls=Command)
def try_path(
    text: Annotated[
        str, typer.Argument(metavar="PATH", help="A path, or a command with paths in it.")
    ],
    system: System = "",
    to_server: Annotated[
        bool, typer.Option("--to-server", help="Only as it is submitted from here.")
    ] = False,
    to_client: Annotated[
        bool, typer.Option("--to-client", help="Only as it is run here.")
    ] = False,
    unix_separators: Annotated[
        bool,
        typer.Option("--unix-separators", help="For a program that wants / on Windows, too."),
    ] = False,
    state_dir: StateFolder = None,
    as_json: Json = False,
) -> None:
    r"""Show what becomes of a path: which rules were tried, and which matched.

    [dim]grange paths test 'P:\show\scene.nk' --os windows
    grange paths test --to-client 'nuke -x /mnt/prj/scene.nk'[/]
    """
    file, found = _map(system, state_dir)
    both = to_server == to_client
    steps: list[Mapped] = []
    if to_server or both:
        steps.append(_mapped("to-server", found.server_rules, text))
    if to_client or both:
        rules = found.client_rules(unix_separators=unix_separators)
        steps.append(_mapped("to-client", rules, text))
    from grange.cli import path_pages, screen

    if as_json:
        screen.write_json({"os": found.platform, "file": str(file), "directions": steps})
    else:
        screen.show(*path_pages.mapped(file, found.platform, steps, any_rules=bool(found.pairs)))


def _map(system: str, folder: Path | None) -> tuple[Path, PathMap]:
    """The file with the rules, and the map of a system."""
    platform: Any = system or platform_of(sys.platform)
    if platform not in get_args(Platform):
        raise Refused(f"--os {system!r}: write {', '.join(get_args(Platform))}")
    file = path_map.file_of(os.environ, folder)
    return file, path_map.find(folder=folder, platform=platform)


def _shown(found: PathMap, index: int) -> ShownRule:
    pair = found.pairs[index]
    directions = (("to the server", found.server_rules), ("to the client", found.client_rules()))
    never = [
        f"{words}: {first.name} is before it"
        for words, rules in directions
        if (first := hidden_by(rules, index)) is not None
    ]
    return ShownRule(
        name=pair.name, client=pair.client, server=pair.server, never="; ".join(never)
    )


def _mapped(direction: str, rules: tuple[Rule, ...], text: str) -> Mapped:
    found = tuple(
        PathFound(
            before=place.before,
            after=place.after,
            tried=tuple(
                RuleTried(
                    rule=rule.name,
                    source=rule.source,
                    destination=rule.destination,
                    matches=matches,
                    note=note,
                )
                for rule, matches, note in tried(rules, text, place.start)
            ),
        )
        for place in places(rules, text)
    )
    return Mapped(direction=direction, before=text, after=map_text(rules, text), paths=found)
