"""The web page and its files, at every address that is not the API's."""

from __future__ import annotations

from grange.doors.native.parts import Parts
from grange.server.asgi import Receive, Scope, Send
from grange.server.guard import refuse
from grange.server.page import INDEX, SIGN_IN, Asset, plain
from grange.server.refusal import MethodNotAllowed, NoSuchPath, Refusal, Unauthenticated
from grange.server.request import cookie, header, respond, sender
from grange.server.sessions import COOKIE


class Site:
    """Serves the page. Its files are public; whoever is not signed in is told how to.

    Args:
        parts: of the door.
    """

    def __init__(self, parts: Parts) -> None:
        self._page = parts.page
        self._gate = parts.gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            status, asset = self._find(scope)
        except Refusal as refusal:
            await refuse(scope, send, refusal)
            return
        await _send(scope, send, status, asset)

    def _find(self, scope: Scope) -> tuple[int, Asset]:
        """A file, or the page itself for the addresses that it makes up."""
        if scope["method"] not in ("GET", "HEAD"):
            raise MethodNotAllowed(f"{scope['method']} is not for pages")
        name = scope["path"].lstrip("/")
        asset = self._page.find(name) if name != INDEX else None
        if asset is not None:
            return 200, asset
        if "." in name.rpartition("/")[2] and name != INDEX:
            raise NoSuchPath(f"nothing at {scope['path'][:100]!r}")
        try:
            self._gate.authenticate(
                address=sender(scope), authorization=None, cookie=cookie(scope, COOKIE)
            )
        except Unauthenticated:
            return 401, plain(SIGN_IN)
        return 200, self._page.index


async def _send(scope: Scope, send: Send, status: int, asset: Asset) -> None:
    headers = {"Content-Type": asset.media_type, "Cache-Control": asset.cache}
    content = asset.content
    if asset.compressed is not None:
        headers["Vary"] = "Accept-Encoding"
        if "gzip" in (header(scope, b"accept-encoding") or ""):
            headers["Content-Encoding"] = "gzip"
            content = asset.compressed
    if asset.tag:
        headers["ETag"] = asset.tag
        if header(scope, b"if-none-match") == asset.tag:
            status, content = 304, b""
    await respond(send, status, content, headers)
