"""The web page and its files."""

from __future__ import annotations

from litestar import Response, get
from litestar.params import FromPath

from grange.doors.native.parameters import Door, Req
from grange.server.page import INDEX, SIGN_IN, Asset, plain
from grange.server.refusal import NoSuchPath, Unauthenticated
from grange.server.request import cookie, sender
from grange.server.sessions import COOKIE


@get(["/", "/{path:path}"], include_in_schema=False)
async def page(request: Req, parts: Door, path: FromPath[str] = "/") -> Response[bytes]:
    """A file of the page, or the page itself for the addresses that it makes up."""
    name = path.lstrip("/")
    asset = parts.page.find(name) if name != INDEX else None
    if asset is not None:
        return _response(request, asset)
    if name.startswith("api/") or "." in name.rpartition("/")[2]:
        raise NoSuchPath(f"nothing at /{name[:100]}")
    try:
        parts.gate.authenticate(
            address=sender(request.scope),
            authorization=None,
            cookie=cookie(request.scope, COOKIE),
        )
    except Unauthenticated:
        return _response(request, plain(SIGN_IN), status=401)
    return _response(request, parts.page.index)


def _response(request: Req, asset: Asset, status: int = 200) -> Response[bytes]:
    headers = {"Cache-Control": asset.cache}
    if asset.tag:
        headers["ETag"] = asset.tag
        if request.headers.get("if-none-match") == asset.tag:
            return Response(b"", status_code=304, headers=headers)
    content = asset.content
    if asset.compressed is not None:
        headers["Vary"] = "Accept-Encoding"
        if "gzip" in request.headers.get("accept-encoding", ""):
            content = asset.compressed
            headers["Content-Encoding"] = "gzip"
    return Response(content, status_code=status, headers=headers, media_type=asset.media_type)
