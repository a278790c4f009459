"""Limits that a container or a batch system sets on this process (Linux, cgroup v2)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path("/sys/fs/cgroup")
OWN: Final = Path("/proc/self/cgroup")


def groups(own: Path = OWN, root: Path = ROOT) -> Iterator[Path]:
    """The control group of this process and those above it."""
    try:
        lines = own.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return
    for line in lines:
        if line.startswith("0::/") and "\0" not in line:
            group = root / line[4:]
            yield from (path for path in (group, *group.parents) if path.is_relative_to(root))
            return  # there is one such line


def memory_bytes(own: Path = OWN, root: Path = ROOT) -> int | None:
    """The least memory that a group allows; None where none does."""
    found = [_number(group / "memory.max") for group in groups(own, root)]
    return min((size for size in found if size is not None), default=None)


def memory_free_bytes(own: Path = OWN, root: Path = ROOT) -> int | None:
    """What is left of the tightest limit; None where there is none."""
    left = []
    for group in groups(own, root):
        most, used = _number(group / "memory.max"), _number(group / "memory.current")
        if most is not None and used is not None:
            left.append(max(0, most - used))
    return min(left, default=None)


def cpu_cores(own: Path = OWN, root: Path = ROOT) -> float | None:
    """How many cores' time the groups allow; None where they do not say."""
    found = []
    for group in groups(own, root):
        try:
            quota, period = (group / "cpu.max").read_text(encoding="ascii").split()
            cores = int(quota) / int(period)
        except (OSError, ValueError, ArithmeticError):  # "max" is no limit
            continue
        if cores > 0:
            found.append(cores)
    return min(found, default=None)


def _number(path: Path) -> int | None:
    try:
        number = int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):  # "max" is no limit
        return None
    return number if number >= 0 else None
