"""What is written: to people in colour, to pipes plainly, to programs as JSON."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from functools import cache
from typing import Any, Final

from rich.console import Console, RenderableType
from rich.table import Column, Table
from rich.text import Text

from grange.model.states import JobState, TaskState, WorkerState

PIPE_WIDTH: Final = 10_000  # columns: what goes to a pipe is never cut nor wrapped
FAINT: Final = "bright_black"
GOOD: Final = "green"
BUSY: Final = "cyan"
CARE: Final = "yellow"
BAD: Final = "red"

#: What a terminal obeys: control characters but for tab, line feed and carriage return, and
#: escape sequences but for those that set colours.
_OBEYED: Final = re.compile(
    r"""
    \x1b (?!\[[\d;]{0,40}m)
    (?: \[ [0-?]{0,64} [ -/]{0,8} [@-~]              # a control sequence
      | \] [^\x07\x1b]{0,4096} (?: \x07 | \x1b\\ )?  # an order to the system
      | . )?
    | [\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f\x80-\x9f]
    """,
    re.DOTALL | re.VERBOSE,
)

#: One colour for each thing to be told apart at a glance; what needs nobody stays plain.
_COLOURS: Final[dict[str, tuple[str, ...]]] = {
    FAINT: (
        JobState.WAITING,
        TaskState.SKIPPED.name.lower(),
        WorkerState.OFFLINE,
        WorkerState.ASLEEP,
    ),
    GOOD: (JobState.DONE, WorkerState.IDLE),
    BUSY: (JobState.RUNNING, WorkerState.BUSY),
    CARE: (
        *(JobState.PAUSED, JobState.APPROVAL, JobState.SUSPENDED),
        *(WorkerState.PENDING, WorkerState.PAUSED, WorkerState.NIMBY),
        *(WorkerState.FALLING, WorkerState.WAKING),
    ),
    BAD: (JobState.FAILED, WorkerState.MISSING, WorkerState.SICK, WorkerState.REVOKED),
}
_STYLES: Final = {word: colour for colour, words in _COLOURS.items() for word in words}


@cache
def out() -> Console:
    """Give the console of what was asked for."""
    return _console(stderr=False)


@cache
def err() -> Console:
    """Give the console of what is said beside it."""
    return _console(stderr=True)


def unicode() -> bool:
    """Whether block characters can be written."""
    return out().encoding.lower().startswith("utf")


def show(*lines: RenderableType) -> None:
    """Write lines or tables that were asked for."""
    if out().is_terminal:
        out().print(*lines, sep="\n", crop=False)  # lines to be copied may be longer
        return
    with out().capture() as captured:
        out().print(*lines, sep="\n")
    sys.stdout.writelines(f"{line.rstrip()}\n" for line in captured.get().splitlines())


def say(text: str | Text) -> None:
    """Write a sentence beside what was asked for."""
    err().print(text)


def complain(text: str) -> None:
    """Say what is wrong."""
    err().print(Text.assemble(("error: ", f"bold {BAD}"), clean(text)))


def write_json(value: Any) -> None:
    """Write one JSON document and nothing else."""
    from grange.cli.documents import document

    sys.stdout.write(document(value) + "\n")


def colour(word: str) -> str:
    """Give the colour of a state."""
    return _STYLES.get(word, "")


def state(word: str) -> Text:
    """Write a state in its colour."""
    return Text(word, style=colour(word))


def faint(text: str) -> Text:
    """Write what is there to be found, not to be seen."""
    return Text(text, style=FAINT)


def clean(text: str) -> str:
    """Take out of a text what a terminal would obey: it may come from anybody."""
    return text if text.isprintable() else "".join(c if c.isprintable() else " " for c in text)


def cut(text: str, style: str = "") -> Text:
    """Write text that may be cut short where there is no room for it."""
    return Text(clean(text), style, no_wrap=True, overflow="ellipsis")


def to_copy(*parts: str | tuple[str, str]) -> Text:
    """Write a line that is to be copied: it is never broken."""
    return Text.assemble(*parts, no_wrap=True, overflow="ignore")


def safe_log(text: str) -> str:
    """Take out of a log what a terminal would obey, but for colours."""
    return _OBEYED.sub("", text)


def table(*columns: str | Column, rows: Iterable[Iterable[str | Text]]) -> Table:
    """Set rows in columns. Only what was made by `cut` gives way where room is short.

    Args:
        columns: titles; one that ends with ">" is set to the right.
        rows: a cell for each column.
    """
    made = Table(
        *(_column(item) if isinstance(item, str) else item for item in columns),
        box=None,
        pad_edge=False,
        padding=(0, 2, 0, 0),
        header_style=FAINT,
    )
    for row in rows:
        made.add_row(*row)
    return made


def _column(title: str) -> Column:
    right = title.endswith(">")
    flexible = title.endswith("~")
    return Column(title.rstrip(">~"), justify="right" if right else "left", no_wrap=not flexible)


def _console(*, stderr: bool) -> Console:
    console = Console(stderr=stderr, highlight=False, markup=False, emoji=False, soft_wrap=False)
    if not console.is_terminal:
        console.width = PIPE_WIDTH
    return console
