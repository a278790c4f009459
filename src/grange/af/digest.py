"""Prove who asks, to a server that wants a password: the digest of Afanasy's web page.

The server names a realm and a nonce. A request then carries, beside what it asks for,

    "auth": {"user_name", "nonce", "nc", "response": md5(md5(user:realm:password):nonce:nc)}

with a number `nc` that grows. MD5 is what the protocol has; it keeps the password off the
wire, and no more.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import count
from typing import Any


class Login:
    """What proves to one server who asks.

    Args:
        user: by which name the server knows him.
        password: of his.
        challenge: what the server has said: `realm` and `nonce`.
    """

    def __init__(self, user: str, password: str, challenge: dict[str, Any]) -> None:
        self.user = user
        self.realm = str(challenge["realm"])
        self.nonce = str(challenge["nonce"])
        self._secret = md5(f"{user}:{self.realm}:{password}")
        self._numbers: Iterator[int] = count(1)

    def proof(self) -> dict[str, Any]:
        """Give the member `auth` of the next request."""
        number = next(self._numbers)
        return {
            "user_name": self.user,
            "nonce": self.nonce,
            "nc": number,
            "response": md5(f"{self._secret}:{self.nonce}:{number}"),
        }


def is_challenge(reply: Any) -> bool:
    """Whether a server answers that it has to know who asks."""
    return isinstance(reply, dict) and "realm" in reply and "nonce" in reply


def md5(text: str) -> str:
    """Give the digest of a text, whatever is in it, in hex."""
    return hashlib.md5(text.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()
