"""The link: one WebSocket to the server, dialled again whenever it breaks."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import logging
import random
import socket
import ssl
from collections import deque
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

from typing_extensions import override
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, WebSocketException

from grange.wire.address import is_loopback
from grange.wire.codec import (
    PACK_BYTES,
    PACK_MAX,
    WireError,
    decode_to_worker,
    encode,
    pack,
    unpack_to_worker,
)
from grange.wire.worker import (
    LOG_CHUNK_MAX,
    MESSAGE_MAX,
    PATH,
    PICTURES_SINCE,
    Beat,
    Hello,
    Log,
    Picture,
    Refused,
    ToServer,
    ToWorker,
    Welcome,
)
from grange.worker.errors import LinkInsecure, LinkRefused

log = logging.getLogger(__name__)

RETRY_MIN_S: Final = 0.2  # pause before the first new try
RETRY_MAX_S: Final = 3.0
OPEN_MAX_S: Final = 10.0  # for connecting and for the server's first word
CLOSE_MAX_S: Final = 1.0
UNSENT_MAX: Final = 16 * 1024  # bytes that the kernel and the library hold back each
QUEUE_MAX: Final = 64 * 1024 * 1024  # bytes that wait to be sent; beyond it the link is dead
PICTURES_MAX: Final = 4  # thumbnails that wait for an idle moment; of more the oldest are dropped


class Link:
    """Dials, greets, and passes messages both ways.

    Args:
        server: ws:// or wss:// address; the protocol's path is added.
        credential: sent as a bearer token.
        fingerprint: SHA-256 of the server's certificate in hex, "" asks the system's CAs.
        hello: makes the first message of a connection.
        welcomed: takes the answer to it.
        received: takes every later message.
        lost: is told that the connection is gone.
        flushed: takes the bytes of log text that have left.
    """

    def __init__(
        self,
        *,
        server: str,
        credential: str,
        fingerprint: str,
        hello: Callable[[], Hello],
        welcomed: Callable[[Welcome], None],
        received: Callable[[ToWorker], None],
        lost: Callable[[], None],
        flushed: Callable[[int], None],
    ) -> None:
        self._trouble = ""  # that was told
        self._url = server.rstrip("/") + PATH
        self._headers = {"Authorization": f"Bearer {credential}"} if credential else {}
        self._tls = tls_of(server, fingerprint)
        self._hello = hello
        self._welcomed = welcomed
        self._received = received
        self._lost = lost
        self._flushed = flushed
        self._urgent: deque[bytes] = deque()  # beats: they pass what waits
        self._queue: deque[tuple[bytes, int]] = deque()  # frame, and log text in it
        self._queued = 0  # bytes
        self._pictures: deque[bytes] = deque(maxlen=PICTURES_MAX)
        self._version = 0  # of the protocol, as the server has said
        self._wake = asyncio.Event()
        self._ended = asyncio.Event()  # no other connection is to be made
        self._link: ClientConnection | None = None

    def send(self, message: ToServer) -> None:
        """Queue a message; what a dead link has queued is dropped with it."""
        if self._link is None:
            return
        data = encode(message)
        if isinstance(message, Beat):
            self._urgent.append(data)
        else:
            self._queue.append((data, len(message.data) if isinstance(message, Log) else 0))
            self._queued += len(data)
        self._wake.set()
        if self._queued > QUEUE_MAX:
            self.drop("too much waits to be sent")

    @property
    def takes_pictures(self) -> bool:
        """There is a server, and it knows thumbnails."""
        return self._link is not None and self._version >= PICTURES_SINCE

    def show(self, picture: Picture) -> None:
        """Send a thumbnail when nothing else is to be sent; it may be lost."""
        if self.takes_pictures:
            self._pictures.append(encode(picture))
            self._wake.set()

    def drop(self, reason: str) -> None:
        """Cut the present connection, which is of no more use; a new one is dialled."""
        link, self._link = self._link, None
        if link is not None:
            log.warning("dropping the connection: %s", reason)
            link.transport.abort()

    def close(self) -> None:
        """Send what is queued, close the connection, and let `run` return."""
        self._ended.set()
        self._wake.set()

    async def run(self) -> None:
        """Keep a connection until closed or cancelled.

        Raises:
            LinkRefused: the server says never to try again.
        """
        pause = RETRY_MIN_S
        while not self._ended.is_set():
            began = asyncio.get_running_loop().time()
            refusal = await self._try_to_talk()
            if asyncio.get_running_loop().time() - began > RETRY_MAX_S:
                pause = RETRY_MIN_S  # it held for a while
            if refusal is not None:
                if refusal.retry_s <= 0:
                    raise LinkRefused(refusal.message)
                await self._pause(refusal.retry_s * random.uniform(1.0, 1.5))  # noqa: S311
                continue
            await self._pause(pause * random.uniform(0.5, 1.0))  # noqa: S311 (no secret)
            pause = min(pause * 2, RETRY_MAX_S)

    async def _try_to_talk(self) -> Refused | None:
        """Hold one connection, if there is one; tell each new reason why there is none."""
        try:
            refusal = await self._talk()
        except (OSError, WebSocketException, WireError, TimeoutError) as error:
            self._tell(_reason(error))
            return None
        except Exception:  # the library's own faults must not end a worker
            log.exception("the connection broke in an unforeseen way")
            return None
        self._tell(refusal.message if refusal is not None else "")
        return refusal

    def _tell(self, trouble: str) -> None:
        if trouble and trouble != self._trouble:
            log.warning("no link to %s: %s; trying again", self._url, trouble)
        self._trouble = trouble

    async def _pause(self, seconds: float) -> None:
        """Wait before the next try, unless there is to be none."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._ended.wait()

    async def _talk(self) -> Refused | None:
        """Hold one connection until it ends."""
        async with connect(
            self._url,
            ssl=self._tls,
            additional_headers=self._headers,
            compression=None,
            proxy=None,
            ping_interval=None,  # the beats tell whether it lives
            open_timeout=OPEN_MAX_S,
            close_timeout=CLOSE_MAX_S,
            max_size=MESSAGE_MAX,
            write_limit=UNSENT_MAX,
        ) as link:
            await link.send(encode(self._hello()))
            async with asyncio.timeout(OPEN_MAX_S):
                answer = decode_to_worker(_binary(await link.recv()))
            if isinstance(answer, Refused):
                return answer
            if not isinstance(answer, Welcome):
                raise WireError(f"the server began with {type(answer).__name__}")
            await self._hold(link, answer)
        return None

    async def _hold(self, link: ClientConnection, welcome: Welcome) -> None:
        _keep_little_unsent(link)
        self._link = link
        self._version = welcome.version
        try:
            self._welcomed(welcome)
            async with asyncio.TaskGroup() as group:
                writer = group.create_task(self._write(link))
                await self._read(link)
                writer.cancel()
        except* (OSError, WebSocketException, WireError) as errors:
            log.warning("link lost: %s", _reason(errors.exceptions[0]))
        finally:
            self._link = None
            self._urgent.clear()
            self._queue.clear()
            self._pictures.clear()
            self._queued = 0
            self._lost()

    async def _read(self, link: ClientConnection) -> None:
        async for data in link:
            for message in unpack_to_worker(_binary(data)):
                self._received(message)

    async def _write(self, link: ClientConnection) -> None:
        flushed = 0
        while True:
            frame, text = self._next_frame()
            if frame:
                await link.send(frame)
                flushed += text
            if flushed and (flushed >= LOG_CHUNK_MAX or not self._queue):
                self._flushed(flushed)
                flushed = 0
            if not self._queue and not self._urgent:
                if self._ended.is_set():
                    await link.close()
                    return
                if not self._pictures:
                    self._wake.clear()
                    await self._wake.wait()

    def _next_frame(self) -> tuple[bytes, int]:
        """What is to go out next, beats first, and how much log text is in it."""
        messages: list[bytes] = []
        size = text = 0
        while self._urgent and len(messages) < PACK_MAX:
            messages.append(self._urgent.popleft())
        while self._queue and len(messages) < PACK_MAX and size < PACK_BYTES:
            data, log_text = self._queue.popleft()
            messages.append(data)
            size += len(data)
            text += log_text
        self._queued -= size
        if not messages and self._pictures:
            messages.append(self._pictures.popleft())
        return (pack(messages) if messages else b""), text


