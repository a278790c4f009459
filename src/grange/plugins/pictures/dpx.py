"""DPX: its header says how long it is."""

from __future__ import annotations

from typing import Final

from grange.plugins.pictures.reading import Broken, File, Size

BIG: Final = b"SDPX"
LITTLE: Final = b"XPDS"
UNDEFINED: Final = 0xFFFFFFFF


def size_of(file: File) -> Size:
    """Compare the lengths."""
    order = ">" if file.read(0, 4) == BIG else "<"
    (data,) = file.values(4, f"{order}I")
    (length,) = file.values(16, f"{order}I")
    width, height = file.values(772, f"{order}II")
    if data >= file.size or (length != UNDEFINED and length > file.size):
        raise Broken(f"it has {file.size} of {max(length, data)} bytes")
    return Size(width, height)
