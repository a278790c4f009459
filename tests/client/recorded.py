"""A small server over real sockets, which answers as it was told and remembers what it got."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import msgspec
import uvicorn

from grange.model.views import ErrorBody, ErrorView
from grange.wire.watch import Watch

STOP_S = 5.0  # for the server's thread to end
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]


STAY: Final = object()  # among the messages of a watch: say no more until the other end goes


class Seen(msgspec.Struct, frozen=True):
    """A request that came."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """Its body, read."""
        return msgspec.json.decode(self.body)


class Answer(msgspec.Struct, frozen=True):
    """What is answered to a request."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = {}


class RecordedServer:
    """Serves in a thread, as a context.

    Attributes:
        seen: requests that came, in order.
        watched: first messages of the watches that were opened.
        watches: what each watch that is opened is sent before it is closed.
    """

    def __init__(self, certificate: Path | None = None, key: Path | None = None) -> None:
        self.seen: list[Seen] = []
        self.watched: list[Watch] = []
        self.watches: list[Sequence[Any]] = []
        self._answers: dict[tuple[str, str], list[Answer]] = {}
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._server = uvicorn.Server(
            uvicorn.Config(
                self._app,
                interface="asgi3",
                lifespan="off",
                log_config=None,
                ssl_certfile=str(certificate) if certificate else None,
                ssl_keyfile=str(key) if key else None,
                timeout_graceful_shutdown=1,
                ws="websockets-sansio",
            )
        )
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._server.serve([self._socket]))
        )
        scheme = "https" if certificate else "http"
        self.url = f"{scheme}://127.0.0.1:{self._socket.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.should_exit = True
        self._thread.join(STOP_S)
        self._socket.close()

    def forget(self) -> None:
        """Be as new."""
        self.seen.clear()
        self.watched.clear()
        self.watches.clear()
        self._answers.clear()

    def answer(self, what: str, *values: Any) -> None:
        """Answer a request, such as `GET /jobs/1`: with one value after the other, then the last.

        A value is an `Answer`, bytes, or what JSON is made of.
        """
        method, _, path = what.partition(" ")
        self._answers[method, f"/api/v1{path}"] = [_answer(value) for value in values]

    def refuse(self, what: str, status: int, code: str, message: str, **more: str) -> None:
        """Refuse a request."""
        body = ErrorView(error=ErrorBody(code=code, message=message, **more))
        self.answer(what, Answer(status, msgspec.json.encode(body)))

    def watch(self, *connections: Sequence[Any]) -> None:
        """Send the watches that are opened these messages, one list each."""
        self.watches += connections

    @property
    def last(self) -> Seen:
        """The last request that came."""
        return self.seen[-1]

    async def _app(self, scope: Any, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._serve_watch(receive, send)
            return
        body = b""
        while (message := await receive())["type"] == "http.request":
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        path, query = scope["path"], scope["query_string"].decode()
        self.seen.append(Seen(scope["method"], path, query, headers, body))
        await _reply(send, self._next(scope["method"], path))

    def _next(self, method: str, path: str) -> Answer:
        answers = self._answers.get((method, path), [])
        if not answers:
            missing = ErrorView(error=ErrorBody(code="no-such-path", message=f"nothing at {path}"))
            return Answer(404, msgspec.json.encode(missing))
        return answers.pop(0) if len(answers) > 1 else answers[0]

    async def _serve_watch(self, receive: Receive, send: Send) -> None:
        await receive()
        if not self.watches:
            await send({"type": "websocket.close"})  # before it is accepted: 403
            return
        await send({"type": "websocket.accept"})
        first = await receive()
        self.watched.append(msgspec.json.decode(first["text"], type=Watch))
        for message in self.watches.pop(0):
            if message is STAY:
                await receive()
                return
            await send({"type": "websocket.send", "text": msgspec.json.encode(message).decode()})
        await send({"type": "websocket.close", "code": 1012})


async def _reply(send: Send, answer: Answer) -> None:
    headers = [(name.encode(), value.encode()) for name, value in answer.headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


def _answer(value: Any) -> Answer:
    if isinstance(value, Answer):
        return value
    return Answer(200, value if isinstance(value, bytes) else msgspec.json.encode(value))
