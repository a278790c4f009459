"""WebSocket frames of a client, as lean as a load generator needs them (RFC 6455, section 5)."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Final

OPENED: Final = 0  # no frame: the handshake was answered, the first word may be said
BINARY: Final = 0x82  # a whole message
CLOSE: Final = 0x88
PING: Final = 0x89
PONG: Final = 0x8A
SHORT_MAX: Final = 125  # bytes whose number stands in the frame's second byte
MIDDLE_MAX: Final = 0xFFFF  # bytes whose number takes two more; longer ones take eight
MIDDLE, LONG = 126, 127  # what the second byte says then
UNMASKED: Final = bytes(4)  # a mask of zeros: nothing to do for us, all the work for the server
HEAD_END: Final = b"\r\n\r\n"


class NotUnderstood(Exception):
    """The server sent what this client cannot read, or refused it; the text says what."""


def frame(payload: bytes, kind: int = BINARY) -> bytes:
    """One frame from a client, which has to be masked."""
    size = len(payload)
    if size <= SHORT_MAX:
        head = bytes((kind, 0x80 | size))
    elif size <= MIDDLE_MAX:
        head = bytes((kind, 0x80 | MIDDLE)) + size.to_bytes(2, "big")
    else:
        head = bytes((kind, 0x80 | LONG)) + size.to_bytes(8, "big")
    return head + UNMASKED + payload


def handshake(host: str, path: str, token: str) -> bytes:
    """The request that opens a WebSocket."""
    lines = (
        f"GET {path} HTTP/1.1",
        f"Host: {host}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {base64.b64encode(bytes(16)).decode()}",
        "Sec-WebSocket-Version: 13",
        f"Authorization: Bearer {token}",
    )
    return "\r\n".join(lines).encode() + HEAD_END


class Reader:
    """What a server sends: the answer to the handshake, then frames cut anywhere."""

    def __init__(self) -> None:
        self._held = b""
        self._open = False

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Kind and payload of each frame that is whole; first `OPENED`.

        Raises:
            NotUnderstood: the handshake was refused, or a message comes in pieces.
        """
        data = self._held + data if self._held else data
        if not self._open:
            head, found, rest = data.partition(HEAD_END)
            if not found:
                self._held = data
                return
            if not head.startswith(b"HTTP/1.1 101 "):
                raise NotUnderstood(head.partition(b"\r\n")[0].decode(errors="replace"))
            self._open, data = True, rest
            yield OPENED, b""
        at = 0
        while (whole := _whole(data, at)) is not None:
            begin, end = whole
            yield data[at], data[begin:end]
            at = end
        self._held = data[at:]


def _whole(data: bytes, at: int) -> tuple[int, int] | None:
    """Where the payload of the frame at `at` begins and ends; None while a part is missing."""
    if len(data) < at + 2:
        return None
    if not data[at] & 0x80:
        raise NotUnderstood("a message in pieces")
    size, begin = data[at + 1], at + 2
    if size in (MIDDLE, LONG):
        more = 2 if size == MIDDLE else 8
        if len(data) < begin + more:
            return None
        size, begin = int.from_bytes(data[begin : begin + more], "big"), begin + more
    return (begin, begin + size) if len(data) >= begin + size else None
