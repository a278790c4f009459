"""What a task is to write: is it there, and of the size it should have?

The sentences are Afanasy's; people and scripts look for them in logs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from grange.model.run import RunSpec

SKIPPED: Final = "Task file(s) exists. Skipping command execution."
LISTED_MAX: Final = 100  # files named in a log


def existing(files: Sequence[str], run: RunSpec) -> tuple[bool, list[str]]:
    """Say whether all files are there already, with a line on each that was looked at.

    Stops at the first that is missing or of a wrong size.
    """
    lines: list[str] = []
    for path in files:
        size = _size(path)
        if size is None:
            return False, lines
        if wrong := _wrong_size(size, run):
            return False, [*lines, f'Existing file size {wrong[0]}({wrong[1]}): "{path}"']
        if len(lines) < LISTED_MAX:
            lines.append(f'File exists: "{path}"')
    return bool(files), lines


def faults(files: Sequence[str], run: RunSpec) -> Iterator[str]:
    """Say what is wrong with each file that should be written by now."""
    for path in files:
        size = _size(path)
        if size is None:
            yield f"File does not exist:\n{path}"
        elif wrong := _wrong_size(size, run):
            yield f"Rendered file size {wrong[0]} ({wrong[1]}):\n{path}"


def _size(path: str) -> int | None:
    try:
        return Path(path).stat().st_size
    except (OSError, ValueError):  # ValueError: a name that no file can have
        return None


def _wrong_size(size: int, run: RunSpec) -> tuple[str, str] | None:
    """Say which limit a size passes, and by what figures."""
    if run.file_size_min > 0 and size < run.file_size_min:
        return "less than minimum", f"{size} < {run.file_size_min}"
    if 0 < run.file_size_max < size:
        return "greater than maximum", f"{size} > {run.file_size_max}"
    return None
