"""A watch's connection for a thread that waits.

A WebSocket that blocks is read by one thread and written by another. Over TLS they may lose a
request, and then wait for ever: OpenSSL forbids it. So one loop does both, in its own thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Coroutine, Mapping
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from websockets.asyncio.client import ClientConnection, connect

CLOSE_S: Final = 15.0  # for a connection to be closed; the library waits 10 s for the other side

T = TypeVar("T")


class WaitingSocket:
    """A WebSocket to wait at. To be entered.

    Args:
        options: of websockets' `connect`.
    """

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._options = options
        self._runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        self._loop = self._runner.get_loop()
        self._over = asyncio.Event()
        self._opened: Future[ClientConnection] = Future()
        self._thread = threading.Thread(target=self._run, name="grange-watch", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        try:
            self._socket = self._opened.result()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    def send(self, data: str | bytes) -> None:
        """Send a message."""
        self._do(self._socket.send(data), None)

    def recv(self, timeout_s: float | None) -> str | bytes:
        """Wait for a message.

        Raises:
            TimeoutError: none came.
        """
        return self._do(self._socket.recv(), timeout_s)

    def _do(self, work: Coroutine[Any, Any, T], timeout_s: float | None) -> T:
        done = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return done.result(timeout_s)
        finally:
            done.cancel()

    def _end(self) -> None:
        with contextlib.suppress(RuntimeError):  # it never opened: the loop is closed
            self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(CLOSE_S)

    def _run(self) -> None:
        with self._runner:
            self._runner.run(self._serve())

    async def _serve(self) -> None:
        try:
            async with connect(**self._options) as socket:
                self._opened.set_result(socket)
                await self._over.wait()
        except Exception as error:  # noqa: BLE001 (who enters is told)
            if not self._opened.done():
                self._opened.set_exception(error)
