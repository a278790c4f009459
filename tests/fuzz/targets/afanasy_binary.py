"""The door of Afanasy farms: binary messages."""

from __future__ import annotations

from collections.abc import Iterator

from grange.doors.afanasy.binary import messages
from grange.doors.afanasy.binary.primitives import Broken
from grange.doors.afanasy.binary.types import HEADER_BYTES, Kind, framed, header, number
from tests.doors.afanasy.recorded import all_recorded
from tests.fuzz.target import Target


def message(data: bytes) -> None:
    """A message with its header, and back to bytes."""
    found = header(data[:HEADER_BYTES])
    if found.kind.holds_number:
        assert number(found.kind, found.value) == data[:HEADER_BYTES]
        return
    value = messages.decode(found.kind, data[HEADER_BYTES : HEADER_BYTES + found.size])
    written = messages.encode(found.kind, value)
    assert (
        messages.encode(found.kind, messages.decode(found.kind, written[HEADER_BYTES:])) == written
    )


def recorded() -> Iterator[bytes]:
    """The messages of a real server, one of each kind."""
    known: set[bytes] = set()
    for item in all_recorded():
        for said in (item["input"], item["output"]):
            for key, value in said.items() if isinstance(said, dict) else ():
                data = bytes.fromhex(value) if key.endswith("hex") else b""
                if data and data[:8] not in known:
                    known.add(data[:8])
                    yield data


BINARY = Target(
    name="afanasy binary message",
    parse=message,
    reaches=(
        "grange.doors.afanasy.binary.types:header",
        "grange.doors.afanasy.binary.messages:decode",
        "grange.doors.afanasy.binary.primitives:Reader.unpack",
        "grange.doors.afanasy.binary.primitives:Text.read",
    ),
    refuses=(Broken,),
    seeds=tuple(recorded()),
    work=12.0,  # a text of five bytes is read and written twice
    grows=(
        lambda size: framed(Kind.STRING_LIST, b"\x7f\xff\xff\xff" + b"\0" * size),
        lambda size: framed(
            Kind.STRING_LIST, (size // 5).to_bytes(4, "big") + b"\0\0\0\1\0" * (size // 5)
        ),
    ),
)
TARGETS = (BINARY,)
