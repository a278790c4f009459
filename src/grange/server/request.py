"""What is read out of a request's ASGI scope, and how an answer goes back without a framework."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http.cookies import CookieError, SimpleCookie
from typing import Any

from grange.server.asgi import Scope, Send
from grange.wire.address import is_loopback


def header(scope: Scope, name: bytes) -> str | None:
    """A header's value; None when it is absent, "" when it comes twice and contradicts."""
    values = {value for key, value in scope["headers"] if key == name}
    if len(values) > 1:
        return ""
    return values.pop().decode("latin-1") if values else None


def cookie(scope: Scope, name: str) -> str | None:
    """A cookie's value."""
    jar: SimpleCookie = SimpleCookie()
    try:
        jar.load(header(scope, b"cookie") or "")
    except CookieError:
        return None
    found = jar.get(name)
    return found.value if found is not None else None


def sender(scope: Scope) -> str:
    """The address that a request came from; "" when it is not known."""
    return _host(scope.get("client"))


def is_local(scope: Scope) -> bool:
    """Whether a request came from this machine, be it by way of its own outer address."""
    address = sender(scope)
    return is_loopback(address) or (bool(address) and address == _host(scope.get("server")))


async def respond(
    send: Send, status: int, content: bytes, headers: Mapping[str, str], kind: str = "http"
) -> None:
    """Send an answer, whole.

    Args:
        send: of the ASGI connection.
        status: of HTTP.
        content: the body.
        headers: besides its length.
        kind: "websocket.http" refuses a WebSocket.
    """
    lines = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
    lines.append((b"content-length", str(len(content)).encode()))
    await send({"type": f"{kind}.response.start", "status": status, "headers": lines})
    await send({"type": f"{kind}.response.body", "body": content})


def _host(end: Sequence[Any] | None) -> str:
    """The address of one end of a connection, an IPv4 one always written as such."""
    host = str(end[0]) if end else ""
    return host.removeprefix("::ffff:") if "." in host else host
