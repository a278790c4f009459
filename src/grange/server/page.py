"""The web page: files of the package, read once, found by their exact names only."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from collections.abc import Iterator
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Final

import msgspec

INDEX: Final = "index.html"
HASHED: Final = "assets/"  # files whose names change with their content
_TYPES: Final = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".html": "text/html",
    ".json": "application/json",
    ".map": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
    ".txt": "text/plain",
    ".webmanifest": "application/manifest+json",
    ".wasm": "application/wasm",
}
_COMPRESSED: Final = ("text/", "application/json", "application/manifest", "image/svg")
_COMPRESS_MIN: Final = 1_024  # bytes; below it compressing gains nothing

_SHELL: Final = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Grange</title>
<h1>Grange</h1>
{}
</html>
"""
SIGN_IN: Final = _SHELL.format(
    "<p>You are not signed in. On a machine that may use this farm, run"
    "\n<pre>grange open</pre>\n<p>and it opens this page, signed in."
)
SIGNED_IN: Final = _SHELL.format(
    '<meta http-equiv="refresh" content="0; url=/">\n<p>Signed in. <a href="/">Go on</a>.'
)
NOT_BUILT: Final = _SHELL.format(
    "<p>This installation has no web page. The farm itself works: try\n<pre>grange status</pre>"
)


class Asset(msgspec.Struct, frozen=True):
    """One file of the page."""

    content: bytes
    media_type: str
    tag: str  #: changes with the content
    cache: str  #: value of Cache-Control
    compressed: bytes | None  #: by gzip, where that is shorter


class Page:
    """The files of the page.

    Args:
        assets: by path, without a slash at the front.
    """

    def __init__(self, assets: dict[str, Asset]) -> None:
        self._assets = assets

    @classmethod
    def of_package(cls) -> Page:
        """Read the page that is part of this package; without files where it is not built."""
        folder = resources.files("grange.server").joinpath("page")
        return cls.of(folder) if folder.is_dir() else cls({})

    @classmethod
    def of(cls, folder: Traversable) -> Page:
        """Read the page of a folder, without the files whose names begin with a dot."""
        return cls(dict(_read(folder, "")))

    def find(self, path: str) -> Asset | None:
        """The file of a path. Nothing but the names that were read is ever looked up."""
        return self._assets.get(path)

    @property
    def index(self) -> Asset:
        """The page itself."""
        return self._assets.get(INDEX) or plain(NOT_BUILT)


def plain(text: str) -> Asset:
    """A page of our own words, never kept by a browser."""
    return Asset(text.encode(), "text/html; charset=utf-8", "", "no-store", None)


def _read(folder: Traversable, prefix: str) -> Iterator[tuple[str, Asset]]:
    for item in folder.iterdir():
        path = prefix + item.name
        if item.is_dir():
            yield from _read(item, f"{path}/")
        elif not item.name.startswith("."):
            yield path, _asset(path, item.read_bytes())


def _asset(path: str, content: bytes) -> Asset:
    suffix = path[path.rfind(".") :].lower()
    kind = _TYPES.get(suffix) or mimetypes.guess_type(path)[0] or "application/octet-stream"
    small = None
    if len(content) >= _COMPRESS_MIN and kind.startswith(_COMPRESSED):
        small = gzip.compress(content, mtime=0)
    return Asset(
        content=content,
        media_type=f"{kind}; charset=utf-8" if kind.startswith("text/") else kind,
        tag=f'"{hashlib.sha256(content).hexdigest()[:32]}"',
        cache="public, max-age=31536000, immutable" if path.startswith(HASHED) else "no-cache",
        compressed=small if small is not None and len(small) < len(content) else None,
    )
