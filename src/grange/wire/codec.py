"""Frames of the worker link <-> messages.

A frame is one message, or an array of them: what waits to be sent goes together. The first
frame each way is one message.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, TypeVar

import msgspec

from grange.model.unreadable import UNREADABLE
from grange.wire.worker import MESSAGE_MAX, ToServer, ToWorker

T = TypeVar("T")

PACK_MAX = 256  # messages of one frame that we send
PACKED_MAX = 4_096  # of one that we take
PACK_BYTES = 32 * 1024  # a frame with so many bytes takes no further message


class WireError(Exception):
    """A peer sent bytes that are not a message of this protocol."""


_encoder = msgspec.msgpack.Encoder()
_to_server: msgspec.msgpack.Decoder[ToServer] = msgspec.msgpack.Decoder(ToServer)
_to_worker: msgspec.msgpack.Decoder[ToWorker] = msgspec.msgpack.Decoder(ToWorker)
_Bounded = msgspec.Meta(max_length=PACKED_MAX)
_all_to_server = msgspec.msgpack.Decoder(Annotated[list[ToServer], _Bounded])
_all_to_worker = msgspec.msgpack.Decoder(Annotated[list[ToWorker], _Bounded])


def encode(message: ToServer | ToWorker) -> bytes:
    """Write one message."""
    return _encoder.encode(message)


def pack(messages: Sequence[bytes]) -> bytes:
    """Put encoded messages, at most `PACK_MAX` of them, into one frame."""
    count = len(messages)
    if count == 1:
        return messages[0]
    head = bytes((_FIXARRAY | count,)) if count < 16 else b"\xdc" + count.to_bytes(2, "big")
    return head + b"".join(messages)


def decode_to_server(data: bytes) -> ToServer:
    """Read a worker's message.

    Raises:
        WireError: not a message, or too large.
    """
    return _decode(_to_server, data)


def decode_to_worker(data: bytes) -> ToWorker:
    """Read a server's message.

    Raises:
        WireError: not a message, or too large.
    """
    return _decode(_to_worker, data)


def unpack_to_server(data: bytes) -> list[ToServer]:
    """Read a worker's frame.

    Raises:
        WireError: not a frame, or too large, or of too many messages.
    """
    return _decode(_all_to_server, data) if _is_array(data) else [_decode(_to_server, data)]


def unpack_to_worker(data: bytes) -> list[ToWorker]:
    """Read a server's frame.

    Raises:
        WireError: not a frame, or too large, or of too many messages.
    """
    return _decode(_all_to_worker, data) if _is_array(data) else [_decode(_to_worker, data)]


_FIXARRAY = 0x90  # msgpack: an array of fewer than 16; its low bits say how many


def _is_array(data: bytes) -> bool:
    return bool(data) and (data[0] & 0xF0 == _FIXARRAY or data[0] in (0xDC, 0xDD))


def _decode(decoder: msgspec.msgpack.Decoder[T], data: bytes) -> T:
    if len(data) > MESSAGE_MAX:
        raise WireError(f"message of {len(data)} bytes; at most {MESSAGE_MAX}")
    try:
        return decoder.decode(data)
    except UNREADABLE as error:
        raise WireError(f"not a message of the worker link: {error}") from error
