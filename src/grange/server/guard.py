"""The first thing every request meets, on every listener: host, origin, size, headers.

The check of `Host` stops DNS rebinding (a page whose name is made to mean this machine), that
of `Origin` stops pages of other sites from sending what a signed-in browser would sign.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final
from urllib.parse import urlsplit

import msgspec

from grange.server.asgi import App, Message, Receive, Scope, Send
from grange.server.auth import SAFE_METHODS
from grange.server.refusal import (
    BadHost,
    BadOrigin,
    BodyTooLarge,
    BodyTooSlow,
    Refusal,
    answer,
)
from grange.server.request import header, respond

BODY_IDLE_MAX_S: Final = 30.0  # without a byte of a body that is not complete
BODY_MAX_S: Final = 600.0  # for a whole body: 64 MiB at a megabit per second
LOOPBACK_NAMES: Final = frozenset({"localhost", "127.0.0.1", "::1"})
CSP: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS: Final[Mapping[bytes, bytes]] = {
    b"content-security-policy": CSP.encode(),
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"no-referrer",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"cache-control": b"no-store",
}
HOST: Final = re.compile(r"(\[[0-9a-f:.]+\]|[\w.\-]+)(?::(\d{1,5}))?", re.ASCII | re.IGNORECASE)
_PORTS: Final = {"http": 80, "https": 443, "ws": 80, "wss": 443}
_WEB: Final = {"ws": "http", "wss": "https"}


class Guard:
    """Wraps an application.

    Args:
        app: what is behind.
        hosts: names that a request may be meant for, besides this machine's loopback names
            and the address that it was sent to.
        origins: of pages that may send requests, besides our own.
        body_max_bytes: bytes of a body.
    """

    def __init__(
        self, app: App, *, hosts: Iterable[str], origins: Iterable[str], body_max_bytes: int
    ) -> None:
        self._app = app
        self._hosts = LOOPBACK_NAMES | {bare_host(host) for host in hosts}
        self._origins = frozenset(origin.rstrip("/").lower() for origin in origins)
        self._body_max_bytes = body_max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        out = _Answer(send)
        try:
            self._check(scope)
            if scope["type"] == "http":
                receive = self._limited(scope, receive)
            await self._app(scope, receive, out.send)
        except Refusal as refusal:  # also one of the body, where the application leaves it to us
            if out.begun:
                raise
            await refuse(scope, out.send, refusal)

    def _check(self, scope: Scope) -> None:
        host = self._check_host(scope)
        method = scope.get("method", "WEBSOCKET")
        origin = header(scope, b"origin")
        if origin is not None and method not in SAFE_METHODS:
            own = _origin(f"{scope['scheme']}://{host}")
            if _origin(origin) != own and origin.lower() not in self._origins:
                raise BadOrigin(
                    f"a page of {origin[:100]!r} may not send this",
                    hint="name it in allowed_origins if it should",
                )

    def _check_host(self, scope: Scope) -> str:
        host = header(scope, b"host")
        found = HOST.fullmatch(host) if host is not None else None
        if host is None or found is None:
            raise BadHost("the request names no host, or more than one")
        name = bare_host(found[1])
        reached = scope.get("server")
        if name not in self._hosts and not (reached and name == bare_host(reached[0])):
            raise BadHost(
                f"this server is not called {name[:100]!r}",
                hint="name it in allowed_hosts if it is",
            )
        return host

    def _limited(self, scope: Scope, receive: Receive) -> Receive:
        said = header(scope, b"content-length")
        if said is not None and said.isdecimal() and int(said[:20]) > self._body_max_bytes:
            raise self._too_large()
        return _Body(receive, self._body_max_bytes, self._too_large).receive

    def _too_large(self) -> BodyTooLarge:
        return BodyTooLarge(f"a body has at most {self._body_max_bytes} bytes")


class _Body:
    """A body that is neither too long nor too slow."""

    def __init__(self, receive: Receive, max_bytes: int, too_large: Callable[[], Refusal]) -> None:
        self._receive = receive
        self._left = max_bytes
        self._too_large = too_large
        self._complete = False
        self._deadline = asyncio.get_running_loop().time() + BODY_MAX_S

    async def receive(self) -> Message:
        """The next piece."""
        if self._complete:  # what comes now is the end of the connection, whenever
            return await self._receive()
        now = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout_at(min(now + BODY_IDLE_MAX_S, self._deadline)):
                message = await self._receive()
        except TimeoutError as error:
            raise BodyTooSlow("the body stopped coming") from error
        if message["type"] == "http.request":
            self._left -= len(message["body"])
            self._complete = not message["more_body"]
            if self._left < 0:
                self._complete = True
                raise self._too_large()
        return message


class _Answer:
    """What goes back, with the headers that every answer carries where it has none of its own."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.begun = False

    async def send(self, message: Message) -> None:
        """Pass a message on."""
        self.begun = True
        if message["type"] == "http.response.start":
            own = {name.lower() for name, _ in message["headers"]}
            extra = [item for item in HEADERS.items() if item[0] not in own]
            message = {**message, "headers": [*message["headers"], *extra]}
        await self._send(message)


async def refuse(scope: Scope, send: Send, refusal: Refusal) -> None:
    """Answer a request that goes no further."""
    status, view, extra = answer(refusal)
    kind = "http" if scope["type"] == "http" else "websocket.http"
    headers = {"Content-Type": "application/json", **extra}
    await respond(send, status, msgspec.json.encode(view), headers, kind)


def bare_host(host: str) -> str:
    """A host's name or address as it is compared."""
    name = host.strip("[]").rstrip(".").lower()
    try:
        found = ipaddress.ip_address(name)
    except ValueError:
        return name
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return str(mapped or found)


def _origin(text: str) -> tuple[str, str, int] | None:
    """Scheme, host and port of an origin; None when it is none, such as `null`."""
    try:
        parts = urlsplit(text)
        scheme = _WEB.get(parts.scheme, parts.scheme)
        port = parts.port or _PORTS[scheme]
    except (ValueError, KeyError):
        return None
    return scheme, bare_host(parts.hostname or ""), port
