"""What the worker asks of a POSIX system: clock, spawning, signals, the subreaper's role."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import resource
import signal
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar, Final, NamedTuple

PR_SET_CHILD_SUBREAPER: Final = 36  # linux/prctl.h
CLONE3: Final = 435  # number of the system call, on every architecture
CLONE_INTO_CGROUP: Final = 0x2_0000_0000  # linux/sched.h
PROCESSES_PERCENT: Final = 80  # of all that the system can have
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


def leave_processes() -> None:
    """Let the user of this process and its children take four fifths of all processes.

    It bounds what tasks can do where nothing else does, and lets others still log in. The
    system counts all of the user's processes, so this is no limit for one task. Root has none.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NPROC)
    wanted = [limit for limit in (soft, *_all_processes()) if limit != resource.RLIM_INFINITY]
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NPROC, (min(wanted, default=soft), hard))


def _all_processes() -> Iterator[int]:
    """Four fifths of what the kernel can have, by each of its own limits."""
    for name in ("pid_max", "threads-max"):
        with contextlib.suppress(OSError, ValueError):
            text = Path(f"/proc/sys/kernel/{name}").read_text(encoding="ascii")
            yield int(text) * PROCESSES_PERCENT // 100


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


class _Clone(ctypes.Structure):
    """What clone3 is told (linux/sched.h, struct clone_args)."""

    _names = ("flags", "pidfd", "child_tid", "parent_tid", "exit_signal", "stack", "stack_size")
    _more = ("tls", "set_tid", "set_tid_size", "cgroup")
    _fields_: ClassVar = [(name, ctypes.c_uint64) for name in (*_names, *_more)]


def fork_into(group: int) -> int:
    """Fork such that the child is in a control group from its first moment.

    For a process of one thread, and a child that soon executes a program: nothing is done
    of what `os.fork` does besides.

    Args:
        group: descriptor of the group's folder.

    Returns:
        As `os.fork`.

    Raises:
        OSError: the kernel is older than 5.7, or we may not.
    """
    told = _Clone(flags=CLONE_INTO_CGROUP, exit_signal=signal.SIGCHLD, cgroup=group)
    libc = ctypes.PyDLL(None, use_errno=True)
    pid = libc.syscall(CLONE3, ctypes.byref(told), ctypes.sizeof(told))
    if pid < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return int(pid)


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


def spawn_forked(
    folder: bytes,
    argv: tuple[bytes, ...],
    environment: Mapping[bytes, bytes],
    output: int,
    *,
    identity: Identity | None,
    group: int | None,
) -> int:
    """Start a process as another user, or in a control group.

    Forks, because posix_spawn can do neither. The rest is as in `spawn`.

    Args:
        folder: where it starts.
        argv: program and arguments.
        environment: all of it.
        output: descriptor that takes both its outputs.
        identity: whose it is; the folder and the program are sought as that user. None our own.
        group: descriptor of the control group; None our own.

    Returns:
        Its process id.

    Raises:
        CannotStart: with a sentence that names the program.
    """
    try:
        read_end, write_end = os.pipe2(os.O_CLOEXEC)  # closed by a successful exec
    except OSError as error:
        raise CannotStart(f"no process can be made: {_why(error)}") from error
    try:
        pid = os.fork() if group is None else fork_into(group)
    except OSError as error:
        os.close(read_end)
        os.close(write_end)
        raise CannotStart(f"no process can be made: {_why(error)}") from error
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


def _become(identity: Identity | None, output: int) -> None:
    os.setsid()
    for number in RESET_SIGNALS:
        if number < signal.SIGRTMIN:
            signal.signal(number, signal.SIG_DFL)
    null = os.open("/dev/null", os.O_RDONLY)
    for source, target in ((null, 0), (output, 1), (output, 2)):
        os.dup2(source, target)
    if identity is not None:
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
