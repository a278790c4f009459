"""Bytes of the worker link <-> messages."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from grange.wire.worker import MESSAGE_MAX, ToServer, ToWorker

T = TypeVar("T")


class WireError(Exception):
    """A peer sent bytes that are not a message of this protocol."""


_encoder = msgspec.msgpack.Encoder()
_to_server: msgspec.msgpack.Decoder[ToServer] = msgspec.msgpack.Decoder(ToServer)
_to_worker: msgspec.msgpack.Decoder[ToWorker] = msgspec.msgpack.Decoder(ToWorker)


def encode(message: ToServer | ToWorker) -> bytes:
    """Write one message."""
    return _encoder.encode(message)


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


def _decode(decoder: msgspec.msgpack.Decoder[T], data: bytes) -> T:
    if len(data) > MESSAGE_MAX:
        raise WireError(f"message of {len(data)} bytes; at most {MESSAGE_MAX}")
    try:
        return decoder.decode(data)
    except msgspec.MsgspecError as error:
        raise WireError(f"not a message of the worker link: {error}") from error
