"""Tokens: how a secret is made, written, taken apart and kept as a hash.

A token is `grange.<credential id>.<secret>`: the id finds the record, the secret opens it.
A secret has 256 random bits, so one round of SHA-256 keeps it: there is nothing to guess.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Final, NamedTuple

PREFIX: Final = "grange"
ADMIN_ID: Final = "local-admin"  # the credential of the token file in the state folder
TOKEN_MAX: Final = 256  # characters
_SECRET_BYTES: Final = 32
_ID_BYTES: Final = 5


class Token(NamedTuple):
    """A token, taken apart."""

    credential_id: str
    secret: str

    def __str__(self) -> str:
        return f"{PREFIX}.{self.credential_id}.{self.secret}"


def new_token(credential_id: str) -> Token:
    """Make a token for a credential."""
    return Token(credential_id, secrets.token_urlsafe(_SECRET_BYTES))


def new_id() -> str:
    """An identifier that people can read aloud."""
    return secrets.token_hex(_ID_BYTES)


def parse(text: str) -> Token | None:
    """Take a token apart; None when it is none."""
    parts = text.split(".") if len(text) <= TOKEN_MAX else []
    if len(parts) != 3 or parts[0] != PREFIX or not parts[1] or not parts[2]:
        return None
    return Token(parts[1], parts[2])


def hashed(secret: str | bytes) -> bytes:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode() if isinstance(secret, str) else secret).digest()


def matches(secret: str | bytes, kept: bytes) -> bool:
    """Whether a secret is the one whose hash was kept, in constant time."""
    return hmac.compare_digest(hashed(secret), kept)
