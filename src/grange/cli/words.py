"""The words in braces that a command line may have, as patterns of the model.

{frame}     the task's frame                @first#@
{frame:04}  with zeros, four digits wide    @first####@
{first}     first frame of the task         @first#@
{last}      last frame of the task          @last#@
{inc}       step between its frames         @inc@
{frames}    its frames as a list            @frames@
{task}      its number in the block         @task@
{{ and }}   braces
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches
from typing import Final

WIDTH_MAX: Final = 20  # digits
NUMBERS: Final = ("frame", "first", "last")
WORDS: Final = (*NUMBERS, "inc", "frames", "task")
_PIECE: Final = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_WIDTH: Final = re.compile(r"0(\d{1,20})", re.ASCII)
_VARIES: Final = re.compile(r"@(?:(?:first|last)?#+|inc|frames|task)@")


class BadWord(ValueError):
    """A word in braces that is none of ours; the text says what would be right."""


def command_patterns(words: Iterable[str]) -> tuple[str, ...]:
    """Turn the words of a command into patterns.

    Raises:
        BadWord: braces that cannot be understood.
    """
    return tuple(_replaced(word, _in_command) for word in words)


def file_pattern(text: str) -> str:
    """Turn the name of the files that tasks make into a pattern: one file for each frame.

    Raises:
        BadWord: braces that cannot be understood.
    """
    return _replaced(text, _in_file)


def varies(command: Sequence[str]) -> bool:
    """Whether a command differs from task to task."""
    return any(_VARIES.search(word) for word in command)


def names_only_one_frame(words: Sequence[str]) -> bool:
    """Whether a command, as it was written, would render one frame of several in a task."""
    named = {match[1].partition(":")[0] for word in words for match in _named(word)}
    return "frame" in named and not named & {"last", "frames"}


def _named(word: str) -> list[re.Match[str]]:
    return [match for match in _PIECE.finditer(word) if match[1] is not None]


def _replaced(text: str, pattern: Callable[[str, int], str]) -> str:
    def replace(match: re.Match[str]) -> str:
        if match[0] in ("{{", "}}"):
            return match[0][0]
        if match[1] is None:
            raise BadWord(f"a lone {match[0]!r} in {text!r}; write {match[0] * 2} for the brace")
        return pattern(*_parsed(match[1], text))

    return _PIECE.sub(replace, text)


def _parsed(inside: str, text: str) -> tuple[str, int]:
    """A word, and how many digits wide it is to be."""
    name, colon, width = inside.partition(":")
    if name not in WORDS:
        near = get_close_matches(name, WORDS, 1)
        known = f"did you mean {{{near[0]}}}?" if near else f"known are {_listed(WORDS)};"
        raise BadWord(
            f"{{{inside}}} in {text!r} is no word of a command; {known}"
            " write {{ and }} for braces"
        )
    if not colon:
        return name, 1
    found = _WIDTH.fullmatch(width)
    if found is None or name not in NUMBERS or not 1 <= int(found[1]) <= WIDTH_MAX:
        raise BadWord(
            f"{{{inside}}} in {text!r}: a width is written as in {{frame:04}},"
            f" for {_listed(NUMBERS)} only"
        )
    return name, int(found[1])


def _in_command(name: str, width: int) -> str:
    if name in NUMBERS:
        return f"@{'last' if name == 'last' else 'first'}{'#' * width}@"
    return f"@{name}@"


def _in_file(name: str, width: int) -> str:
    if name != "frame":
        raise BadWord(f"{{{name}}} cannot name files: there is one for each {{frame}}")
    return f"@{'#' * width}@"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"{{{name}}}" for name in names)
