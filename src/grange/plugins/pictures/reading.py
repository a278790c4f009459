"""Read places of a file that may lie about itself."""

from __future__ import annotations

import struct
from typing import Any, BinaryIO, Final, NamedTuple

READ_MAX: Final = 8 * 1024 * 1024  # bytes at once


class Broken(Exception):
    """A file is not a whole picture. The text says why, after "it"."""


class Unfit(Exception):
    """A picture may be whole, but cannot be shown small. The text says why."""


class Size(NamedTuple):
    """Width and height, in pixels."""

    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.width} x {self.height}"


class File:
    """A file and its length in bytes."""

    def __init__(self, stream: BinaryIO, size: int) -> None:
        self._stream = stream
        self.size = size

    def read(self, place: int, size: int) -> bytes:
        """Read bytes.

        Raises:
            Broken: the file ends before them, or nobody needs so many.
        """
        if place < 0 or size < 0 or place + size > self.size or size > READ_MAX:
            raise Broken("it ends too early")
        self._stream.seek(place)
        data = self._stream.read(size)
        if len(data) != size:
            raise Broken("it ends too early")
        return data

    def values(self, place: int, form: str) -> tuple[Any, ...]:
        """Read values, see module struct."""
        return struct.unpack(form, self.read(place, struct.calcsize(form)))

    def end(self, size: int) -> bytes:
        """Read the end."""
        size = min(size, self.size)
        return self.read(self.size - size, size)
