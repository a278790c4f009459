"""Answers that wait until what they tell is durable."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from grange.server.asgi import App, Message, Receive, Scope, Send
from grange.server.caller import RETRY_S
from grange.server.engine import Stopped
from grange.server.guard import refuse
from grange.server.refusal import Stopping


class Settled:
    """Lets no answer begin while memory is ahead of the disk.

    A door reads the farm in memory. Should the server die before the batch that it reads is
    on disk, a task that somebody saw done would be undone. A link or a feed (WebSocket) waits
    where it sends what it has read.

    Args:
        app: what is answered by.
        settled: returns once all that could be read at its call is on disk.
    """

    def __init__(self, app: App, settled: Callable[[], Awaitable[None]]) -> None:
        self._app = app
        self._settled = settled

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        out = _Answer(scope, send, self._settled)
        await self._app(scope, receive, out.send)


class _Answer:
    """One answer; in its place, where the server stops, that it does."""

    def __init__(self, scope: Scope, send: Send, settled: Callable[[], Awaitable[None]]) -> None:
        self._scope = scope
        self._send = send
        self._settled = settled
        self._refused = False

    async def send(self, message: Message) -> None:
        """Pass a message on."""
        if message["type"] == "http.response.start":
            try:
                await self._settled()
            except Stopped as why:
                self._refused = True
                await refuse(self._scope, self._send, Stopping(str(why), retry_s=RETRY_S))
        if not self._refused:
            await self._send(message)
