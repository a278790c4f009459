"""Answers that wait until what they tell is durable."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from grange.server.asgi import App, Message, Receive, Scope, Send


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

        async def when_settled(message: Message) -> None:
            if message["type"] == "http.response.start":
                await self._settled()
            await send(message)

        await self._app(scope, receive, when_settled)