def _keep_little_unsent(connection: ClientConnection) -> None:
    """Let the kernel hold little that is not on its way: a beat cannot pass what it holds."""
    if hasattr(socket, "TCP_NOTSENT_LOWAT"):
        plain = connection.transport.get_extra_info("socket")
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_MAX)


def _binary(data: str | bytes) -> bytes:
    if isinstance(data, str):
        raise WireError("a text frame")
    return data


def _reason(error: Exception) -> str:
    if isinstance(error, InvalidHandshake):
        return f"the server refuses the connection: {error}"
    return str(error) or type(error).__name__


def tls_of(server: str, fingerprint: str) -> ssl.SSLContext | None:
    """Give what a connection is made with; None without TLS, which only this machine may be.

    Raises:
        LinkInsecure: it would be in the clear, or it is no address.
    """
    try:
        parts = urlsplit(server)
    except ValueError as error:
        raise LinkInsecure(f"{server!r} is no address: {error}") from error
    if not server.isprintable():  # what the line above has read over
        raise LinkInsecure(f"{server!r} is no address: it has characters that nobody sees")
    if parts.scheme == "ws":
        if not is_loopback(parts.hostname or ""):
            raise LinkInsecure(f"{server} is not on this machine: use wss://")
        return None
    if parts.scheme != "wss":
        raise LinkInsecure(f"{server!r} is no address of a server: it starts with wss:// or ws://")
    context = ssl.create_default_context()
    if fingerprint:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE  # the pin below is what counts
        context.sslobject_class = _pinned(fingerprint)
    return context


def _pinned(fingerprint: str) -> type[ssl.SSLObject]:
    """TLS that ends the handshake, before anything is sent, unless the pin matches."""
    wanted = fingerprint.replace(":", "").lower()

    class PinnedObject(ssl.SSLObject):
        @override
        def do_handshake(self) -> None:
            super().do_handshake()
            certificate = self.getpeercert(binary_form=True) or b""
            found = hashlib.sha256(certificate).hexdigest()
            if not hmac.compare_digest(found, wanted):
                raise ssl.SSLCertVerificationError(
                    f"the server's certificate is not the one that was agreed on: {found}"
                )

    return PinnedObject
