"""Small JPEGs by their headers alone: what nobody decodes needs no pixels."""

from __future__ import annotations

import struct

SOI, EOI = b"\xff\xd8", b"\xff\xd9"


def a_jpeg(width: int = 16, height: int = 9, filler: int = 0) -> bytes:
    """A JPEG of a size; `filler` bytes more."""
    frame = struct.pack(">BHHB", 8, height, width, 3) + bytes(9)
    return b"".join(
        (SOI, b"\xff\xc0", struct.pack(">H", len(frame) + 2), frame, bytes(filler), EOI)
    )
