"""A process of ours that runs somebody else's code and answers requests, one after the other.

It can be ended at any moment. It ends when its input does, cannot take more memory than is
good, and when it hangs the system ends it, should nobody be there to do so.
"""

from __future__ import annotations

import contextlib
import os
import resource
import select
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO, Final, Generic, TypeVar

import msgspec
from typing_extensions import override

from grange.plugins import programs

ANSWER_MAX: Final = 16 * 1024 * 1024  # bytes
MEMORY_MAX: Final = 1024**3  # bytes of data
IDLE_MAX: Final = 4  # processes of a kind that are kept for the next runs
END_S: Final = 5.0  # for a killed process to be gone
SIZE_BYTES: Final = 4  # the length of a message, before it, big-endian

A = TypeVar("A", bound=msgspec.Struct)


class Lost(Exception):
    """The process did not answer, or ended. The text says which."""

    @override
    def __repr__(self) -> str:
        return str(self)


class Threw(Exception):
    """Somebody else's code has thrown, and can be asked again.

    Args:
        fault: what, as `repr` writes it.
        trace: the end of its traceback.
    """

    def __init__(self, fault: str, trace: str) -> None:
        super().__init__(fault)
        self.trace = trace

    @override
    def __repr__(self) -> str:
        return str(self)


class Companion(Generic[A]):
    """One such process. For one thread at a time.

    Args:
        module: of this package; this Python runs it, and it calls `serve`.
        what: runs there, for people, such as "the parser".
        answer: what it answers with.
        variables: to be added to its environment.
    """

    def __init__(
        self, module: str, what: str, answer: type[A], variables: Mapping[str, str] | None = None
    ) -> None:
        self._process = subprocess.Popen(  # noqa: S603 (our own)
            (sys.executable, "-P", "-m", module),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            env=programs.child_environment() | dict(variables or {}),
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._to, self._from = self._process.stdin.fileno(), self._process.stdout.fileno()
        os.set_blocking(self._to, False)
        os.set_blocking(self._from, False)
        self._what = what
        self._decoder = msgspec.msgpack.Decoder(answer)

    @property
    def lives(self) -> bool:
        """The process has not ended."""
        return self._process.poll() is None

    def ask(self, request: msgspec.Struct, seconds: float) -> A:
        """Send a request, wait for its answer.

        Raises:
            Lost: it did not come.
        """
        until = time.monotonic() + seconds
        try:
            self._send(packed(request), until, seconds)
            size = int.from_bytes(self._receive(SIZE_BYTES, until, seconds), "big")
            if size > ANSWER_MAX:
                raise Lost(f"{self._what} said more than can be read")
            return self._decoder.decode(self._receive(size, until, seconds))
        except (OSError, EOFError):
            raise Lost(f"{self._what}'s process has ended") from None
        except msgspec.MsgspecError as fault:
            raise Lost(f"{self._what} cannot be understood: {fault}") from None

    def end(self) -> None:
        """End the process. One that hangs in the kernel is left: it ends when that lets it go."""
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(END_S)

    def _send(self, data: bytes, until: float, seconds: float) -> None:
        while data:
            self._wait(self._to, select.POLLOUT, until, seconds)
            data = data[os.write(self._to, data) :]

    def _receive(self, size: int, until: float, seconds: float) -> bytes:
        data = bytearray()
        while len(data) < size:
            self._wait(self._from, select.POLLIN, until, seconds)
            more = os.read(self._from, size - len(data))
            if not more:
                raise EOFError
            data += more
        return bytes(data)

    def _wait(self, pipe: int, event: int, until: float, seconds: float) -> None:
        poll = select.poll()
        poll.register(pipe, event)
        if not poll.poll(max(0.0, until - time.monotonic()) * 1000):
            raise Lost(f"{self._what} did not answer in {seconds:g} s")


class Spares(Generic[A]):
    """Processes of one kind that wait for the next run. For any thread.

    Args:
        module: as `Companion`, and so are the others.
    """

    def __init__(self, module: str, what: str, answer: type[A]) -> None:
        self._module = module
        self._what = what
        self._answer = answer
        self._idle: list[Companion[A]] = []
        self._lock = threading.Lock()

    def take(self) -> Companion[A]:
        """Give one that waits, else a new one.

        Raises:
            Lost: none can be started.
        """
        with self._lock:
            while self._idle:
                child = self._idle.pop()
                if child.lives:
                    return child
                child.end()
        try:
            return Companion(self._module, self._what, self._answer)
        except OSError as error:
            raise Lost(f"no process can be started for {self._what}: {error}") from None

    def give_back(self, child: Companion[A]) -> None:
        """Keep one for the next run, or end it where enough are kept."""
        with self._lock:
            if len(self._idle) < IDLE_MAX:
                self._idle.append(child)
                return
        child.end()

    def end(self) -> None:
        """End those that wait."""
        with self._lock:
            while self._idle:
                self._idle.pop().end()


class Hired(Generic[A]):
    """A process that one run has. It ends with this object, unless it is given back before.

    Raises:
        Lost: none can be started.
    """

    def __init__(self, spares: Spares[A]) -> None:
        self._spares = spares
        self._child: Companion[A] | None = spares.take()
        self._finalizer = weakref.finalize(self, self._child.end)

    def ask(self, request: msgspec.Struct, seconds: float) -> A:
        """Send a request, wait for its answer.

        Raises:
            Lost: it did not come; there is no process any more.
        """
        if self._child is None:
            raise Lost("its process is gone")
        try:
            return self._child.ask(request, seconds)
        except Lost:
            self._child = None
            self._finalizer()
            raise

    def give_back(self) -> None:
        """Let the next run have it, if it is there still."""
        child, self._child = self._child, None
        if child is not None:
            self._finalizer.detach()
            self._spares.give_back(child)


def packed(message: msgspec.Struct) -> bytes:
    """Write a message with its length."""
    data = msgspec.msgpack.encode(message)
    return len(data).to_bytes(SIZE_BYTES, "big") + data


def serve(
    kind: Any,
    answer_to: Callable[[Any], msgspec.Struct],
    hang_s: float,
    memory_max: int = MEMORY_MAX,
) -> None:
    """Be such a process: answer until there are no more requests.

    Args:
        kind: of the requests: a structure, or a union of some.
        answer_to: gives the answer; must answer its own errors.
        hang_s: the system ends the process when an answer takes longer.
        memory_max: bytes of data that it may have, and each process that it starts.
    """
    resource.setrlimit(resource.RLIMIT_DATA, (memory_max, memory_max))
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what somebody else's code prints must not come among the answers
    _serve(sys.stdin.buffer, answers, msgspec.msgpack.Decoder(kind), answer_to, hang_s)


def _serve(
    requests: BinaryIO,
    answers: BinaryIO,
    decoder: msgspec.msgpack.Decoder[Any],
    answer_to: Callable[[Any], msgspec.Struct],
    hang_s: float,
) -> None:
    while size := requests.read(SIZE_BYTES):
        request = decoder.decode(requests.read(int.from_bytes(size, "big")))
        signal.alarm(int(hang_s))
        answers.write(packed(answer_to(request)))
        answers.flush()
        signal.alarm(0)
