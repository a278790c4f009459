"""Which disks and network interfaces count, so that no byte counts twice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

DISKS: Final = Path("/sys/block")
INTERFACES: Final = Path("/sys/class/net")
ALL: Final = "*"
UNREAL: Final = ("loop", "ram", "zram", "dm-", "md")  # disks made of files, memory, other disks


def disks(present: Iterable[str], wanted: Sequence[str], root: Path = DISKS) -> set[str]:
    """The disks that count.

    Args:
        present: all that the system knows, partitions among them.
        wanted: patterns of names; `*` every whole disk that is a device of its own, where the
            system tells which those are, else every one.
        root: where the system has a folder for each whole disk.
    """
    names = set(present)
    whole = {name for name in names if (root / name).exists() and not name.startswith(UNREAL)}
    return _chosen(names, wanted, _devices(whole, root) or whole or names)


def interfaces(present: Iterable[str], wanted: Sequence[str], root: Path = INTERFACES) -> set[str]:
    """The network interfaces that count; see `disks`."""
    names = {name for name in present if name != "lo"}
    return _chosen(names, wanted, _devices(names, root) or names)


def _devices(names: set[str], root: Path) -> set[str]:
    return {name for name in names if (root / name / "device").exists()}


def _chosen(names: set[str], wanted: Sequence[str], real: set[str]) -> set[str]:
    found = set(real) if ALL in wanted else set()
    patterns = [pattern for pattern in wanted if pattern != ALL]
    return found | {name for name in names if any(fnmatchcase(name, p) for p in patterns)}
