"""How the rules of a path map look, and what they do step by step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from rich.console import RenderableType
from rich.text import Text

from grange.cli.path_shapes import Mapped, PathFound, RuleTried, ShownRule
from grange.cli.screen import CARE, FAINT, GOOD, clean, faint, table, to_copy

TITLES: Final = {
    "to-server": "to the server, as it is submitted from here",
    "to-client": "to the client, as it is run here",
}


def rules(file: Path, system: str, found: Sequence[ShownRule]) -> Iterator[RenderableType]:
    """Show the rules of a system."""
    yield _where(file, system)
    if not found:
        yield _none()
        return
    yield table(
        *("RULE", "CLIENT", "SERVER", "NEVER MATCHES"),
        rows=(
            (rule.name, clean(rule.client), clean(rule.server), Text(rule.never, CARE))
            for rule in found
        ),
    )


def mapped(
    file: Path, system: str, found: Sequence[Mapped], *, any_rules: bool
) -> Iterator[RenderableType]:
    """Show what becomes of a text."""
    yield _where(file, system)
    if not any_rules:
        yield _none()
        return
    for item in found:
        yield Text()
        yield Text(TITLES[item.direction], "bold")
        for place in item.paths:
            yield from _steps(place)
        if not item.paths:
            yield faint("there is no absolute path in it")
        yield from _result(item)


def _steps(place: PathFound) -> Iterator[RenderableType]:
    yield to_copy("  ", clean(place.before))
    yield table(
        *("    RULE", "FROM", "TO", ""),
        rows=(
            (f"    {item.rule}", clean(item.source), clean(item.destination), _verdict(item))
            for item in place.tried
        ),
    )


def _verdict(item: RuleTried) -> Text:
    if item.matches:
        return Text("matches", GOOD)
    return Text(f"no: {item.note}", CARE) if item.note else faint("no")


def _result(item: Mapped) -> Iterator[RenderableType]:
    yield to_copy(("before  ", FAINT), clean(item.before))
    if item.after == item.before:
        yield to_copy(("after   ", FAINT), ("the same", FAINT))
    else:
        yield to_copy(("after   ", FAINT), clean(item.after))


def _where(file: Path, system: str) -> Text:
    return to_copy((f"rules for {system}, from {clean(str(file))}", FAINT))


def _none() -> Text:
    return faint("there are none: every path stays as it is")
