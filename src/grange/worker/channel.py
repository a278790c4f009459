"""Orders and reports between the daemon and its warden, over a Unix socket pair.

A frame is a length and a msgpack list; the write ends of the output pipes travel beside
the `Spawn`s, in their order (SCM_RIGHTS).
"""

from __future__ import annotations

import array
import os
import socket
from collections import deque
from collections.abc import Sequence
from typing import Final, Generic, TypeVar

import msgspec

from grange.model.unreadable import UNREADABLE

FRAME_MAX: Final = 64 * 1024 * 1024  # bytes; a sane end for a length that is garbage
READ_MAX: Final = 256 * 1024  # bytes of one read
FDS_MAX: Final = 128  # descriptors beside one frame; the kernel's limit is 253
HEAD: Final = 4  # bytes of a frame's length


class Spawn(msgspec.Struct, frozen=True, tag=1, array_like=True):
    """Start a run's process; its output goes to the descriptor sent beside."""

    run_id: int
    argv: tuple[bytes, ...]  # bytes, as file names are
    working_directory: bytes
    environment: dict[bytes, bytes]  #: added to the warden's own
    need_memory_mb: int = 0  #: that it asked for; above it, shared memory is counted once
    memory_max_mb: int = 0  #: that it may have; 0 any


class Kill(msgspec.Struct, frozen=True, tag=2, array_like=True):
    """End every process of a run: ask (SIGTERM) or, if hard, force (SIGKILL)."""

    run_id: int
    hard: bool


class Hold(msgspec.Struct, frozen=True, tag=3, array_like=True):
    """Kill every run at this time unless told otherwise before: the lease."""

    until: float  #: on `posix.clock`


class Measure(msgspec.Struct, frozen=True, tag=4, array_like=True):
    """Say what every run uses now."""


Order = Spawn | Kill | Hold | Measure


class Started(msgspec.Struct, frozen=True, tag=11, array_like=True):
    """A run's process lives."""

    run_id: int
    pid: int


class NotStarted(msgspec.Struct, frozen=True, tag=12, array_like=True):
    """A run's process could not be started; one sentence why."""

    run_id: int
    message: str


class Gone(msgspec.Struct, frozen=True, tag=13, array_like=True):
    """A run's process ended and no process of its tree is left."""

    run_id: int
    exit_code: int | None
    signal: int | None
    duration_s: float
    cpu_s: float
    peak_memory_mb: int
    read_mb: int
    written_mb: int
    out_of_memory: bool
    untouchable: tuple[int, ...]  #: processes that this user may not kill
    crowded: bool  #: it wanted more processes at once than it may have


class Usage(msgspec.Struct, frozen=True, array_like=True):
    """What the processes of one run use now."""

    run_id: int
    cpu_s: float
    memory_mb: int
    pids: tuple[int, ...]
    read_mb: int = 0  #: from disks and file servers
    written_mb: int = 0


class Measured(msgspec.Struct, frozen=True, tag=14, array_like=True):
    """The answer to `Measure`."""

    usages: tuple[Usage, ...]


Report = Started | NotStarted | Gone | Measured

In = TypeVar("In")
Out = TypeVar("Out")


class ChannelClosed(Exception):
    """The other end is gone."""


class Channel(Generic[Out, In]):
    """One end of the pair. Never blocks: what cannot be sent yet waits in order."""

    def __init__(self, sock: socket.socket, decoder: msgspec.msgpack.Decoder[list[In]]) -> None:
        self.sock = sock
        self.fds: deque[int] = deque()  # received, not yet taken
        self._decoder = decoder
        self._encoder = msgspec.msgpack.Encoder()
        self._received = bytearray()
        self._waiting: deque[tuple[memoryview, Sequence[int]]] = deque()

    def fileno(self) -> int:
        """The socket's descriptor, for a poll."""
        return self.sock.fileno()

    def send(self, items: list[Out], fds: Sequence[int] = ()) -> None:
        """Queue a frame and send what the socket takes; `fds` are closed once they are sent.

        Raises:
            ChannelClosed: the other end is gone.
        """
        body = self._encoder.encode(items)
        frame = memoryview(len(body).to_bytes(HEAD, "big") + body)
        self._waiting.append((frame, fds))
        self.flush()

    def flush(self) -> bool:
        """Send what waits; true when nothing waits any more.

        Raises:
            ChannelClosed: the other end is gone.
        """
        while self._waiting:
            frame, fds = self._waiting[0]
            try:
                sent = self._send_some(frame, fds)
            except BlockingIOError:
                return False
            except OSError as error:
                raise ChannelClosed from error
            for descriptor in fds:
                os.close(descriptor)
            if sent == len(frame):
                self._waiting.popleft()
            else:
                self._waiting[0] = (frame[sent:], ())
        return True

    def _send_some(self, frame: memoryview, fds: Sequence[int]) -> int:
        if not fds:
            return self.sock.send(frame)
        rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))
        return self.sock.sendmsg([frame], [rights])

    def receive(self) -> list[In]:
        """Take every whole frame that has arrived, without waiting.

        Raises:
            ChannelClosed: the other end is gone, or sent garbage.
        """
        if not self._fill():
            return []
        items: list[In] = []
        start = 0
        while len(self._received) - start >= HEAD:
            size = int.from_bytes(self._received[start : start + HEAD], "big")
            if size > FRAME_MAX:
                raise ChannelClosed(f"frame of {size} bytes")
            end = start + HEAD + size
            if len(self._received) < end:
                break
            try:
                items += self._decoder.decode(self._received[start + HEAD : end])
            except UNREADABLE as error:
                raise ChannelClosed(f"a frame that is none: {error}") from error
            start = end
        del self._received[:start]
        return items

    def close(self) -> None:
        """Close the socket and every descriptor that has not been sent or taken."""
        self.sock.close()
        for _frame, fds in self._waiting:
            for descriptor in fds:
                os.close(descriptor)
        for descriptor in self.fds:
            os.close(descriptor)
        self._waiting.clear()
        self.fds.clear()

    def _fill(self) -> bool:
        space = socket.CMSG_SPACE(FDS_MAX * array.array("i").itemsize)
        try:
            data, rights, flags, _address = self.sock.recvmsg(
                READ_MAX, space, socket.MSG_CMSG_CLOEXEC
            )
        except BlockingIOError:
            return False
        except OSError as error:
            raise ChannelClosed from error
        for _level, _kind, packed in rights:
            self.fds.extend(array.array("i", packed))
        if not data:
            raise ChannelClosed
        if flags & socket.MSG_CTRUNC:
            raise ChannelClosed("descriptors were lost: this process is out of files")
        self._received += data
        return True


def orders_decoder() -> msgspec.msgpack.Decoder[list[Order]]:
    """What the warden reads."""
    return msgspec.msgpack.Decoder(list[Order])


def reports_decoder() -> msgspec.msgpack.Decoder[list[Report]]:
    """What the daemon reads."""
    return msgspec.msgpack.Decoder(list[Report])
