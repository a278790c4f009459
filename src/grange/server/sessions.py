"""Browsers: one-time login links, and the signed cookies that they are exchanged for."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

import msgspec

COOKIE: Final = "grange_session"
LINK_S: Final = 300.0  # seconds that a login link is good for
LINKS_MAX: Final = 1_000  # that wait to be used; the oldest is dropped
_COOKIE_MAX: Final = 2_048  # characters


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """What a cookie says. The role is the credential's, as it is when the cookie is shown."""

    credential_id: str
    user: str
    expires: float


class Sessions:
    """Makes and reads cookies; a restart keeps them, a revoked credential ends them.

    Args:
        key: the farm's.
        life_s: seconds that a session lasts.
        clock: epoch seconds.
    """

    def __init__(self, key: bytes, life_s: float, clock: Callable[[], float]) -> None:
        self._key = hmac.digest(key, b"session", "sha256")
        self._clock = clock
        self._links: OrderedDict[bytes, Session] = OrderedDict()  # by hash of the secret
        self.life_s = life_s

    def make_link(self, credential_id: str, user: str) -> str:
        """Make the secret of a login link."""
        secret = secrets.token_urlsafe(32)
        while len(self._links) >= LINKS_MAX:
            self._links.popitem(last=False)
        self._links[_hashed(secret)] = Session(
            credential_id=credential_id, user=user, expires=self._clock() + LINK_S
        )
        return secret

    def use_link(self, secret: str) -> Session | None:
        """Exchange a link's secret, once, for a session; None when it is unknown or too old."""
        link = self._links.pop(_hashed(secret), None)
        if link is None or link.expires <= self._clock():
            return None
        return msgspec.structs.replace(link, expires=self._clock() + self.life_s)

    def seal(self, session: Session) -> str:
        """Write a session as a cookie's value."""
        body = msgspec.msgpack.encode(session)
        return f"{_text(body)}.{_text(self._sign(body))}"

    def open(self, cookie: str) -> Session | None:
        """Read a cookie's value; None when it is not ours or too old."""
        body, _, sign = cookie.partition(".")
        if len(cookie) > _COOKIE_MAX:
            return None
        try:
            raw = _bytes(body)
            if not hmac.compare_digest(_bytes(sign), self._sign(raw)):
                return None
        except (binascii.Error, ValueError):
            return None
        session = msgspec.msgpack.decode(raw, type=Session)
        return session if session.expires > self._clock() else None

    def _sign(self, body: bytes) -> bytes:
        return hmac.digest(self._key, body, "sha256")


def _hashed(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
