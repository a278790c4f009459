"""What the worker asks of a POSIX system: clock, spawning, signals, the subreaper's role."""

from __future__ import annotations

import ctypes
import errno
import os
import signal
import stat
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

PR_SET_CHILD_SUBREAPER: Final = 36  # linux/prctl.h
OOM_SCORE: Final = 500  # of a task, so that the system kills tasks before all else
SHELL: Final = "/bin/sh"

#: What Python, we or whoever started us ignores must be as usual in a task.
RESET_SIGNALS: Final = frozenset(signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP})


def clock() -> float:
    """Seconds that only grow and go on while the machine sleeps: a lease must end then."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def become_subreaper() -> None:
    """Make orphaned descendants children of this process instead of init's."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "cannot become the reaper of orphaned processes")


def prefer_out_of_memory() -> None:
    """Let the system choose this process and its children first when memory ends."""
    try:
        Path("/proc/self/oom_score_adj").write_text(str(OOM_SCORE), encoding="ascii")
    except OSError:
        return  # a container may forbid it; then the system's own choice holds


class CannotStart(Exception):
    """A process could not be started; the text is the sentence for people."""


def find_program(name: str, path: str) -> str:
    """Find a program as a shell would, seen from the current directory.

    Raises:
        CannotStart: no such program, or it may not be executed.
    """
    if not name:
        raise CannotStart("the command is empty")
    if "/" in name:
        return name
    forbidden = ""
    for folder in path.split(":"):
        candidate = f"{folder or '.'}/{name}"
        if os.access(candidate, os.X_OK):
            if not stat.S_ISDIR(os.stat(candidate).st_mode):  # noqa: PTH116 (hot)
                return candidate
        elif os.access(candidate, os.F_OK):
            forbidden = candidate
    if forbidden:
        raise CannotStart(f"program {forbidden} may not be executed: permission denied")
    raise CannotStart(f"program {name!r} is not found in PATH={path}")


def enter(folder: str) -> None:
    """Make a folder the current one.

    Raises:
        CannotStart: it is missing, no folder, or closed to this user.
    """
    try:
        os.chdir(folder)
    except OSError as error:
        raise CannotStart(f"working directory {folder}: {_why(error)}") from error


def spawn(argv: tuple[str, ...], environment: Mapping[bytes, bytes], output: int) -> int:
    """Start a process in a session of its own, in the current directory.

    Args:
        argv: program and arguments.
        environment: all of it.
        output: descriptor that takes both its outputs.

    Returns:
        Its process id.

    Raises:
        CannotStart: with a sentence that names the program.
    """
    program = find_program(argv[0] if argv else "", os.fsdecode(environment.get(b"PATH", b"")))
    try:
        return os.posix_spawn(
            program,
            argv,
            environment,
            file_actions=(
                (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
                (os.POSIX_SPAWN_DUP2, output, 1),
                (os.POSIX_SPAWN_DUP2, output, 2),
            ),
            setsid=True,
            setsigmask=(),
            setsigdef=RESET_SIGNALS,
        )
    except OSError as error:
        raise CannotStart(_unstartable(program, error)) from error
    except ValueError as error:  # a NUL byte in an argument
        raise CannotStart(f"program {program}: {error}") from error


def _unstartable(program: str, error: OSError) -> str:
    if error.errno == errno.ENOENT and Path(program).exists():
        return f"program {program}: the interpreter of its first line is missing"
    if error.errno == errno.ENOEXEC:
        return f"program {program} is not made for this system and names no interpreter"
    if error.errno == errno.E2BIG:
        return f"program {program}: its arguments and environment are too long for the system"
    return f"program {program}: {_why(error)}"


def _why(error: OSError) -> str:
    words = {
        errno.ENOENT: "it does not exist",
        errno.ENOTDIR: "it is not a folder",
        errno.EACCES: "permission denied",
        errno.EPERM: "permission denied",
    }
    return words.get(error.errno or 0, (error.strerror or str(error)).lower())


def lower_priority(leader: int, nice: int) -> None:
    """Set the nice value of a process group that has just been started."""
    try:
        os.setpriority(os.PRIO_PGRP, leader, nice)
    except OSError:
        return  # it is over already, or the user may not
