"""Programs of this machine: find one, ask for its version, put it in a command."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from grange.model.patterns import Command

VERSION_TIMEOUT_S: Final = 30  # a program on a cold network disk takes its time


def which(name: str, search: str | None = None, places: Sequence[str] = ()) -> str:
    """Find a program on a search path, else at one of the places; "" if it is nowhere.

    Args:
        name: of the program, without a folder.
        search: folders as in PATH; None: this process's own PATH.
        places: absolute paths, with `*` where versions differ; the last in order is taken.
    """
    found = shutil.which(name, path=search)
    if found is not None:
        return found
    for place in places:
        root = Path(Path(place).anchor)
        there = sorted(root.glob(str(Path(place).relative_to(root))))
        if there and os.access(there[-1], os.X_OK):
            return str(there[-1])
    return ""


def version(program: Sequence[str], pattern: str) -> str:
    """Ask a program for its version; "" when it does not tell or does not run.

    Args:
        program: the argument list that makes it say its version.
        pattern: a regular expression with one group.
    """
    try:
        said = subprocess.run(  # noqa: S603 (a program that was found on this machine)
            program,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=VERSION_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    match = re.search(pattern, said.stdout.decode("utf-8", "replace"))
    return match[1] if match else ""


def importable(module: str) -> bool:
    """Say whether this Python has a module, without importing it."""
    return importlib.util.find_spec(module) is not None


def module_version(module: str) -> str:
    """Tell the version of an installed module, "" if it has none."""
    try:
        return importlib.metadata.version(module)
    except importlib.metadata.PackageNotFoundError:
        return ""


def child_environment() -> dict[str, str]:
    """Give the environment of a small process of ours: no credentials, one thread of a library."""
    own = {name: text for name, text in os.environ.items() if not name.startswith("GRANGE_")}
    return own | dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")


def leading_word(command: Command) -> str:
    """Give the program's name in a command; "" if it is empty."""
    if isinstance(command, str):
        match = re.match(r"\s*(\S+)", command)
        return match[1] if match else ""
    return command[0] if command else ""


def replace_program(command: Command, program: Sequence[str]) -> Command:
    """Put an argument list in the place of a command's first word."""
    if not isinstance(command, str):
        return (*program, *command[1:])
    rest = re.sub(r"^\s*\S+", "", command, count=1)
    return shell_words(program) + rest


def shell_words(words: Sequence[str]) -> str:
    """Write an argument list as words of a shell's line."""
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)
