"""OpenEXR: a table says where each chunk of pixels lies. It is written last."""

from __future__ import annotations

import struct
from typing import Final, NamedTuple

from grange.plugins.pictures.reading import READ_MAX, Broken, File, Size

MAGIC: Final = b"v/1\x01"
HEADER_MAX: Final = 1024 * 1024  # bytes of all headers
ATTRIBUTES_MAX: Final = 10_000
TILED, PARTS = 0x200, 0x1000  # flags in the version
#: Lines of a chunk, by compression.
LINES: Final = {
    b"\0": 1,  # none
    b"\1": 1,  # RLE
    b"\2": 1,  # ZIPS
    b"\3": 16,  # ZIP
    b"\4": 32,  # PIZ
    b"\5": 16,  # PXR24
    b"\6": 32,  # B44
    b"\7": 32,  # B44A
    b"\x08": 32,  # DWAA
    b"\x09": 256,  # DWAB
}
ENTRY: Final = 8  # bytes of the table's entries


class _Part(NamedTuple):
    size: Size
    attributes: dict[bytes, bytes]


def size_of(file: File) -> Size:
    """Read the headers, then the tables that follow them."""
    (version,) = file.values(4, "<I")
    data = file.read(0, min(file.size, HEADER_MAX))
    parts: list[_Part] = []
    place = 8
    while True:
        if data[place : place + 1] == b"\0" and parts:
            place += 1  # an empty header ends those of several parts
            break
        attributes, place = _header(data, place)
        parts.append(_Part(_window(attributes), attributes))
        if not version & PARTS:
            break
    for part in parts:
        count = _chunks(part, version)
        if count is None:
            return parts[0].size
        offsets = _table(file, place, count)
        if offsets and b"deep" not in _kind(part, version):
            before = (4 if version & PARTS else 0) + (16 if b"tile" in _kind(part, version) else 4)
            last = max(offsets) + before
            (length,) = file.values(last, "<I")
            file.read(last + 4, length)
        place += count * ENTRY
    return parts[0].size


def _header(data: bytes, place: int) -> tuple[dict[bytes, bytes], int]:
    """Read the attributes of a part, and where they end."""
    found: dict[bytes, bytes] = {}
    for _ in range(ATTRIBUTES_MAX):
        if data[place : place + 1] == b"\0":
            return found, place + 1
        name_end = data.find(b"\0", place, place + 256)
        type_end = data.find(b"\0", name_end + 1, name_end + 257)
        if name_end < 0 or type_end < 0 or type_end + 5 > len(data):
            break
        (size,) = struct.unpack_from("<I", data, type_end + 1)
        value = type_end + 5
        if value + size > len(data):
            break
        found[data[place:name_end]] = data[value : value + size]
        place = value + size
    raise Broken("its header is not whole")


def _window(attributes: dict[bytes, bytes]) -> Size:
    box = attributes.get(b"dataWindow", b"")
    if len(box) != 16:
        raise Broken("it does not say how large it is")
    left, top, right, bottom = struct.unpack("<iiii", box)
    if right < left or bottom < top:
        raise Broken("it has no pixels")
    return Size(right - left + 1, bottom - top + 1)


def _chunks(part: _Part, version: int) -> int | None:
    """Count the chunks of a part; None where the header alone does not tell."""
    said = part.attributes.get(b"chunkCount", b"")
    if len(said) == 4:
        return int.from_bytes(said, "little")
    tiles = part.attributes.get(b"tiles", b"")
    if b"tile" in _kind(part, version):
        if len(tiles) != 9:
            return None
        across: int
        down: int
        mode: int
        across, down, mode = struct.unpack("<IIB", tiles)
        if mode & 0xF or not across or not down:
            return None  # of several levels
        return -(-part.size.width // across) * -(-part.size.height // down)
    lines = LINES.get(part.attributes.get(b"compression", b"\xff")[:1])
    return None if lines is None else -(-part.size.height // lines)


def _kind(part: _Part, version: int) -> bytes:
    return part.attributes.get(b"type", b"tiledimage" if version & TILED else b"scanlineimage")


def _table(file: File, place: int, count: int) -> tuple[int, ...]:
    """Read where chunks begin, each inside the file; empty where the table is too large."""
    size = count * ENTRY
    if place + size > file.size:
        raise Broken("its table of pixels is not whole")
    if size > READ_MAX:
        return ()
    table = struct.unpack(f"<{count}Q", file.read(place, size))
    missing = sum(not place + size <= offset < file.size for offset in table)
    if missing:
        raise Broken(f"{missing} of its {count} chunks of pixels are missing")
    return table
