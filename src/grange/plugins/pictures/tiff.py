"""TIFF and BigTIFF: its directories say where the pixels lie."""

from __future__ import annotations

import struct
from typing import Final, NamedTuple

from grange.plugins.pictures.reading import READ_MAX, Broken, File, Size

MAGICS: Final = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
DIRECTORIES_MAX: Final = 64
ENTRIES_MAX: Final = 4_096
WIDTH, HEIGHT = 256, 257
#: Tags of the places of strips and tiles, and of their lengths.
PLACES: Final = ((273, 279), (324, 325))
TYPES: Final = {3: "H", 4: "I", 13: "I", 16: "Q"}  # of numbers


class _Form(NamedTuple):
    order: str  # of bytes, as struct has it
    number: str  # of a directory's entries
    entry: str  # tag, type, number of values
    offset: str

    @property
    def inline(self) -> int:
        """Bytes of an entry's value; a longer one lies elsewhere."""
        return struct.calcsize(self.order + self.offset)

    @property
    def entry_size(self) -> int:
        """Bytes of an entry."""
        return struct.calcsize(self.order + self.entry) + self.inline


def size_of(file: File) -> Size:
    """Go through the directories; each of its strips and tiles must be there."""
    order = "<" if file.read(0, 2) == b"II" else ">"
    big = b"+" in file.read(2, 2)
    form = _Form(order, "Q", "HHQ", "Q") if big else _Form(order, "H", "HHI", "I")
    (place,) = file.values(8 if big else 4, order + form.offset)
    found: Size | None = None
    for _ in range(DIRECTORIES_MAX):
        if place == 0:
            break
        tags, place = _directory(file, place, form)
        found = found or Size(_one(tags, WIDTH), _one(tags, HEIGHT))
        _check_pixels(file, tags)
    if found is None:
        raise Broken("it has no directory")
    return found


def _directory(file: File, place: int, form: _Form) -> tuple[dict[int, tuple[int, ...]], int]:
    """Read the numbers of a directory, and where the next one is."""
    (count,) = file.values(place, form.order + form.number)
    if not 0 < count <= ENTRIES_MAX:
        raise Broken("a directory of it is damaged")
    place += struct.calcsize(form.order + form.number)
    tags: dict[int, tuple[int, ...]] = {}
    wanted = {WIDTH, HEIGHT, *(tag for pair in PLACES for tag in pair)}
    for _ in range(count):
        tag, kind, number = file.values(place, form.order + form.entry)
        if tag in wanted and kind in TYPES:
            values = f"{form.order}{number}{TYPES[kind]}"
            where = place + struct.calcsize(form.order + form.entry)
            if number > READ_MAX:
                raise Broken("a directory of it is damaged")
            if struct.calcsize(values) > form.inline:
                (where,) = file.values(where, form.order + form.offset)
            tags[tag] = file.values(where, values)
        place += form.entry_size
    return tags, file.values(place, form.order + form.offset)[0]


def _one(tags: dict[int, tuple[int, ...]], tag: int) -> int:
    if not tags.get(tag):
        raise Broken("it does not say how large it is")
    return tags[tag][0]


def _check_pixels(file: File, tags: dict[int, tuple[int, ...]]) -> None:
    for place_tag, length_tag in PLACES:
        places, lengths = tags.get(place_tag, ()), tags.get(length_tag, ())
        ends = (place + length for place, length in zip(places, lengths, strict=False))
        if max(ends, default=0) > file.size:
            raise Broken("pixels of it are missing at its end")
