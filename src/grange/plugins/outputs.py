"""What a task is to write: is it there, whole, new, and of the size it should have?

The sentences are Afanasy's; people and scripts look for them in logs.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from grange.model.run import RunSpec
from grange.plugins import pictures
from grange.plugins.pictures import pixels

SKIPPED: Final = "Task file(s) exists. Skipping command execution."
LOOKED_AT_MAX: Final = 1_000  # files of a run whose states and sizes are compared
LISTED_MAX: Final = 100  # files named in a log
#: Endings of files that are pictures (Afanasy's `af_thumbnail_extensions`, and cin, hdr, webp).
PICTURES: Final = frozenset(
    {".bmp", ".cin", ".dpx", ".exr", ".hdr", ".jpeg", ".jpg", ".png", ".tga", ".tif", ".tiff"}
    | {".webp"}
)


class State(NamedTuple):
    """What tells whether a file was written anew."""

    inode: int
    changed_ns: int
    size_bytes: int


def states(files: Sequence[str]) -> dict[str, State]:
    """Note what files are there, to see later which of them are the same still."""
    found: dict[str, State] = {}
    for path in files[:LOOKED_AT_MAX]:
        with contextlib.suppress(OSError, ValueError):
            state = Path(path).stat()
            found[path] = State(state.st_ino, state.st_mtime_ns, state.st_size)
    return found


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
        if run.check_rendered_files and (why := broken(path)):
            return False, [*lines, f'Existing file is not whole, {why}: "{path}"']
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
        elif why := broken(path):
            yield f"Rendered file is not whole, {why}:\n{path}"


def broken(path: str) -> str:
    """Say why a file is surely not the whole picture that its name says it is; "" else."""
    try:
        pictures.size_of(path)
    except pictures.Broken as why:
        return str(why)
    except OSError:
        return "it cannot be read"
    return ""


def doubts(files: Sequence[str], before: Mapping[str, State]) -> Iterator[str]:
    """Say what looks wrong with files that are all there. Seconds, where pixels are looked at.

    Args:
        files: absolute paths.
        before: their states before the run.
    """
    for path, state in states(files).items():
        if before.get(path) == state:
            yield f"File was there before and has not changed:\n{path}"
    yield from _odd_sizes(files)
    for seen in pixels.look(few([path for path in files if is_picture(path)])):
        if seen.doubt:
            yield f"Picture {seen.doubt}:\n{seen.path}"


def _odd_sizes(files: Sequence[str]) -> Iterator[str]:
    """Compare pictures whose names differ in numbers only."""
    first: dict[str, tuple[str, pictures.Size]] = {}
    for path in files[:LOOKED_AT_MAX]:
        try:
            size = pictures.size_of(path)
        except (pictures.Broken, OSError):
            continue
        if size is None:
            continue
        other, usual = first.setdefault(re.sub(r"\d+", "#", path), (path, size))
        if size != usual:
            yield f"Picture is {size}, but {Path(other).name} is {usual}:\n{path}"


def few(files: Sequence[str]) -> tuple[str, ...]:
    """Of many files take the first, the middle and the last."""
    if len(files) <= 3:
        return tuple(files)
    return files[0], files[len(files) // 2], files[-1]


def is_picture(path: str) -> bool:
    """Say whether a file is named like a picture. The disk is not asked."""
    return Path(path).suffix.lower() in PICTURES


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
