"""Have a small JPEG made of a picture, by a process that may be hurt by it: see `making`."""

from __future__ import annotations

from typing import Final

import msgspec

from grange.model.unreadable import UNREADABLE
from grange.plugins import programs
from grange.plugins.pictures.child import Child, ChildLost

MAKER: Final = "grange.plugins.pictures.making"  # by name: it loads what we do not want here
NEEDED: Final = ("OpenImageIO", "numpy")
MAKE_S: Final = 20.0  # for one picture, on a busy machine and a slow mount
SAID_MAX: Final = 1024 * 1024  # bytes


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """How a thumbnail is to be."""

    side_px: int  #: of the square that it is to fit into
    size_max: int  #: bytes
    #: whose files may be read: numbers of a user, its group, its groups; None our own's
    account: tuple[int, int, tuple[int, ...]] | None = None


class Made(msgspec.Struct, omit_defaults=True):
    """A thumbnail, or why there is none."""

    data: bytes = b""  #: a JPEG
    why: str = ""  #: of the picture


def missing() -> str:
    """Name what this machine lacks to make thumbnails, "" when nothing."""
    return next((name for name in NEEDED if not programs.importable(name)), "")


def start(path: str, wish: Wish) -> Child:
    """Begin to make one.

    Raises:
        ChildLost: no process can be started.
    """
    return Child(MAKER, (msgspec.json.encode(wish).decode(), path))


def made(child: Child) -> Made:
    """Wait until it is made."""
    try:
        return msgspec.msgpack.decode(child.hear(MAKE_S, SAID_MAX), type=Made)
    except ChildLost as lost:
        return Made(why=str(lost))
    except UNREADABLE:
        return Made(why="it broke what looked at it")
