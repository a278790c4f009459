"""What the sessions need of a WebSocket, whatever the web framework."""

from __future__ import annotations

from typing import Protocol


class Socket(Protocol):
    """A WebSocket that was accepted. Text frames are given and taken as UTF-8."""

    async def receive(self) -> bytes | None:
        """The next message, None when the other side is gone."""

    async def send(self, data: bytes) -> None:
        """Send a message; returns when it may be forgotten.

        Raises:
            ConnectionError: the other side is gone.
        """

    async def close(self, code: int, reason: str) -> None:
        """Say good-bye. Harmless when repeated."""
