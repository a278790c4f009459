"""A WebSocket as the worker links and the watch feed use it, over plain ASGI."""

from __future__ import annotations

import contextlib

from grange.server.asgi import Receive, Send

NORMAL = 1000
GOING_AWAY = 1001
POLICY = 1008
TRY_LATER = 1013


class SocketClosed(Exception):
    """The other side is gone."""


class Socket:
    """One WebSocket, already checked by the guard and authenticated by its door.

    Args:
        receive: of the ASGI connection.
        send: of the ASGI connection.
    """

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send

    async def accept(self) -> None:
        """Answer the handshake."""
        await self._receive()
        await self._send({"type": "websocket.accept"})

    async def receive(self) -> bytes | str:
        """The next message: bytes of a binary one, a string of a text one.

        Raises:
            SocketClosed: there will be none.
        """
        message = await self._receive()
        if message["type"] != "websocket.receive":
            raise SocketClosed
        binary: bytes | None = message.get("bytes")
        return binary if binary is not None else str(message.get("text", ""))

    async def send(self, data: bytes | str) -> None:
        """Send a message, binary or text; waits while the other side does not read.

        Raises:
            SocketClosed: the other side is gone.
        """
        key = "text" if isinstance(data, str) else "bytes"
        try:
            await self._send({"type": "websocket.send", key: data})
        except OSError as error:  # ASGI: sending to who is gone raises one
            raise SocketClosed from error

    async def close(self, code: int = NORMAL, reason: str = "") -> None:
        """Close it. Harmless when the other side is gone."""
        with contextlib.suppress(OSError):
            await self._send({"type": "websocket.close", "code": code, "reason": reason})
