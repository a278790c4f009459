"""PNG: it ends with an empty chunk `IEND`."""

from __future__ import annotations

from typing import Final

from grange.plugins.pictures.reading import Broken, File, Size

MAGIC: Final = b"\x89PNG\r\n\x1a\n"
END: Final = b"IEND\xaeB`\x82"
END_WITHIN: Final = 1_024  # bytes: some programs write a little behind it


def size_of(file: File) -> Size:
    """Look at the first and the last chunk."""
    width, height = file.values(16, ">II")
    if END not in file.end(END_WITHIN):
        raise Broken("it has no end chunk")
    return Size(width, height)
