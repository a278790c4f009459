"""Blender's command line: which options there are, and what is a right value of each."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

OPTIONS = {  # as people write them: the action
    "-b": "background",
    "--background": "background",
    "-o": "output",
    "--render-output": "output",
    "-F": "format",
    "--render-format": "format",
    "-x": "extension",
    "--use-extension": "extension",
    "-E": "engine",
    "--engine": "engine",
    "-S": "scene",
    "--scene": "scene",
    "-s": "start",
    "--frame-start": "start",
    "-e": "end",
    "--frame-end": "end",
    "-j": "jump",
    "--frame-jump": "jump",
    "-f": "frames",
    "--render-frame": "frames",
    "-a": "animation",
    "--render-anim": "animation",
    "-t": "threads",
    "--threads": "threads",
    "-P": "python",
    "--python": "python",
    "--python-expr": "expression",
    "--python-exit-code": "exit code",
    "--factory-startup": "factory",
    "-noaudio": "nothing",
    "-y": "trust",
    "--enable-autoexec": "trust",
    "-Y": "distrust",
    "--disable-autoexec": "distrust",
    "-v": "version",
    "--version": "version",
}
ALONE = frozenset(  # actions without a value
    {"background", "animation", "factory", "nothing", "trust", "distrust", "version"}
)
FIRST = frozenset({"factory", "trust", "distrust", "threads", "exit code"})  # in any place
THREADS_MAX = 1024

_SPAN = re.compile(r"([+-]?\d{1,10})(?:\.\.([+-]?\d{1,10}))?", re.ASCII)
_INTEGER = re.compile(r"[+-]?\d{1,10}", re.ASCII)
_COUNT = re.compile(r"\d{1,10}", re.ASCII)


class BadUsage(Exception):
    """What was asked for cannot be done; the text says why."""


class Action(NamedTuple):
    """One argument with its value."""

    name: str
    option: str  # as it was written
    value: str = ""


def parse(arguments: Sequence[str]) -> list[Action]:
    """Read the arguments up to `--`; those of FIRST come first, else in their order.

    Raises:
        BadUsage: an unknown option, one without its value, or a wrong value.
    """
    actions = []
    rest = list(arguments)
    while rest and rest[0] != "--":
        word = rest.pop(0)
        if not word.startswith("-"):
            actions.append(Action("load", word, word))
            continue
        name = OPTIONS.get(word)
        if name is None:
            raise BadUsage(f"unknown option {word}")
        if name in ALONE:
            actions.append(Action(name, word))
            continue
        if not rest:
            raise BadUsage(f"{word} needs a value")
        actions.append(Action(name, word, rest.pop(0)))
    for action in actions:
        CHECKS.get(action.name, _accept)(action)
    return sorted(actions, key=lambda action: action.name not in FIRST)


def frame_numbers(text: str, start: int, end: int) -> list[int]:
    """List the frames of -f: `1,3,5..8`; +1 counts from the start, -1 back from the end.

    >>> frame_numbers("1,5..7,+2,-1", start=10, end=20)
    [1, 5, 6, 7, 12, 19]
    """
    frames: list[int] = []
    for piece in text.split(","):
        match = _SPAN.fullmatch(piece)
        if match is None:
            raise BadUsage(f"-f {text}: {piece!r} is not a frame; write 7, 1,3,5 or 5..8")
        first = relative(match[1], start, end)
        last = first if match[2] is None else relative(match[2], start, end)
        if last < first:
            raise BadUsage(f"-f {text}: last frame {last} before first frame {first}")
        frames.extend(range(first, last + 1))
    return frames


def relative(text: str, plus: int, minus: int) -> int:
    """Read a frame number; with a sign it counts from the numbers given."""
    if text[0] == "+":
        return plus + int(text)
    return minus + int(text) if text[0] == "-" else int(text)


def _accept(action: Action) -> None:
    del action


def _check_number(action: Action) -> None:
    if _INTEGER.fullmatch(action.value) is None:
        raise BadUsage(f"{action.option} {action.value}: not a number")


def _check_positive(action: Action) -> None:
    if not _COUNT.fullmatch(action.value) or int(action.value) < 1:
        raise BadUsage(f"{action.option} {action.value}: not a number of 1 or more")


def _check_threads(action: Action) -> None:
    if not _COUNT.fullmatch(action.value) or int(action.value) > THREADS_MAX:
        raise BadUsage(f"{action.option} {action.value}: not a number from 0 to {THREADS_MAX}")


def _check_switch(action: Action) -> None:
    if action.value not in ("0", "1"):
        raise BadUsage(f"{action.option} {action.value}: write 1 or 0")


def _check_frames(action: Action) -> None:
    for piece in action.value.split(","):
        if _SPAN.fullmatch(piece) is None:
            frame_numbers(action.value, 0, 0)


def _check_file(action: Action) -> None:
    try:
        there = Path(action.value).is_file()
    except OSError:  # a name that is too long, or in a folder that is closed to us
        there = False
    if not there:
        raise BadUsage(f"there is no file {action.value}")


def _check_code(action: Action) -> None:
    if not _COUNT.fullmatch(action.value) or int(action.value) > 255:
        raise BadUsage(f"{action.option} {action.value}: not a number from 0 to 255")


CHECKS: dict[str, Callable[[Action], None]] = {
    "load": _check_file,
    "python": _check_file,
    "start": _check_number,
    "end": _check_number,
    "jump": _check_positive,
    "threads": _check_threads,
    "extension": _check_switch,
    "frames": _check_frames,
    "exit code": _check_code,
}
