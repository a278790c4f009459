"""Frames of the simulated workers."""

from __future__ import annotations

import pytest
from websockets.frames import Frame, Opcode
from websockets.streams import StreamReader

from bench.swarm.frames import BINARY, OPENED, NotUnderstood, Reader, frame

SWITCHED = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"


def served(payload: bytes) -> bytes:
    """A frame as a server writes it, by the library that the server uses."""
    return Frame(Opcode.BINARY, payload).serialize(mask=False)


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536])
def test_what_we_send_is_what_a_server_reads(size: int) -> None:
    stream = StreamReader()
    stream.feed_data(frame(b"x" * size))
    parsing = Frame.parse(stream.read_exact, mask=True)
    with pytest.raises(StopIteration) as parsed:
        next(parsing)
    assert parsed.value.value.data == b"x" * size


@pytest.mark.parametrize("cut", [1, 7, 100, 70_000])
def test_frames_are_read_however_they_are_cut(cut: int) -> None:
    payloads = [b"a", b"b" * 126, b"c" * 65_536, b""]
    data = SWITCHED + b"".join(served(payload) for payload in payloads)
    reader = Reader()
    pieces = [data[at : at + cut] for at in range(0, len(data), cut)]
    found = [item for piece in pieces for item in reader.feed(piece)]
    assert found == [(OPENED, b""), *((BINARY, payload) for payload in payloads)]


def test_a_refused_handshake_is_told() -> None:
    with pytest.raises(NotUnderstood, match="401 Unauthorized"):
        list(Reader().feed(b"HTTP/1.1 401 Unauthorized\r\n\r\n"))
