"""What is read out of a request's ASGI scope."""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie

from grange.server.asgi import Scope


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
    client = scope.get("client")
    return client[0] if client else ""
