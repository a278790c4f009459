"""The authentication that Afanasy's web page speaks: a challenge, and digests of a password.

Specification 1.7. A request carries the name, a nonce of ours, a count, and the MD5 of the
password's digest with both. The page sends several requests at once, so that counts come out of
order: each is good once, within a window behind the highest.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import re
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from grange.server.attempts import Attempts

NONCE_S: Final = 600.0  # seconds that a nonce is good for after its last use
NONCES_MAX: Final = 10_000  # at once; the longest unused goes first
WINDOW: Final = 1_024  # counts behind the highest that may still come
FILE_MAX: Final = 1_000_000  # bytes of the file of passwords
REALM: Final = "CGRU"  # where the file names none
_LINE: Final = re.compile(r"([^:\n]{1,255}):([^:\n]{1,255}):([0-9a-fA-F]{32})")

log = logging.getLogger("grange.doors.afanasy")


class Sent(msgspec.Struct):
    """What a request says to prove who sends it."""

    user_name: str
    nonce: str
    nc: int | str
    response: str


class Challenge(msgspec.Struct, frozen=True):
    """What a client needs to answer by a password."""

    realm: str
    nonce: str


@dataclass(slots=True)
class _Nonce:
    address: str
    used: float
    highest: int = 0
    seen: int = 0  # bit n: the count `highest` - n was used


class Passwords:
    """A file of lines `user:realm:md5(user:realm:password)`, read again when it changes.

    Args:
        path: of the file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read: tuple[int, int] | None = None  # time and size of what was read
        self._digests: dict[str, str] = {}
        self.realm = REALM

    def of(self, user: str) -> str | None:
        """The digest of a user's password; None: there is no such user."""
        self._renew()
        return self._digests.get(user)

    def _renew(self) -> None:
        try:
            state = self._path.stat()
            mark = (state.st_mtime_ns, state.st_size)
            if mark == self._read:
                return
            with self._path.open(encoding="utf-8", errors="replace") as file:
                found = parse(file.read(FILE_MAX))
        except OSError as why:
            log.error("%s cannot be read: %s", self._path, why.strerror)  # noqa: TRY400
            self._digests, self._read = {}, None
            return
        self._read = mark
        self._digests = {user: digest for user, _, digest in found}
        self.realm = found[0][1] if found else REALM


def parse(text: str) -> list[tuple[str, str, str]]:
    """Users, realms and digests of a file of passwords; other lines are passed over."""
    found = (_LINE.fullmatch(line.strip()) for line in text.split("\n"))
    return [(line[1], line[2], line[3].lower()) for line in found if line is not None]


class Digest:
    """Tells who sends a request.

    Args:
        passwords: the users'.
        monotonic: seconds that never go back.
    """

    def __init__(self, passwords: Passwords, monotonic: Callable[[], float]) -> None:
        self._passwords = passwords
        self._monotonic = monotonic
        self._nonces: OrderedDict[str, _Nonce] = OrderedDict()  # the longest unused first
        self._proved: OrderedDict[str, float] = OrderedDict()  # addresses, when they last did
        self._attempts = Attempts(monotonic)

    def who(self, auth: Any, address: str) -> str | Challenge:
        """The user who sent a request, or what he is asked for first.

        Args:
            auth: as it came; None when there was none.
            address: where it came from.

        Raises:
            TooManyAttempts: too many wrong passwords came from there.
        """
        try:
            sent = msgspec.convert(auth, Sent)
            count = int(sent.nc)
        except (msgspec.ValidationError, ValueError):
            return self._challenge(address)
        nonce = self._nonce(sent.nonce, address)
        if nonce is None or not _fresh(nonce, count):
            return self._challenge(address)
        self._attempts.check(address)
        digest = self._passwords.of(sent.user_name)
        wanted = answer(digest or secrets.token_hex(16), sent.nonce, sent.nc)
        if not hmac.compare_digest(wanted, sent.response.encode(errors="replace")[:64].lower()):
            self._attempts.fail(address)
            return self._challenge(address)
        if digest is None:
            return self._challenge(address)
        _note(nonce, count)
        self._use(sent.nonce, nonce)
        return sent.user_name

    def knows(self, address: str) -> bool:
        """Whether somebody has proved of late, from that address, who he is."""
        return self._monotonic() - self._proved.get(address, -NONCE_S) < NONCE_S

    def _challenge(self, address: str) -> Challenge:
        self._passwords.of("")
        text = secrets.token_hex(16)
        self._nonces[text] = _Nonce(address, self._monotonic())
        while len(self._nonces) > NONCES_MAX:
            self._nonces.popitem(last=False)
        return Challenge(self._passwords.realm, text)

    def _nonce(self, text: str, address: str) -> _Nonce | None:
        """A nonce that was given to an address and is still good."""
        nonce = self._nonces.get(text)
        if nonce is None or nonce.address != address:
            return None
        if self._monotonic() - nonce.used >= NONCE_S:
            del self._nonces[text]
            return None
        return nonce

    def _use(self, text: str, nonce: _Nonce) -> None:
        nonce.used = self._monotonic()
        self._nonces.move_to_end(text)
        self._proved[nonce.address] = nonce.used
        self._proved.move_to_end(nonce.address)
        while len(self._proved) > NONCES_MAX:
            self._proved.popitem(last=False)


def answer(digest: str, nonce: str, count: int | str) -> bytes:
    """What a request says that knows a password's digest."""
    text = f"{digest}:{nonce}:{count}".encode(errors="replace")
    return hashlib.md5(text, usedforsecurity=False).hexdigest().encode()


def _fresh(nonce: _Nonce, count: int) -> bool:
    """Whether a count was not used yet."""
    behind = nonce.highest - count
    if behind < 0:
        return count <= 2**53
    return count > 0 and behind < WINDOW and not nonce.seen >> behind & 1


def _note(nonce: _Nonce, count: int) -> None:
    """Take a count as used."""
    behind = nonce.highest - count
    if behind < 0:
        nonce.seen = nonce.seen << min(-behind, WINDOW) & ((1 << WINDOW) - 1)
        nonce.highest, behind = count, 0
    nonce.seen |= 1 << behind
