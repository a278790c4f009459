"""Look at pixels, in a process that may be hurt by them: are they black, or no numbers?

`look` starts it, `main` is in it. It decodes by OpenImageIO, where that is installed.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from grange.model.unreadable import UNREADABLE
from grange.plugins import programs
from grange.plugins.pictures.child import Child, ChildLost, confine

PIXELS_MAX: Final = 100_000_000  # of one picture; a larger one is not looked at
LOOK_S: Final = 30.0  # for all pictures of a run
MEMORY_MAX: Final = 4 * 1024**3  # bytes of data
SAID_MAX: Final = 64 * 1024  # bytes that are read of what the process says


class Seen(msgspec.Struct, omit_defaults=True):
    """What is to be said of one picture."""

    path: str
    doubt: str = ""  #: after "it"; "" when nothing is


def look(paths: Sequence[str]) -> tuple[Seen, ...]:
    """Look at some pictures; nothing is said of those that cannot be looked at. Seconds."""
    if not paths or not programs.importable("OpenImageIO"):
        return ()
    try:
        lines = Child(__name__, paths).hear(LOOK_S, SAID_MAX).splitlines()
        return tuple(msgspec.json.decode(line, type=Seen) for line in lines)
    except (ChildLost, *UNREADABLE):
        return ()


def doubt(path: str) -> str:
    """Decode a picture and say what is wrong with its pixels, "" when nothing is."""
    oiio: Any = importlib.import_module("OpenImageIO")
    picture = oiio.ImageBuf(path)
    spec = picture.spec()
    if picture.has_error:
        return _unread(picture)
    if spec.width * spec.height * spec.depth * spec.nchannels > PIXELS_MAX:
        return ""
    found = oiio.ImageBufAlgo.computePixelStats(picture)
    if picture.has_error:
        return _unread(picture)
    wild = sum(found.nancount) + sum(found.infcount)
    if wild:
        return f"has {wild} values that are no numbers or infinite"
    colours = [at for at in range(spec.nchannels) if at != spec.alpha_channel]
    if colours and all(found.min[at] == found.max[at] == 0 for at in colours):
        return "is black"
    return ""


def _unread(picture: Any) -> str:
    return f"cannot be read: {str(picture.geterror()).splitlines()[0]}"


def main() -> None:
    """Say of each picture what is wrong, a line each, as it is found."""
    confine(memory_max=MEMORY_MAX, seconds=LOOK_S)
    importlib.import_module("OpenImageIO").attribute("threads", 1)
    for path in sys.argv[1:]:
        sys.stdout.buffer.write(msgspec.json.encode(Seen(path, doubt(path)[:500])) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
