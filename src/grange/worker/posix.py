"""What the worker asks of a POSIX system: clock, spawning, signals, the subreaper's role."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import resource
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

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


def raise_file_limit() -> int:
    """Allow this process as many open files as it may have; returns how many it could."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return soft


def limit_files(pid: int, soft: int) -> None:
    """Give a child the usual limit: old programs go through all descriptors one by one."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ProcessLookupError):
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (min(soft, hard), hard))


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
    candidates = [f"{folder or '.'}/{name}" for folder in path.split(":")]
    for candidate in candidates:
        if os.access(candidate, os.X_OK) and not os.path.isdir(candidate):  # noqa: PTH112 (hot)
            return candidate
    for candidate in candidates:
        if Path(candidate).is_file():
            raise CannotStart(f"program {candidate} may not be executed: permission denied")
    raise CannotStart(f"program {name!r} is not found in PATH={path}")


def enter(folder: bytes) -> None:
    """Make a folder the current one.

    Raises:
        CannotStart: it is missing, no folder, or closed to this user.
    """
    try:
        os.chdir(folder)
    except OSError as error:
        raise CannotStart(f"working directory {os.fsdecode(folder)}: {_why(error)}") from error
    except ValueError as error:  # a NUL byte
        raise CannotStart(f"working directory {folder!r}: {error}") from error


def spawn(argv: tuple[bytes, ...], environment: Mapping[bytes, bytes], output: int) -> int:
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
    program = find_program(os.fsdecode(argv[0]) if argv else "", _path(environment))
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


def _path(environment: Mapping[bytes, bytes]) -> str:
    return os.fsdecode(environment.get(b"PATH", b"")) or os.defpath


class Identity(NamedTuple):
    """Whom a process is to run as."""

    uid: int
    gid: int
    groups: tuple[int, ...]


def parse_identity(text: str) -> Identity | None:
    """Read `uid:gid:group,group`; None where it is empty."""
    if not text:
        return None
    uid, gid, groups = text.split(":")
    return Identity(int(uid), int(gid), tuple(int(group) for group in groups.split(",")))


def spawn_as(
    identity: Identity,
    folder: bytes,
    argv: tuple[bytes, ...],
    environment: Mapping[bytes, bytes],
    output: int,
) -> int:
    """Start a process as another user; the folder and the program are sought as that user.

    Forks, because posix_spawn cannot change the user. The rest is as in `spawn`.
    """
    read_end, write_end = os.pipe2(os.O_CLOEXEC)  # closed by a successful exec
    pid = os.fork()
    if pid == 0:
        try:
            _become(identity, output)
            enter(folder)
            program = find_program(os.fsdecode(argv[0]) if argv else "", _path(environment))
            _execute(program, argv, environment)
        except BaseException as error:  # noqa: BLE001 (nothing may return from here)
            os.write(write_end, str(error).encode(errors="replace")[:4_000])
        finally:
            os._exit(127)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as told:
        message = told.read()
    if message:
        os.waitpid(pid, 0)
        raise CannotStart(message.decode(errors="replace"))
    return pid


def _become(identity: Identity, output: int) -> None:
    os.setsid()
    for number in RESET_SIGNALS:
        if number < signal.SIGRTMIN:
            signal.signal(number, signal.SIG_DFL)
    null = os.open("/dev/null", os.O_RDONLY)
    for source, target in ((null, 0), (output, 1), (output, 2)):
        os.dup2(source, target)
    os.setgroups(identity.groups)
    os.setgid(identity.gid)
    os.setuid(identity.uid)


def _execute(program: str, argv: tuple[bytes, ...], environment: Mapping[bytes, bytes]) -> None:
    try:
        os.execve(program, argv, environment)  # noqa: S606 (that is the task)
    except OSError as error:
        raise CannotStart(_unstartable(program, error)) from error


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
