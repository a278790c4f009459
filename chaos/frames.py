"""WebSocket bytes cut into messages of the worker link, without understanding more.

Frames are those of RFC 6455, section 5.2. A frame that holds several messages of the link, as
an array, is taken apart, so that each has a fate of its own.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import msgspec

HEAD_END: Final = b"\r\n\r\n"
_CONTROL: Final = 0x8  # bit of the opcodes of close, ping and pong
_BINARY: Final = 0x82  # first byte of a frame that is a whole binary message
_MASKED: Final = 0x80  # bit of the second byte
_LONG: Final = 126  # as length: two bytes of length follow; one more: eight do
_HUGE: Final = 1 << 16


class Message(NamedTuple):
    """One message of the worker link."""

    raw: bytes  #: the frames that hold it and nothing else
    kind: str  #: its tag; "control" of a frame of the WebSocket itself, "" where there is none


class Head:
    """The HTTP head that a connection begins with, one way."""

    def __init__(self) -> None:
        self.raw = b""

    def feed(self, data: bytes) -> tuple[bool, bytes]:
        """Take bytes. Returns whether the head is whole, and the bytes that come after it."""
        self.raw += data
        end = self.raw.find(HEAD_END)
        if end < 0:
            return False, b""
        end += len(HEAD_END)
        rest, self.raw = self.raw[end:], self.raw[:end]
        return True, rest

    @property
    def switches(self) -> bool:
        """Whether it makes the connection a WebSocket, or asks for it."""
        return b"upgrade: websocket" in self.raw.lower()


class Messages:
    """Frames of one way, put together to messages."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._begun = b""  # frames of a message that is not whole yet
        self._payload = b""

    def feed(self, data: bytes) -> list[Message]:
        """Take bytes. Returns the messages that are whole now."""
        self._bytes += data
        found: list[Message] = []
        while (frame := self._frame()) is not None:
            raw, opcode, last, payload = frame
            if opcode & _CONTROL:
                found.append(Message(raw, "control"))
                continue
            self._begun += raw
            self._payload += payload
            if last:
                found += _taken_apart(self._begun, self._payload)
                self._begun = self._payload = b""
        return found

    def _frame(self) -> tuple[bytes, int, bool, bytes] | None:
        """The next whole frame: its bytes, opcode, whether it is a message's last, payload."""
        data = self._bytes
        if len(data) < 2:
            return None
        at, size = 2, data[1] & 0x7F
        if size >= _LONG:
            width = 2 if size == _LONG else 8
            at += width
            size = int.from_bytes(data[2:at], "big")
        mask_at = at
        if data[1] & _MASKED:
            at += 4
        if len(data) < at + size:
            return None
        raw = bytes(data[: at + size])
        del data[: at + size]
        payload = raw[at:] if at == mask_at else _unmasked(raw[mask_at:at], raw[at:])
        return raw, raw[0] & 0x0F, bool(raw[0] & 0x80), payload


def _unmasked(mask: bytes, payload: bytes) -> bytes:
    size = len(payload)
    key = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")).to_bytes(size, "big")


def _taken_apart(raw: bytes, payload: bytes) -> list[Message]:
    """The messages of one message of the WebSocket: each of an array, or itself."""
    try:
        parts = _array.decode(payload)
    except msgspec.MsgspecError:
        return [Message(raw, _kind(payload))]
    masked = bool(raw[1] & _MASKED)
    return [Message(_frame_of(bytes(part), masked=masked), _kind(bytes(part))) for part in parts]


def _frame_of(payload: bytes, *, masked: bool) -> bytes:
    size = len(payload)
    bit = _MASKED if masked else 0
    head = bytes((_BINARY, bit | (size if size < _LONG else _LONG if size < _HUGE else _LONG + 1)))
    if size >= _LONG:
        head += size.to_bytes(2 if size < _HUGE else 8, "big")
    return head + (bytes(4) if masked else b"") + payload  # a mask of zeros changes nothing


class _Tagged(msgspec.Struct):
    type: str


_array: Final = msgspec.msgpack.Decoder(list[msgspec.Raw])
_decoder: Final = msgspec.msgpack.Decoder(_Tagged)


def _kind(payload: bytes) -> str:
    try:
        return _decoder.decode(payload).type
    except msgspec.MsgspecError:
        return ""
