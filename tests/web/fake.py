"""A farm that only says what a test tells it to, behind the real guard, page and listener."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from grange.model.states import Role
from grange.model.views import ErrorBody, ErrorView, Whoami
from grange.server.asgi import Message, Receive, Scope, Send
from grange.server.guard import Guard
from grange.server.http import Listener
from grange.server.page import Page
from grange.wire.watch import PATH, Patch, Snapshot, Watch

START_MAX_S = 10.0
PATIENCE_S = 15.0
ROOT = "/api/v1"
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


class FakeFarm:
    """What is served, and what was asked for. Set it from any thread."""

    def __init__(self) -> None:
        self.snapshot: Snapshot | None = None  #: to whoever comes without a number
        self.json: dict[str, object] = {}  #: answers of GET, by path below the API's root
        self.bytes: dict[str, bytes] = {}  #: the same, as bytes, by Range
        self.watches: list[Watch] = []  #: as they came
        self.changes: list[tuple[str, str, bytes]] = []  #: method, path, body of what was not GET
        self.role = Role.ADMIN
        self.listens = True  #: takes WebSockets
        self.signed_in = True
        self._page = Page.of_package()
        self._loop = asyncio.new_event_loop()
        self._watchers: set[asyncio.Queue[bytes | None]] = set()
        self._up = threading.Event()

    @property
    def url(self) -> str:
        return self._listener.url

    @property
    def last_watch(self) -> Watch:
        return self.watches[-1]

    def patch(self, **fields: Any) -> None:
        """Send a patch to all that watch."""
        self._loop.call_soon_threadsafe(self._send, msgspec.json.encode(Patch(**fields)))

    def hang_up(self) -> None:
        """Break off all watching."""
        self._loop.call_soon_threadsafe(self._send, None)

    def eventually(self, check: Callable[[], object]) -> None:
        """Wait until something holds."""
        give_up = time.monotonic() + PATIENCE_S
        while not check():
            assert time.monotonic() < give_up, f"it never came to hold; {self.watches[-3:]}"
            time.sleep(0.01)

    def _send(self, data: bytes | None) -> None:
        for watcher in self._watchers:
            watcher.put_nowait(data)

    # --- ASGI ----------------------------------------------------------------------------------

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._watch(scope, receive, send)
            return
        body = await _body(receive)
        status, headers, content = self._answer(scope, body)
        head = [(name.encode(), value.encode()) for name, value in headers.items()]
        head.append((b"content-length", str(len(content)).encode()))
        await send({"type": "http.response.start", "status": status, "headers": head})
        await send({"type": "http.response.body", "body": content})

    def _answer(self, scope: Scope, body: bytes) -> tuple[int, dict[str, str], bytes]:
        path = scope["path"]
        if not path.startswith(ROOT):
            asset = self._page.find(path.lstrip("/")) or self._page.index
            return 200, {"content-type": asset.media_type}, asset.content
        path = path.removeprefix(ROOT)
        if not self.signed_in:
            return _refused(401, "unauthenticated")
        if scope["method"] != "GET":
            self.changes.append((scope["method"], path, body))
            return 200, {"content-type": "application/json"}, b"{}"
        if path in self.bytes:
            asked = dict(scope["headers"]).get(b"range", b"").decode()
            return _part(self.bytes[path], asked)
        me = Whoami(user="ada", role=self.role)
        none = {"thumbnails": ()} if path.endswith("/thumbnails") else None
        found = {"/whoami": me, **self.json}.get(path, none)
        if found is None:
            return _refused(404, "no-such-path")
        return 200, {"content-type": "application/json"}, msgspec.json.encode(found)

    async def _watch(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["path"] == PATH
        await receive()
        if not self.listens:
            await send({"type": "websocket.close", "code": 1013, "reason": "not now"})
            return
        await send({"type": "websocket.accept"})
        waiting: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._watchers.add(waiting)
        try:
            async with asyncio.TaskGroup() as group:
                sending = group.create_task(_pass_on(waiting, send))
                while (message := await receive())["type"] == "websocket.receive":
                    self._heard(message, waiting)
                sending.cancel()
        finally:
            self._watchers.discard(waiting)

    def _heard(self, message: Message, waiting: asyncio.Queue[bytes | None]) -> None:
        watch = msgspec.json.decode(message["text"], type=Watch)
        self.watches.append(watch)
        if watch.after == 0 and self.snapshot is not None:
            waiting.put_nowait(msgspec.json.encode(self.snapshot))

    # --- running -------------------------------------------------------------------------------

    def run(self) -> None:
        """Serve until stopped."""
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        guard = Guard(self, hosts=(), origins=(), body_max_bytes=100_000)
        self._listener = Listener(host="127.0.0.1", port=0, tls=None, stop_max_s=1)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listener.run(guard))
            await self._listener.ready.wait()
            self._up.set()

    def started(self) -> None:
        assert self._up.wait(START_MAX_S)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._listener.stop)


async def _pass_on(waiting: asyncio.Queue[bytes | None], send: Send) -> None:
    while (data := await waiting.get()) is not None:
        await send({"type": "websocket.send", "text": data.decode()})
    await send({"type": "websocket.close", "code": 1001, "reason": "going away"})


async def _body(receive: Receive) -> bytes:
    body: bytes = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body


def _refused(status: int, code: str) -> tuple[int, dict[str, str], bytes]:
    view = ErrorView(error=ErrorBody(code=code, message="no"))
    return status, {"content-type": "application/json"}, msgspec.json.encode(view)


def _part(content: bytes, asked: str) -> tuple[int, dict[str, str], bytes]:
    """Answer a Range as the native door does."""
    headers = {"content-type": "application/octet-stream"}
    found = _RANGE.fullmatch(asked)
    if found is None:
        return 200, headers, content
    size = len(content)
    low, high = found.groups()
    first = int(low) if low else max(0, size - int(high))
    last = min(int(high), size - 1) if low and high else size - 1
    if first > last:
        return 416, headers | {"content-range": f"bytes */{size}"}, b""
    part = {"content-range": f"bytes {first}-{last}/{size}"}
    return 206, headers | part, content[first : last + 1]


@contextmanager
def fake_farm() -> Iterator[FakeFarm]:
    """Serve one."""
    farm = FakeFarm()
    thread = threading.Thread(target=farm.run)
    thread.start()
    try:
        farm.started()
        yield farm
    finally:
        farm.stop()
        thread.join(START_MAX_S)
