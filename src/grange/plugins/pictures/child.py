"""A process of ours that looks at a foreign picture and may be hurt by it: bounded, alone.

`Child` starts it and hears it; `confine` is called in it.
"""

from __future__ import annotations

import contextlib
import math
import os
import resource
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Final

from grange.plugins import programs

WRITTEN_MAX: Final = 16 * 1024 * 1024  # bytes of a file that such a process may write
PIECE: Final = 64 * 1024  # bytes that are heard at once
DIE_S: Final = 1.0  # for one that is killed; longer takes who reads from a mount that is dead


class ChildLost(Exception):
    """The process said nothing that counts. The text says why, of the picture."""


class Child:
    """One such process. For one thread; `kill` is for any.

    Args:
        module: of this package; this Python runs it.
        arguments: for it.

    Raises:
        ChildLost: the system starts no process.
    """

    def __init__(self, module: str, arguments: Sequence[str]) -> None:
        try:
            self._process = subprocess.Popen(  # noqa: S603 (our own)
                (sys.executable, "-P", "-m", module, *arguments),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,
                cwd="/",
                env=programs.child_environment(),
                start_new_session=True,  # what it starts, should it be taken over, ends with it
            )
        except (OSError, ValueError) as error:  # ValueError: a name that no file can have
            raise ChildLost(f"it could not be looked at: {error}") from error

    def hear(self, seconds: float, said_max: int) -> bytes:
        """Wait until it has ended and give what it has said, which is something.

        Args:
            seconds: how long it may take.
            said_max: bytes; what says more is not to be trusted.

        Raises:
            ChildLost: it took longer, or said more, or nothing.
        """
        assert self._process.stdout is not None
        with self._process.stdout as pipe:
            said = _read(pipe.fileno(), time.monotonic() + seconds, said_max)
        self.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(DIE_S)
        code = self._process.returncode
        if said is None:
            raise ChildLost(f"it took longer than {seconds:g} s")
        if len(said) > said_max:
            raise ChildLost("it made what looked at it say too much")
        if not said:
            raise ChildLost(f"it broke what looked at it ({_how(code)})")
        return said

    @property
    def lives(self) -> bool:
        """It has not ended, although it may have been killed."""
        return self._process.poll() is None

    def kill(self) -> None:
        """End it, and what it has started; harmless when it has ended."""
        if self._process.returncode is None:  # else its number may be another's by now
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)


def _read(pipe: int, until: float, most: int) -> bytes | None:
    """Read to the end, or a little more than `most` bytes; None when time is over before."""
    poll = select.poll()
    poll.register(pipe, select.POLLIN)
    said = bytearray()
    while len(said) <= most:
        left_s = until - time.monotonic()
        if left_s <= 0 or not poll.poll(math.ceil(left_s * 1000)):
            return None
        piece = os.read(pipe, PIECE)
        if not piece:
            break
        said += piece
    return bytes(said)


def _how(code: int | None) -> str:
    if code is None:
        return "it does not end"
    if code >= 0:
        return f"exit status {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"


def confine(*, memory_max: int, seconds: float) -> None:
    """Bound what this process may take. Should nobody be there to end it, the system does.

    Args:
        memory_max: bytes of data.
        seconds: of the clock and of the processor.
    """
    whole = math.ceil(seconds)
    for what, most in (
        (resource.RLIMIT_DATA, memory_max),
        (resource.RLIMIT_CPU, whole),
        (resource.RLIMIT_FSIZE, WRITTEN_MAX),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))
    signal.alarm(whole + 1)
