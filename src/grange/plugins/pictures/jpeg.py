"""JPEG: it ends with the marker of the end."""

from __future__ import annotations

from typing import Final

from grange.plugins.pictures.reading import Broken, File, Size

MAGIC: Final = b"\xff\xd8\xff"
END: Final = b"\xff\xd9"
END_WITHIN: Final = 64 * 1024  # bytes: some programs write more behind it
SEGMENTS_MAX: Final = 1_000
#: Markers of a frame's beginning; C4, C8 and CC between them are others.
FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def size_of(file: File) -> Size:
    """Go through the segments to the frame's, then look at the end."""
    place = 2
    for _ in range(SEGMENTS_MAX):
        mark, kind, length = file.values(place, ">BBH")
        if mark != 0xFF:
            raise Broken("its segments are damaged")
        if kind in FRAMES:
            height, width = file.values(place + 5, ">HH")
            if END not in file.end(END_WITHIN):
                raise Broken("it has no end marker")
            return Size(width, height)
        place += 1 if kind == 0xFF else 2 + length
    raise Broken("it has no frame")
