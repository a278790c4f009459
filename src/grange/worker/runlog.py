"""The log of one run: bounded, in memory while it is short, else in a file."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO, Final

LOG_MAX: Final = 16 * 1024 * 1024  # bytes that are kept of a log's beginning
TAIL_MAX: Final = 64 * 1024  # bytes that are kept of the end of a longer one
MEMORY_MAX: Final = 64 * 1024  # bytes of a log that is not yet written to disk


class RunLog:
    """Text as it is kept; offsets count kept bytes, so a log only ever grows.

    Of a log longer than `LOG_MAX` the middle is dropped: a line says how much. The disk
    being full costs this log its rest and nobody else anything.

    Args:
        path: where its file is made when it is needed.
        log_max: see `LOG_MAX`.
    """

    def __init__(self, path: str, log_max: int = LOG_MAX) -> None:
        self.path = path
        self.size = 0
        self.fault = ""  #: why the file could not be written
        self._log_max = log_max
        self._memory: bytearray | None = bytearray()
        self._file: BinaryIO | None = None
        self._tail = bytearray()
        self._dropped = 0  # bytes between beginning and tail

    def append(self, data: bytes) -> None:
        """Add text at the end."""
        space = self._log_max - self.size
        if self._dropped or self._tail or len(data) > space:
            self._keep(data[: max(0, space)] if not (self._tail or self._dropped) else b"")
            rest = data if (self._tail or self._dropped) else data[max(0, space) :]
            self._to_tail(rest)
        else:
            self._keep(data)

    def _to_tail(self, data: bytes) -> None:
        self._tail += data
        excess = len(self._tail) - TAIL_MAX
        if excess > TAIL_MAX:  # cut now and then, not at each piece
            del self._tail[:excess]
            self._dropped += excess

    def _keep(self, data: bytes) -> None:
        if self.fault or not data:
            return
        if self._memory is None:
            self.size += self._write(data)
            return
        self._memory += data
        self.size += len(data)
        if len(self._memory) > MEMORY_MAX:
            self.persist()

    def _write(self, data: bytes) -> int:
        """Write to the file as much as the disk takes."""
        done = 0
        try:
            if self._file is None:
                self._file = Path(self.path).open("ab", buffering=0)  # noqa: SIM115 (kept open)
            while done < len(data):
                done += self._file.write(data[done:])
        except OSError as error:
            self.fault = f"the rest of the log was lost: {(error.strerror or str(error)).lower()}"
        return done

    def persist(self) -> None:
        """Move what is in memory to the file; it stays in memory if the disk refuses."""
        memory = self._memory
        if memory and self._write(bytes(memory)) == len(memory):
            self._memory = None  # only now: another thread may be reading

    def close(self) -> None:
        """End the log: the kept tail follows the line that tells of the gap."""
        excess = len(self._tail) - TAIL_MAX
        if excess > 0:
            del self._tail[:excess]
            self._dropped += excess
        tail, self._tail = bytes(self._tail), bytearray()
        if self._dropped:
            self._keep(b"\n... %d bytes of this log were dropped here ...\n" % self._dropped)
        self._keep(tail)
        self.release()

    @property
    def is_on_disk(self) -> bool:
        """It has a file."""
        return self._memory is None

    def release(self) -> None:
        """Give the file's descriptor back."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def read(self, offset: int, size: int) -> bytes:
        """Read kept text; what the disk has lost reads as blanks, so that offsets hold."""
        memory = self._memory
        if memory is not None:
            return bytes(memory[offset : offset + size])
        return read_log(self.path, offset, size)


def read_log(path: str, offset: int, size: int) -> bytes:
    """Read a piece of a log's file; missing bytes read as blanks."""
    try:
        with Path(path).open("rb", buffering=0) as file:
            file.seek(offset)
            data = file.read(size)
    except OSError:
        data = b""
    return data.ljust(size, b" ")
