"""What scripts need to describe frames and files: patterns, names, flags of blocks.

A pattern has `@####@` where a frame's number goes, with as many # as it has digits at least.
"""

from __future__ import annotations

import re
from typing import Final

from grange.af.cgruconfig import tell

#: A block's flags, and their bits.
BlockFlags: Final = {
    "numeric": 1 << 0,
    "varcapacity": 1 << 1,
    "multihost": 1 << 2,
    "masteronslave": 1 << 3,
    "dependsubtask": 1 << 4,
    "skipthumbnails": 1 << 5,
    "skipexistingfiles": 1 << 6,
    "checkrenderedfiles": 1 << 7,
    "slavelostignore": 1 << 8,
    "appendedtasks": 1 << 9,
    "suspendnewtasks": 1 << 10,
}

#: What a service puts a task's share of a machine, and its hosts, in the place of.
str_capacity: Final = "@AF_CAPACITY@"
str_hosts: Final = "@AF_HOSTS@"

_DIGITS: Final = "0123456789"
_BAD_IN_NAMES: Final = str.maketrans(dict.fromkeys(" ~`!@#$%^&*()+[]{};:'\",<>/?\\|", "_"))


def checkBlockFlag(i_flags: int, i_name: str) -> int:
    """Give the bit of a flag where it is set, 0 where it is not."""
    return i_flags & _bit(i_name)


def setBlockFlag(i_flags: int, i_name: str) -> int:
    """Give the flags with one more."""
    return i_flags | _bit(i_name)


def filterFileName(filename: str) -> str:
    """Put _ in the place of each character that is bad in a file's name."""
    return filename.translate(_BAD_IN_NAMES)


def splitPathsDifference(path_a: str, path_b: str) -> tuple[str, int, str]:
    """Find the number in which two paths differ.

    Returns:
        What is before it, how many digits it has, what is behind it; 0 digits where the paths
        do not differ in the middle, and 1 where the numbers are not equally long.
    """
    shorter = min(len(path_a), len(path_b))
    same = _same(path_a, path_b)
    same_at_end = _same(path_a[::-1], path_b[::-1])
    if not (0 < same < shorter and 0 < same_at_end < shorter):
        return path_a, 0, ""
    before = path_a[: same + 1].rstrip(_DIGITS)
    behind = path_a[len(path_a) - same_at_end :]
    digits = 1
    if len(path_a) == len(path_b):
        digits = len(path_a) - len(before) - len(behind.lstrip(_DIGITS))
    return before, digits, behind.lstrip(_DIGITS)


def patternFromPaths(path_a: str, path_b: str) -> str:
    """Make a pattern of two files of a sequence; the surest way."""
    before, digits, behind = splitPathsDifference(path_a, path_b)
    return f"{before}@{'#' * digits}@{behind}" if digits > 0 else path_a


def patternFromStdC(path: str, verbose: bool = False) -> str:
    """Make a pattern of one that is written as in C: `%04d`."""
    made = re.sub(r"%(\d{0,2})d", lambda found: _hashes(int(found[1] or 1)), path)
    return _shown(path, made, verbose)


def patternFromDigits(path: str, verbose: bool = False) -> str:
    """Make a pattern of one that has # only: `####`."""
    made = re.sub(r"@#+@|#+", lambda found: _hashes(found[0].count("#")), path)
    return _shown(path, made, verbose)


def patternFromFile(path: str) -> str:
    """Make a pattern of a file: of the digits before its last dot."""
    before, dot, ending = path.rpartition(".")
    stem = before.rstrip(_DIGITS)
    digits = len(before) - len(stem)
    return f"{stem}{_hashes(digits)}{dot}{ending}" if digits else path


def _bit(name: str) -> int:
    if name not in BlockFlags:
        tell(f"Error: a block has no flag {name!r}; there are {', '.join(BlockFlags)}")
    return BlockFlags.get(name, 0)


def _same(path_a: str, path_b: str) -> int:
    """How many characters two paths begin with alike."""
    pairs = enumerate(zip(path_a, path_b, strict=False))
    shorter = min(len(path_a), len(path_b))
    return next((place for place, (one, other) in pairs if one != other), shorter)


def _hashes(digits: int) -> str:
    return f"@{'#' * max(digits, 1)}@"


def _shown(before: str, after: str, verbose: bool) -> str:
    if verbose:
        print(f"{before} -> {after}")
    return after
