"""Numbers, texts, lists and maps, as they are on the wire: big-endian, with counts before."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from typing import Final, Generic, Protocol, TypeVar

T = TypeVar("T")

ITEMS_MAX: Final = 100_000  # of all lists of a message that is read


class Broken(ValueError):
    """Bytes that are no message of this protocol."""


class Reader:
    """Bytes, and how far they are read.

    Args:
        data: of one message, without its header.
    """

    __slots__ = ("_items", "at", "data")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0
        self._items = 0

    @property
    def left(self) -> int:
        """How many bytes are not read yet."""
        return len(self.data) - self.at

    def take(self, size: int) -> bytes:
        """The next so many bytes.

        Raises:
            Broken: there are fewer.
        """
        if not 0 <= size <= self.left:
            raise Broken(f"{size} bytes at {self.at}, and only {self.left} are left")
        self.at += size
        return self.data[self.at - size : self.at]

    def unpack(self, form: struct.Struct) -> tuple[int, ...]:
        """The next numbers."""
        if form.size > self.left:
            raise Broken(f"{form.size} bytes at {self.at}, and only {self.left} are left")
        self.at += form.size
        return form.unpack_from(self.data, self.at - form.size)

    def bounded(self, count: int, least: int) -> int:
        """A count of things, each of which takes some bytes, if there is room for them."""
        if not 0 <= count <= self.left // least:
            raise Broken(f"{count} items at {self.at}, and only {self.left} bytes are left")
        self._items += count
        if self._items > ITEMS_MAX:
            raise Broken(f"{self._items} items up to {self.at}; at most {ITEMS_MAX} in a message")
        return count


class Field(Protocol[T]):
    """How one value is written."""

    least: int  #: bytes that it takes at least

    def write(self, out: bytearray, value: T) -> None:
        """Append a value."""

    def read(self, source: Reader) -> T:
        """Take a value, or raise `Broken`."""
        ...


class Number:
    """A whole number. What does not fit is written as the nearest that does.

    Args:
        form: of `struct`.
    """

    def __init__(self, form: str) -> None:
        self.form = form
        self._struct = struct.Struct(">" + form)
        self.least = self._struct.size
        bits = 8 * self.least
        self._low: int = 0 if form.isupper() else -(1 << bits - 1)
        self._high: int = (1 << bits if form.isupper() else 1 << bits - 1) - 1

    def clamped(self, value: int) -> int:
        """The nearest number that fits."""
        return min(max(value, self._low), self._high)

    def write(self, out: bytearray, value: int) -> None:
        """Append a number."""
        out += self._struct.pack(self.clamped(value))

    def read(self, source: Reader) -> int:
        """Take a number."""
        return source.unpack(self._struct)[0]


I8, U8 = Number("b"), Number("B")
U16 = Number("H")
I32, U32 = Number("i"), Number("I")
I64 = Number("q")


class Bool:
    """Yes or no, as a letter."""

    least = 1

    def write(self, out: bytearray, value: bool) -> None:
        """Append a letter."""
        out += b"y" if value else b"n"

    def read(self, source: Reader) -> bool:
        """Take a letter."""
        letter = source.take(1)
        if letter not in (b"y", b"n"):
            raise Broken(f"{letter!r} is neither yes nor no")
        return letter == b"y"


class Raw:
    """Bytes whose number is said before, with the zero that ends them."""

    least = 5

    def write(self, out: bytearray, value: bytes) -> None:
        """Append bytes."""
        U32.write(out, len(value) + 1)
        out += value
        out += b"\0"

    def read(self, source: Reader) -> bytes:
        """Take bytes."""
        value = source.take(U32.read(source))
        if not value.endswith(b"\0"):
            raise Broken(f"a text before {source.at} does not end")
        return value[:-1]


class Text:
    """A text in UTF-8. What is none comes in with marks in its place."""

    least = 5

    def write(self, out: bytearray, value: str) -> None:
        """Append a text."""
        RAW.write(out, value.encode(errors="replace"))

    def read(self, source: Reader) -> str:
        """Take a text."""
        return RAW.read(source).decode(errors="replace")


BOOL, RAW, TEXT = Bool(), Raw(), Text()


class Many(Generic[T]):
    """A list, with its count before.

    Args:
        item: how each is written.
        count: how their number is.
    """

    def __init__(self, item: Field[T], count: Number = U32) -> None:
        self._item = item
        self._count = count
        self.least = count.least

    def write(self, out: bytearray, value: Iterable[T]) -> None:
        """Append a list."""
        items = tuple(value)
        self._count.write(out, len(items))
        for item in items[: self._count.clamped(len(items))]:
            self._item.write(out, item)

    def read(self, source: Reader) -> tuple[T, ...]:
        """Take a list."""
        count = source.bounded(self._count.read(source), self._item.least)
        return tuple(self._item.read(source) for _ in range(count))


class Named(Generic[T]):
    """A map from texts, with its count before.

    Args:
        item: how each value is written.
    """

    least = 4

    def __init__(self, item: Field[T]) -> None:
        self._item = item

    def write(self, out: bytearray, value: Mapping[str, T]) -> None:
        """Append a map, in the order of its names."""
        U32.write(out, len(value))
        for name in sorted(value):
            TEXT.write(out, name)
            self._item.write(out, value[name])

    def read(self, source: Reader) -> dict[str, T]:
        """Take a map."""
        count = source.bounded(U32.read(source), TEXT.least + self._item.least)
        return {TEXT.read(source): self._item.read(source) for _ in range(count)}


NUMBERS: Final = Many(I32)
TEXTS: Final = Many(TEXT)
COUNTS: Final = Named(I32)
LONG_COUNTS: Final = Named(I64)
WORDS: Final = Named(TEXT)
