"""A small Afanasy server over real sockets: it answers as it was told and keeps what it got."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from grange.af.afnetwork import Address


class RecordedAfanasy:
    """Serves in a thread, one connection after the other; a context.

    Attributes:
        seen: requests that came, in order.
        answers: what each of the next ones gets: an object, or pieces of bytes as they are;
            `usual` when there are none left.
        usual: see there.
    """

    def __init__(self) -> None:
        self.seen: list[Any] = []
        self.answers: list[Any] = []
        self.usual: Any = {"info": {"kind": "log", "text": "Action processed."}}
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._came = threading.Condition()
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()

    @property
    def address(self) -> Address:
        return Address(*self._socket.getsockname()[:2])

    @property
    def last(self) -> Any:
        """The newest request; the first one is waited for, as nobody may have."""
        with self._came:
            assert self._came.wait_for(lambda: self.seen, timeout=10)
            return self.seen[-1]

    def _serve(self) -> None:
        while True:
            try:
                connection = self._socket.accept()[0]
            except OSError:
                return  # it is over
            with connection:
                connection.settimeout(10)
                try:
                    self._talk(connection)
                except ConnectionError:
                    continue  # who asked has not waited for an answer

    def _talk(self, connection: socket.socket) -> None:
        data = bytearray()
        header = None
        while header is None or len(data) < header.end() + int(header[1]):
            piece = connection.recv(4096)
            if not piece:
                return
            data += piece
            header = re.match(rb"AFANASY (\d+) JSON", data)
        with self._came:
            self.seen.append(json.loads(data[header.end() :]))
            self._came.notify_all()
        for piece in self._answer():
            connection.sendall(piece)

    def _answer(self) -> Sequence[bytes]:
        said = self.answers.pop(0) if self.answers else self.usual
        return said if isinstance(said, list) else [framed(json.dumps(said))]


def framed(text: str) -> bytes:
    """A reply as the original writes it."""
    body = text.encode()
    return b"AFANASY %d JSON" % len(body) + body
