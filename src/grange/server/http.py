"""Listens: our doors behind the guard, under uvicorn, with every wait and size bounded."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import uvicorn
from typing_extensions import override
from uvicorn._types import ASGISendEvent
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from grange.server.asgi import App
from grange.wire.address import is_loopback, url
from grange.wire.worker import MESSAGE_MAX

HEAD_MAX_S: Final = 15.0  # from connection, or from a request's first byte, to the end of its head
HEAD_MAX_BYTES: Final = 64 * 1024  # of a request's line and headers, or of what is no body later
PIPELINED_MAX: Final = 100  # requests of one connection that wait for the answer before theirs
IDLE_MAX_S: Final = 75  # seconds between two requests of one connection; longer than browsers'
READ_MAX_S: Final = 120.0  # for the other side to read what fills its connection
PING_S: Final = 20.0  # seconds between the pings of a WebSocket, and for their answers
BACKLOG: Final = 4_096  # connections that wait to be accepted: a farm that comes back at once
EVERYWHERE: Final = ("", "0.0.0.0", "::")  # noqa: S104 (compared with, not listened at)
_BAD_REQUEST: Final = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
_TOO_LARGE: Final = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"Connection: close\r\nContent-Length: 0\r\n\r\n"
)


class CannotListen(Exception):
    """The server cannot listen as it is set; the text says what to do."""


class Tls:
    """The files of a certificate.

    Args:
        certificate: PEM, with its chain.
        key: PEM.
    """

    def __init__(self, certificate: Path, key: Path) -> None:
        self.certificate = certificate
        self.key = key


class Listener:
    """One HTTP listener. Its port is taken at once, and answered once it runs.

    Args:
        host: address to listen at.
        port: 0 for any free one.
        tls: None speaks plain HTTP, which only loopback may.
        connections_max: open at once; more are answered 503.
        stop_max_s: seconds for requests under way when it stops.

    Raises:
        CannotListen: the address is taken, or open to others without TLS.
    """

    def __init__(
        self,
        *,
        host: str,
        port: int,
        tls: Tls | None,
        connections_max: int = 20_000,
        stop_max_s: float = 10.0,
    ) -> None:
        if tls is None and not is_loopback(host):
            raise CannotListen(f"{host} can be reached by others: not without TLS")
        self.host = host
        self.ready = asyncio.Event()  # set once it answers
        self._tls = tls
        self._connections_max = connections_max
        self._stop_max_s = stop_max_s
        self._server: _Server | None = None
        self._socket = bind(host, port)
        self.port: int = self._socket.getsockname()[1]

    @property
    def url(self) -> str:
        """Its address on this machine."""
        host = self.host if self.host not in EVERYWHERE else "127.0.0.1"
        return url(host, self.port, encrypted=self._tls is not None)

    async def run(self, app: App) -> None:
        """Serve until stopped or cancelled; then what is under way gets its bounded time.

        Args:
            app: a door behind its guard.
        """
        self._server = _Server(self._config(app), self.ready)
        try:
            await self._server.serve(sockets=[self._socket])
        finally:
            self._socket.close()

    def stop(self) -> None:
        """Take no more, finish what is under way, and let `run` return."""
        if self._server is None:
            self._socket.close()
        else:
            self._server.should_exit = True

    def _config(self, app: App) -> uvicorn.Config:
        return uvicorn.Config(
            app,
            http=PatientHttp,
            ws=PatientSocket,
            loop="none",
            interface="asgi3",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            ws_max_size=MESSAGE_MAX,
            ws_ping_interval=PING_S,
            ws_ping_timeout=PING_S,
            timeout_keep_alive=IDLE_MAX_S,
            timeout_graceful_shutdown=max(1, round(self._stop_max_s)),
            limit_concurrency=self._connections_max,
            backlog=BACKLOG,
            ssl_certfile=self._tls.certificate if self._tls else None,
            ssl_keyfile=self._tls.key if self._tls else None,
        )


class PatientHttp(HttpToolsProtocol):
    """uvicorn's HTTP/1.1, with bounds on a request's head and on an answer's reader.

    uvicorn itself waits for ever for the first request of a connection, for the end of any
    head, for the rest of a request that is answered already, and for a reader that does not
    read: a few thousand such connections would use up a server's files. It also keeps any
    number of trailers, and of requests that are sent before they are asked for.
    """

    _head_timer: asyncio.TimerHandle | None = None
    _read_timer: asyncio.TimerHandle | None = None
    _idle_bytes = 0  # that ended no head and no request, and were no body
    _in_head = True

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        # asyncio does this only where a listening socket names its protocol; without it an
        # answer's second packet waits 40 ms for the first one's acknowledgement
        peer = transport.get_extra_info("socket")
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._wait_for_head()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        self._unread(None)
        super().connection_lost(exc)

    @override
    def data_received(self, data: bytes) -> None:
        if self._in_head and self._head_timer is None:
            self._wait_for_head()
        self._idle_bytes += len(data)
        super().data_received(data)
        if self._idle_bytes > HEAD_MAX_BYTES:
            self.transport.write(_TOO_LARGE)
            self.transport.close()

    @override
    def pause_writing(self) -> None:
        self._unread(self.loop.call_later(READ_MAX_S, self.transport.abort))
        super().pause_writing()

    @override
    def resume_writing(self) -> None:
        self._unread(None)
        super().resume_writing()

    @override
    def on_message_begin(self) -> None:
        self._in_head = True
        super().on_message_begin()

    @override
    def on_header(self, name: bytes, value: bytes) -> None:
        if self._in_head:  # trailers are nothing to us
            super().on_header(name, value)

    @override
    def on_headers_complete(self) -> None:
        self._in_head = False
        self._idle_bytes = 0
        self._stop_waiting()
        super().on_headers_complete()
        if len(self.pipeline) > PIPELINED_MAX:
            self.transport.abort()

    @override
    def on_body(self, body: bytes) -> None:
        self._idle_bytes = 0
        super().on_body(body)

    @override
    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._in_head = True
        self._idle_bytes = 0
        if self._answered and self._head_timer is None:
            self._wait_for_head()  # uvicorn has stopped its own timer when the rest came

    @override
    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._answered and not self._in_head and self._head_timer is None:
            self._wait_for_head()

    @property
    def _answered(self) -> bool:
        """Whether the last request that has begun is answered, be it whole or not."""
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is not None and cycle.response_complete

    def _unread(self, timer: asyncio.TimerHandle | None) -> None:
        if self._read_timer is not None:
            self._read_timer.cancel()
        self._read_timer = timer

    def _wait_for_head(self) -> None:
        self._head_timer = self.loop.call_later(HEAD_MAX_S, self._give_up)

    def _stop_waiting(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _give_up(self) -> None:
        self._head_timer = None
        if not self.transport.is_closing():
            self.transport.close()


class PatientSocket(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket, which ends what it cannot read, and reads no more than it can answer.

    uvicorn itself keeps a connection open for ever, and unseen, whose handshake its library
    gave up; and answers the pings of somebody who never reads.
    """

    @override
    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.handshake_exc is not None and not self.transport.is_closing():
            self.transport.write(_BAD_REQUEST)
            self.transport.close()

    @override
    def pause_writing(self) -> None:
        super().pause_writing()
        self.transport.pause_reading()

    @override
    def resume_writing(self) -> None:
        super().resume_writing()
        if not self.read_paused:
            self.transport.resume_reading()

    @override
    async def send(self, message: ASGISendEvent) -> None:
        await super().send(message)
        if self.close_sent and self.initial_response is not None:
            self.handshake_complete = True  # it was refused, which is no fault of ours


class _Server(uvicorn.Server):
    """uvicorn's server, which says when it listens and leaves the signals alone."""

    def __init__(self, config: uvicorn.Config, ready: asyncio.Event) -> None:
        super().__init__(config)
        self._ready = ready

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready.set()

    @override
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def raise_file_limit(wanted: int) -> None:
    """Let this process have as many open files as the system allows, up to `wanted`."""
    if sys.platform == "win32":
        return  # no such limit there
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    target = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < target:
        resource.setrlimit(resource.RLIMIT_NOFILE, (target, hard))


def bind(host: str, port: int, setting: str = "--port") -> socket.socket:
    """A socket that listens.

    Args:
        host: address to listen at.
        port: 0 for any free one.
        setting: what a person changes to have another port.

    Raises:
        CannotListen: the address is taken, or is none of this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    name = "127.0.0.1" if host == "localhost" else host
    try:
        return socket.create_server(
            (name, port),
            family=family,
            backlog=BACKLOG,
            dualstack_ipv6=family is socket.AF_INET6 and socket.has_dualstack_ipv6(),
        )
    except OSError as error:
        raise CannotListen(
            f"{host}:{port} cannot be listened at: {error.strerror}; is a server running there"
            f" already? Another port: {setting}"
        ) from error
