"""The door, open at a port, before a farm behind it: what comes back for bytes that are sent."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from grange.doors.afanasy.binary.types import HEADER_BYTES, Header, Kind, framed, header
from grange.doors.afanasy.opening import open_door
from grange.doors.afanasy.renders.renders import Renders
from grange.server.config import Settings
from tests.doors.afanasy.stand import Stand, standing

PATIENCE_S = 30.0
HOST = "farm"  # a name of the server


class Opened:
    """A farm whose door is open."""

    def __init__(self, stand: Stand, folder: Path, **settings: Any) -> None:
        self.stand = stand
        door = open_door(
            stand.desk,
            stand.gauges,
            Settings(state_dir=folder, port=0, **settings),
            nodes=Renders(
                stand.engine,
                stand.gauges,
                stand.logs,
                log_grew=lambda *_: None,
                show=lambda *_: None,
                touched=lambda _: None,
                monotonic=time.monotonic,
            ),
            hosts=[HOST],
            monotonic=time.monotonic,
        )
        assert door is not None
        self.door = door
        stand.answering = door._answering  # who watches is told what happens
        self._running = stand._loop.create_task(door.run())

    def say(self, data: bytes, *, end: bool = False) -> bytes:
        """All that comes back until the connection is closed.

        Args:
            data: what is sent.
            end: whether that is known to be all.
        """
        return self.stand.wait(asyncio.wait_for(self._say(data, end=end), PATIENCE_S))

    async def _say(self, data: bytes, *, end: bool) -> bytes:
        host, _, port = self.door.address.rpartition(":")
        reader, writer = await asyncio.open_connection(host.strip("[]"), int(port))
        writer.write(data)
        if end:
            writer.write_eof()
        try:
            return await reader.read()
        finally:
            writer.close()

    def text(self, root: Any) -> Any:
        """What a script is answered."""
        body = json.dumps(root).encode()
        said = self.say(b"AFANASY %d JSON" % len(body) + body)
        head, _, rest = said.partition(b"JSON")
        assert head == b"AFANASY %d " % len(rest)
        return json.loads(rest)

    def post(self, root: Any, **headers: str) -> tuple[int, Any]:
        """What the web page is answered: status, and body; None where that is empty."""
        body = root if isinstance(root, bytes) else json.dumps(root, ensure_ascii=False).encode()
        lines = {"Host": HOST, "AFANASY": "1", "Content-Length": str(len(body))} | headers
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value)
        status, _, found = self.http(f"POST / HTTP/1.1\r\n{head}\r\n".encode() + body)
        return status, json.loads(found) if found else None

    def http(self, data: bytes) -> tuple[int, str, bytes]:
        """Status, head and body of an answer to a browser."""
        head, _, body = self.say(data).partition(b"\r\n\r\n")
        assert f"Content-Length: {len(body)}".encode() in head
        return int(head.split()[1]), head.decode(), body

    def binary(self, kind: Kind, body: bytes) -> tuple[Header, bytes]:
        """What a binary message is answered: header and data."""
        return self.read(framed(kind, body))

    def read(self, data: bytes) -> tuple[Header, bytes]:
        said = self.say(data)
        found = header(said[:HEADER_BYTES])
        assert len(said) == HEADER_BYTES + found.size
        return found, said[HEADER_BYTES:]

    def close(self) -> None:
        """Stop serving."""
        self.door.stop()
        self.stand.wait(asyncio.wait_for(self._running, PATIENCE_S))


@contextmanager
def opened(folder: Path, **settings: Any) -> Iterator[Opened]:
    """A farm whose door is open, with settings."""
    with standing(folder) as stand:
        door = Opened(stand, folder, **settings)
        try:
            yield door
        finally:
            door.close()
