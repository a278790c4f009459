"""A block's tasks as one line of characters, each standing for its share of them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Final, NamedTuple

from rich.text import Text

from grange.cli.screen import BAD, BUSY, CARE, FAINT, GOOD
from grange.model.states import TaskState

WIDE: Final = 3  # characters of one task at most


class Mark(NamedTuple):
    """How a state looks."""

    letter: str  #: told apart without colour, too
    plain: str  #: where only ASCII can be written
    style: str


_S = TaskState
MARKS: Final[dict[TaskState, Mark]] = {
    _S.DONE: Mark("█", "#", GOOD),
    _S.RUNNING: Mark("▓", ">", BUSY),
    _S.READY: Mark("░", ".", FAINT),
    _S.WAITING: Mark("·", " ", FAINT),
    _S.FAILED: Mark("✗", "X", BAD),
    _S.SKIPPED: Mark("▒", "-", FAINT),
    _S.SUSPENDED: Mark("‖", "=", CARE),
}

#: Which state a character shows when its tasks differ: what needs a person first.
_FIRST: Final = (_S.FAILED, _S.RUNNING, _S.SUSPENDED, _S.READY, _S.WAITING, _S.SKIPPED, _S.DONE)


def bar(states: Sequence[TaskState], width: int, *, unicode: bool = True) -> Text:
    """Draw the states of tasks.

    Args:
        states: of each task.
        width: characters at most; of few tasks, each has up to `WIDE` of them.
        unicode: whether block characters can be written.
    """
    text = Text(no_wrap=True)
    wide = min(WIDE, max(1, width // max(1, len(states))))
    for state, run in groupby(shares(states, width)):
        mark = MARKS[state]
        letter = mark.letter if unicode else mark.plain
        text.append(letter * len(list(run)) * wide, mark.style)
    return text


def shares(states: Sequence[TaskState], width: int) -> list[TaskState]:
    """Give the state that each character shows. Cost: O(tasks)."""
    size = len(states)
    cells = min(size, width)
    return [
        _shown(states[size * cell // cells : size * (cell + 1) // cells]) for cell in range(cells)
    ]


def legend(states: Sequence[TaskState], *, unicode: bool = True) -> Text:
    """Name the marks of the states that there are."""
    present = set(states)
    text = Text()
    for state, mark in MARKS.items():
        if state in present:
            text.append("  " if text else "")
            text.append(mark.letter if unicode else mark.plain, mark.style)
            text.append(f" {state.name.lower()}", FAINT)
    return text


def percent_bar(percent: float, width: int, style: str, *, unicode: bool = True) -> Text:
    """Draw how much is done, to an eighth of a character."""
    if not unicode:
        full = round(width * percent / 100)
        return Text("#" * full + "." * (width - full), style=style)
    eighths = round(width * 8 * min(max(percent, 0.0), 100.0) / 100)
    full, part = divmod(eighths, 8)
    text = Text("█" * full + (" ▏▎▍▌▋▊▉"[part] if part else ""), style=style)
    text.append("─" * (width - len(text)), FAINT)
    return text


def _shown(states: Sequence[TaskState]) -> TaskState:
    present = set(states)
    return next(state for state in _FIRST if state in present)
