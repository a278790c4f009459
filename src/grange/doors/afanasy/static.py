"""Files that a browser gets: the web page of a CGRU installation, and thumbnails.

Specification 1.4. Nothing is served that is not below the folder, be it by way of a link, and
nothing whose kind a page does not need: a studio's folder holds settings and passwords, too.
"""

from __future__ import annotations

import asyncio
import html
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import unquote

from grange.doors.afanasy.framing import Get, http_reply
from grange.doors.afanasy.thumbs import meant
from grange.store.pictures import Album

INDEX: Final = "afanasy/browser/index.html"  # of the folder, where no path is given
FOLDER_INDEX: Final = "index.html"
PICTURES: Final = "/@TMP@"  # begins the paths of thumbnails
FILE_MAX: Final = 16 * 1024 * 1024  # bytes
KEEP_S: Final = 3_600  # seconds that a browser may keep what does not change often
_HTML: Final = "text/html; charset=UTF-8"
_KINDS: Final = {
    ".html": (_HTML, 0),
    ".css": ("text/css; charset=UTF-8", KEEP_S),
    ".js": ("text/javascript; charset=UTF-8", KEEP_S),
    ".png": ("image/png", KEEP_S),
    ".jpg": ("image/jpeg", KEEP_S),
    ".jpeg": ("image/jpeg", KEEP_S),
    ".gif": ("image/gif", KEEP_S),
    ".svg": ("image/svg+xml", KEEP_S),
    ".ico": ("image/x-icon", KEEP_S),
}
NO_FOLDER: Final = (
    "Afanasy's clients are served at this port. Its web page is shown here when"
    " afanasy_cgru_folder names the folder of a CGRU installation."
)

T = TypeVar("T")


class Static:
    """Serves files.

    Args:
        folder: of a CGRU installation; None: there is none.
        album: the thumbnails.
        reading: threads that read.
    """

    def __init__(self, folder: Path | None, album: Album, reading: Executor) -> None:
        self._folder = folder.resolve() if folder is not None else None
        self._album = album
        self._reading = reading

    async def serve(self, request: Get, *, pictures: bool) -> bytes:
        """Answer a request.

        Args:
            request: for a file.
            pictures: whether the sender may see thumbnails.
        """
        path = unquote(request.path)
        if path.startswith(PICTURES):
            found = await self._picture(path.removeprefix(PICTURES)) if pictures else b""
            return http_reply(200, found, "image/jpeg", KEEP_S) if found else missing(path)
        if self._folder is None:
            return missing(path, NO_FOLDER)
        kind = kind_of(path)
        data = await self._in_thread(read, self._folder, path) if kind is not None else None
        if data is None or kind is None:
            return missing(path)
        return http_reply(200, data, *kind)

    async def _picture(self, path: str) -> bytes:
        place = meant(path)
        if place is None:
            return b""
        return await self._in_thread(self._album.read, *place)

    async def _in_thread(self, work: Callable[..., T], *arguments: Any) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._reading, work, *arguments)


def wanted(path: str) -> str:
    """The file that a path means, below the folder; "" where it means none."""
    name = path.removeprefix("/") or INDEX
    if name.endswith("/"):
        name += FOLDER_INDEX
    parts = name.split("/")
    if any(not part or part.startswith(".") or not part.isprintable() for part in parts):
        return ""
    return "" if "\\" in name or ":" in name else name


def kind_of(path: str) -> tuple[str, int] | None:
    """The media type of a file, and how long it may be kept; None: such are not served."""
    return _KINDS.get(Path(wanted(path)).suffix.lower())


def read(folder: Path, path: str) -> bytes | None:
    """Read a file below a folder; None where there is none to be had.

    Args:
        folder: resolved.
        path: as it was asked for.
    """
    name = wanted(path)
    if not name:
        return None
    try:
        file = (folder / name).resolve(strict=True)
        if not file.is_relative_to(folder) or file.suffix.lower() not in _KINDS:
            return None
        if not file.is_file() or file.stat().st_size > FILE_MAX:
            return None
        return file.read_bytes()
    except (OSError, RuntimeError, ValueError):  # not there; links in a circle; no name at all
        return None


def missing(path: str, why: str = "") -> bytes:
    """The answer where there is no such file."""
    text = html.escape(why or f"There is nothing at {path[:200]}.")
    page = f"<!DOCTYPE html><html><head><title>Grange</title></head><body>{text}</body></html>"
    return http_reply(404, page.encode(errors="replace"), _HTML)
