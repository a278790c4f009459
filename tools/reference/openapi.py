"""The native door's OpenAPI document, asked of the door itself."""

from __future__ import annotations

import asyncio
import json
from typing import Any, cast

from grange.doors.native.door import PATH, native_door
from grange.doors.native.parts import Parts
from grange.doors.pyfarm import routes as pyfarm

Document = dict[str, Any]


class _Nothing:
    """Stands where the parts of a running server would: the document needs none of them."""

    def __getattr__(self, name: str) -> _Nothing:
        return self

    def __call__(self, *_: object, **__: object) -> _Nothing:
        return self


def document() -> Document:
    """The document as a server would give it."""
    return asyncio.run(_ask(f"{PATH}/openapi.json"))


async def _ask(path: str) -> Document:
    door = native_door(cast(Parts, _Nothing()), more=pyfarm.ROUTES)
    body = bytearray()

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        body.extend(message.get("body", b""))

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"localhost")],
        "client": ("127.0.0.1", 1),
        "server": ("localhost", 7420),
        "state": {},
    }
    await door(scope, receive, send)
    found: Document = json.loads(bytes(body))
    return found
