"""Frames of the worker link: one message, or several."""

from __future__ import annotations

import msgspec
import pytest

from grange.wire.codec import (
    PACK_MAX,
    PACKED_MAX,
    WireError,
    decode_to_server,
    encode,
    pack,
    unpack_to_server,
    unpack_to_worker,
)
from grange.wire.worker import MESSAGE_MAX, Beat, BeatAck


@pytest.mark.parametrize("count", [1, 2, 15, 16, 17, PACK_MAX])
def test_what_is_packed_comes_out_in_order(count: int) -> None:
    up = [Beat(number=number) for number in range(count)]
    down = [BeatAck(number=number, lease_s=1.5) for number in range(count)]
    assert unpack_to_server(pack([encode(message) for message in up])) == up
    assert unpack_to_worker(pack([encode(message) for message in down])) == down


def test_a_frame_of_one_message_is_the_message() -> None:
    assert pack([encode(Beat(number=7))]) == encode(Beat(number=7))


def test_a_frame_of_another_writer_may_hold_more_than_ours() -> None:
    beats = [Beat(number=number) for number in range(PACKED_MAX)]
    assert unpack_to_server(msgspec.msgpack.encode(beats)) == beats
    assert unpack_to_server(msgspec.msgpack.encode([])) == []


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x92",
        b"\xdc\xff\xff",
        msgspec.msgpack.encode([1, 2]),
        msgspec.msgpack.encode([[{"type": "beat", "number": 1}]]),
        encode(BeatAck(number=1, lease_s=1)),
        b"\x90" * (MESSAGE_MAX + 1),
        msgspec.msgpack.encode([Beat(number=1)] * (PACKED_MAX + 1)),
    ],
    ids=[
        *("nothing", "cut", "long and cut", "numbers", "nested", "for others", "too long"),
        "too many",
    ],
)
def test_what_is_no_frame_is_refused(data: bytes) -> None:
    with pytest.raises(WireError):
        unpack_to_server(data)


def test_the_first_frame_is_one_message() -> None:
    with pytest.raises(WireError):
        decode_to_server(pack([encode(Beat(number=1)), encode(Beat(number=2))]))
