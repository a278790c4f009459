"""Is a file a whole picture, and how large? Told by its header and its end, never by pixels.

Only what surely is no whole picture is called so. Reads little, whatever the file says of
itself: nothing here is decoded. What is decoded is decoded in processes of their own:
`pixels` looks for black and mad ones, `thumbnail` has small pictures made.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from grange.plugins.pictures import dpx, exr, jpeg, png, tiff
from grange.plugins.pictures.reading import Broken, File, Size

__all__ = ["Broken", "Size", "size_of"]

#: Beginning of a file -> what looks at it.
FORMATS: Final[dict[bytes, Callable[[File], Size]]] = {
    png.MAGIC: png.size_of,
    jpeg.MAGIC: jpeg.size_of,
    exr.MAGIC: exr.size_of,
    dpx.BIG: dpx.size_of,
    dpx.LITTLE: dpx.size_of,
    **dict.fromkeys(tiff.MAGICS, tiff.size_of),
}
#: Ending of a name -> format that people expect of it. Any of the above is as good.
NAMED: Final = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".exr": "OpenEXR",
    ".dpx": "DPX",
    ".tif": "TIFF",
    ".tiff": "TIFF",
}


def size_of(path: str) -> Size | None:
    """Look at a picture; None where the name is of no format that is known here.

    Raises:
        Broken: it is not whole, and why.
        OSError: it cannot be read.
    """
    expected = NAMED.get(os.path.splitext(path)[1].lower())  # noqa: PTH122 (a str stays one)
    if expected is None:
        return None
    with plain_file(path) as file:
        beginning = file.read(0, min(8, file.size))
        for magic, look in FORMATS.items():
            if beginning.startswith(magic):
                return look(file)
        raise Broken(f"it does not begin as {expected} does")


@contextmanager
def plain_file(path: str) -> Iterator[File]:
    """Open a file that has something in it. Waits for nothing.

    Raises:
        Broken: it is empty, or no plain file.
        OSError: it cannot be read.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # a pipe of that name would wait
    with os.fdopen(descriptor, "rb") as stream:
        state = os.fstat(descriptor)
        if not stat.S_ISREG(state.st_mode):
            raise Broken("it is no plain file")
        if not state.st_size:
            raise Broken("it is empty")
        yield File(stream, state.st_size)
