"""Objects: fields one after the other."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

from grange.doors.afanasy.binary.primitives import Broken, Field, Number, Reader

T = TypeVar("T")
Layout = tuple[tuple[str, Field[Any]], ...]  # names and how each is written, in order
Values = dict[str, Any]


class Fields:
    """Fields in order; numbers that stand together go at once.

    Args:
        layout: names, and how each is written.
    """

    def __init__(self, layout: Layout) -> None:
        self._steps = tuple(_steps(layout))
        self.least = sum(field.least for _, field in layout)

    def write(self, out: bytearray, get: Callable[[str], Any]) -> None:
        """Append fields, each of which is asked for by its name."""
        for names, field in self._steps:
            if isinstance(field, _Numbers):
                field.write(out, tuple(map(get, names)))
            else:
                field.write(out, get(names[0]))

    def read(self, source: Reader) -> Values:
        """Take fields."""
        found: Values = {}
        for names, field in self._steps:
            if isinstance(field, _Numbers):
                found.update(zip(names, field.read(source), strict=True))
            else:
                found[names[0]] = field.read(source)
        return found


class Record(Generic[T]):
    """An object.

    Args:
        layout: its fields.
        make: makes it of what was read.
        get: gives a field of it.
    """

    def __init__(
        self,
        layout: Layout,
        make: Callable[..., T],
        get: Callable[[T, str], Any] = getattr,
    ) -> None:
        self._fields = Fields(layout)
        self._make = make
        self._get = get
        self.least = self._fields.least

    def write(self, out: bytearray, value: T) -> None:
        """Append an object."""
        self._fields.write(out, lambda name: self._get(value, name))

    def read(self, source: Reader) -> T:
        """Take an object."""
        return self._make(**self._fields.read(source))


class _Numbers:
    """Numbers that stand together."""

    def __init__(self, numbers: tuple[Number, ...]) -> None:
        self._numbers = numbers
        self._struct = struct.Struct(">" + "".join(number.form for number in numbers))

    def write(self, out: bytearray, values: tuple[int, ...]) -> None:
        try:
            out += self._struct.pack(*values)
        except struct.error:  # one does not fit
            for number, value in zip(self._numbers, values, strict=True):
                number.write(out, value)

    def read(self, source: Reader) -> tuple[int, ...]:
        return source.unpack(self._struct)


def _steps(layout: Layout) -> Iterable[tuple[tuple[str, ...], Any]]:
    names: list[str] = []
    numbers: list[Number] = []
    for name, field in layout:
        if isinstance(field, Number):
            names.append(name)
            numbers.append(field)
            continue
        if numbers:
            yield tuple(names), _Numbers(tuple(numbers))
            names, numbers = [], []
        yield (name,), field
    if numbers:
        yield tuple(names), _Numbers(tuple(numbers))


def whole(field: Field[T], data: bytes) -> T:
    """Read a value that is all there is.

    Raises:
        Broken: it is none, or something is left.
    """
    source = Reader(data)
    value = field.read(source)
    if source.left:
        raise Broken(f"{source.left} bytes are left after the message")
    return value


def same(field: Number, *names: str) -> Layout:
    """Some numbers of one kind."""
    return tuple((name, field) for name in names)
