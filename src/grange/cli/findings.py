"""How this machine looks to the doctor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from grange.cli.amounts import count
from grange.cli.screen import BAD, CARE, FAINT, GOOD, clean, out, unicode
from grange.worker.doctor.finding import Finding, Grade

NAME_MAX: Final = 32  # columns of a name, which may be a folder's
_MARKS: Final = {
    Grade.OK: ("✓", "ok", GOOD),
    Grade.WARNING: ("!", "! ", CARE),
    Grade.WRONG: ("✗", "!!", BAD),
}


def findings(found: Sequence[Finding]) -> Iterator[RenderableType]:
    """Show what was found, what is to be done about it, and the sum."""
    made = Table.grid(padding=(0, 2, 0, 0))
    made.add_column()
    made.add_column(overflow="fold", max_width=NAME_MAX if out().is_terminal else None)
    made.add_column()
    for item in found:
        sign, plain, style = _MARKS[item.grade]
        text = Text(clean(item.text), FAINT if item.grade is Grade.OK else "")
        if item.advice:
            text.append(f"\n→ {clean(item.advice)}" if unicode() else f"\n-> {clean(item.advice)}")
            text.stylize(CARE, len(clean(item.text)) + 1)
        made.add_row(Text(sign if unicode() else plain, style), clean(item.name), text)
    yield made
    yield Padding(_sum(found), (1, 0, 0, 0))


def _sum(found: Sequence[Finding]) -> Text:
    wrong = sum(item.grade is Grade.WRONG for item in found)
    warnings = sum(item.grade is Grade.WARNING for item in found)
    said = f"{count(warnings, 'warning')}" if warnings else "no warnings"
    if wrong:
        return Text.assemble((f"{count(wrong, 'thing')} wrong", BAD), f", {said}")
    return Text.assemble(("nothing is wrong", GOOD), f", {said}")
