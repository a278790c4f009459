"""Number patterns in commands, names and files, filled for one task.

`@#@`, `@####@`: filled by turns with the first and the last frame (Afanasy's
afcommon.fillNumbers). Grange adds patterns that say which they mean: `@first#@`, `@last#@`,
`@inc@`, `@frames@` (the task's frames as a list), `@task@` (its number in the block).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from grange.model.frames import FrameRange, TaskFrames

Command = str | tuple[str, ...]  #: a tuple is an argument list; a string is a shell's line

_PLAIN = re.compile(r"@(#+)@")
_ALL = re.compile(r"@(?:(first|last)?(#+)|(inc|frames|task))@")
_SLOT = "@#@"  # where a named task's own command goes in its block's


def pad(number: int, width: int) -> str:
    """Write a number with zeros to a width; a minus sign counts in the width."""
    return f"{number:0{width}d}"


def fill(text: str, frames: TaskFrames, task: int = 0) -> str:
    """Fill every pattern of a text for one task."""
    turn = 0

    def replace(match: re.Match[str]) -> str:
        nonlocal turn
        which, hashes, word = match.groups()
        if word is not None:
            return _word(word, frames, task)
        if which is None:
            which = "last" if turn % 2 else "first"
            turn += 1
        return pad(frames.first if which == "first" else frames.last, len(hashes))

    return _ALL.sub(replace, text)


def _word(word: str, frames: TaskFrames, task: int) -> str:
    if word == "inc":
        return str(frames.inc)
    if word == "task":
        return str(task)
    return str(FrameRange(frames.first, frames.last, frames.inc))


def fill_command(command: Command, frames: TaskFrames, task: int = 0) -> Command:
    """Fill a command. The turn of first and last runs on over an argument list."""
    if isinstance(command, str):
        return fill(command, frames, task)
    joined = fill("\0".join(command), frames, task)
    return tuple(joined.split("\0")) if command else ()


def fill_files(files: Sequence[str], frames: TaskFrames) -> Iterator[str]:
    """Each file of a task: a pattern gives one file per frame."""
    for item in files:
        if _PLAIN.search(item) is None:
            yield item
            continue
        pieces = _PLAIN.split(item)  # text, hashes, text, hashes, ..., text
        for frame in frames.frames():
            filled = (
                pad(frame, len(piece)) if place % 2 else piece
                for place, piece in enumerate(pieces)
            )
            yield "".join(filled)


def named_command(block: Command, task: Command) -> Command:
    """Join a block's command and a named task's: at `@#@`, else appended.

    Both are argument lists or both are shell lines. Nothing is put between two shell
    lines, as in Afanasy.
    """
    if not block or not task:
        return block or task
    if isinstance(block, str) or isinstance(task, str):
        first = block if isinstance(block, str) else " ".join(block)
        second = task if isinstance(task, str) else " ".join(task)
        return first.replace(_SLOT, second) if _SLOT in first else first + second
    if _SLOT not in block:
        return block + task
    place = block.index(_SLOT)
    return block[:place] + task + block[place + 1 :]


def named_files(block: Sequence[str], task: Sequence[str]) -> tuple[str, ...]:
    """The files of a named task: each of its files put in each pattern of the block.

    A block without patterns gives the task's own files.
    """
    if not block:
        return tuple(task)
    if not task:
        return tuple(item for item in block if _SLOT not in item)
    return tuple(
        item.replace(_SLOT, own) if _SLOT in item else item + own for item in block for own in task
    )
