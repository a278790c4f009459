"""The join code: all that a machine needs to find the server, to know it, and to be let in.

`grange1-` and then, in base32 without padding: two bytes of port, one byte that says whether
a fingerprint follows, the SHA-256 fingerprint of the server's certificate, 16 bytes of
secret, the host in UTF-8, and a CRC-32 of all that against slips in copying.
"""

from __future__ import annotations

import base64
import binascii
import struct
from typing import Final

import msgspec

from grange.wire import address

PREFIX: Final = "grange1-"
SECRET_BYTES: Final = 16  # 128 bits: not to be guessed in the hour that a code lives
HOST_MAX: Final = 255  # bytes of a host's name
_FINGERPRINT_BYTES: Final = 32
_HEAD: Final = struct.Struct("!H?")
_CHECK: Final = struct.Struct("!I")
_CODE_MAX: Final = 1_024  # characters, blanks included


class BadJoinCode(ValueError):
    """A text that is not a join code, or one with a slip in it."""


class JoinCode(msgspec.Struct, frozen=True, kw_only=True):
    """What a join code says."""

    host: str  #: name or address of the server
    port: int
    fingerprint: str = ""  #: SHA-256 of its certificate, hex; "" where it speaks without TLS
    secret: bytes  #: shows that its holder was invited

    @property
    def url(self) -> str:
        """The server's address, without a path."""
        return address.url(self.host, self.port, encrypted=bool(self.fingerprint))


def encode(code: JoinCode) -> str:
    """Write a join code."""
    pin = bytes.fromhex(code.fingerprint)
    body = _HEAD.pack(code.port, bool(pin)) + pin + code.secret + code.host.encode()
    whole = body + _CHECK.pack(binascii.crc32(body))
    return PREFIX + base64.b32encode(whole).decode("ascii").rstrip("=").lower()


def decode(text: str) -> JoinCode:
    """Read a join code. Blanks and line breaks within it, and capitals, do no harm.

    Raises:
        BadJoinCode: not a join code, or one with a slip in it.
    """
    body = _body(text)
    try:
        port, pinned = _HEAD.unpack_from(body)
        rest = body[_HEAD.size :]
        size = _FINGERPRINT_BYTES if pinned else 0
        pin, secret, host = rest[:size], rest[size:][:SECRET_BYTES], rest[size + SECRET_BYTES :]
        name = host.decode()
    except (struct.error, UnicodeDecodeError) as error:
        raise BadJoinCode("the join code says nothing that can be understood") from error
    if not name or len(host) > HOST_MAX:
        raise BadJoinCode("the join code names no server")
    return JoinCode(host=name, port=port, fingerprint=pin.hex(), secret=secret)


def _body(text: str) -> bytes:
    """The bytes of a code, its check passed and taken off."""
    if len(text) > _CODE_MAX:
        raise BadJoinCode(f"a join code is shorter than {len(text)} characters")
    tight = "".join(text.split()).lower()
    if not tight.startswith(PREFIX):
        raise BadJoinCode(f"a join code begins with {PREFIX!r}")
    letters = tight.removeprefix(PREFIX).upper()
    try:
        whole = base64.b32decode(letters + "=" * (-len(letters) % 8))
    except (binascii.Error, ValueError) as error:
        raise BadJoinCode("the join code has a character too many, too few or foreign") from error
    body, check = whole[: -_CHECK.size], whole[-_CHECK.size :]
    if len(check) != _CHECK.size or check != _CHECK.pack(binascii.crc32(body)):
        raise BadJoinCode("the join code has a slip in it: copy it again, whole")
    return body
