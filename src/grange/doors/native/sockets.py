"""The two WebSockets: authenticated here, held by the server's links and feed."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from grange.doors.native.parts import Parts
from grange.server.asgi import Receive, Scope, Send
from grange.server.guard import refuse
from grange.server.permissions import Act
from grange.server.refusal import NoSuchPath, Refusal
from grange.server.request import cookie, header, is_local, sender
from grange.server.sessions import COOKIE
from grange.server.socket import Socket
from grange.store.store import CredentialRecord
from grange.wire import watch, worker
from grange.wire.codec import encode

HELLO_MAX_S: Final = 10.0  # for the first word of a worker that is refused
CUT_MAX_S: Final = 1.0  # for the last word to one whose credential was revoked
POLICY: Final = 1008  # why a WebSocket is closed: what it wants is not allowed
PENDING_RETRY_S: Final = 5.0  # after which a pending worker asks again


class Sockets:
    """Takes every WebSocket of the native door.

    Args:
        parts: of the door.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._paths = {watch.PATH: self._watch, worker.PATH: self._worker}
        self._open: dict[str, set[AsgiSocket]] = {}  # by credential
        parts.gate.keyring.tell(self._cut)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one WebSocket until it ends."""
        try:
            serve = self._paths.get(scope["path"])
            if serve is None:
                raise NoSuchPath(f"no WebSocket at {scope['path'][:100]!r}")
            await serve(scope, receive, send)
        except Refusal as refusal:
            await refuse(scope, send, refusal)

    async def _watch(self, scope: Scope, receive: Receive, send: Send) -> None:
        principal = self._parts.gate.authenticate(
            address=sender(scope),
            authorization=header(scope, b"authorization"),
            cookie=cookie(scope, COOKIE),
            acts_for=header(scope, b"grange-user"),
            origin=header(scope, b"origin"),
            method="WEBSOCKET",
        )
        principal.require(Act.WATCH)
        left = principal.expires - self._parts.clock() if principal.expires else None
        async with self._accepted(principal.credential_id, receive, send, text=True) as socket:
            with contextlib.suppress(TimeoutError):  # it is nobody any more
                async with asyncio.timeout(left):
                    await self._parts.feed.serve(socket, principal)

    async def _worker(self, scope: Scope, receive: Receive, send: Send) -> None:
        address = sender(scope)
        credential = self._parts.gate.worker(
            address=address, authorization=header(scope, b"authorization"), local=is_local(scope)
        )
        async with self._accepted(credential.credential_id, receive, send, text=False) as socket:
            if credential.state == "active":
                await self._parts.links.serve(socket, credential, address)
            else:
                await _turn_away(socket, credential)

    @asynccontextmanager
    async def _accepted(
        self, credential_id: str, receive: Receive, send: Send, *, text: bool
    ) -> AsyncIterator[AsgiSocket]:
        """A WebSocket, its handshake answered, that ends when its credential is revoked."""
        socket = AsgiSocket(receive, send, text=text)
        self._open.setdefault(credential_id, set()).add(socket)
        try:
            await socket.accept()
            yield socket
        finally:
            others = self._open[credential_id]
            others.discard(socket)
            if not others:
                del self._open[credential_id]

    async def _cut(self, credential_id: str) -> None:
        for socket in list(self._open.get(credential_id, ())):
            with contextlib.suppress(TimeoutError):  # one that does not read is cut by its pings
                async with asyncio.timeout(CUT_MAX_S):
                    await socket.close(POLICY, "revoked")


async def _turn_away(socket: Socket, credential: CredentialRecord) -> None:
    """Tell a worker, in its own protocol, that it is pending or revoked."""
    if credential.state == "pending":
        answer = worker.Refused(
            code="pending",
            message=f"worker {credential.name!r} waits to be accepted:"
            f" grange token accept {credential.credential_id}",
            retry_s=PENDING_RETRY_S,
        )
    else:
        answer = worker.Refused(
            code="revoked", message=f"the credential of worker {credential.name!r} was revoked"
        )
    try:
        async with asyncio.timeout(HELLO_MAX_S):
            greeted = await socket.receive()
        if greeted is not None:
            await socket.send(encode(answer))
    except (ConnectionError, TimeoutError):
        pass  # it comes again, or it does not
    await socket.close(POLICY, answer.code)


class AsgiSocket:
    """A WebSocket over ASGI.

    Args:
        receive: of the connection.
        send: of the connection.
        text: whether to send text frames.
    """

    def __init__(self, receive: Receive, send: Send, *, text: bool) -> None:
        self._receive = receive
        self._send = send
        self._text = text
        self._gone = False

    async def accept(self) -> None:
        """Answer the handshake, unless it is closed by now."""
        await self._receive()
        if not self._gone:
            await self._send({"type": "websocket.accept"})

    async def receive(self) -> bytes | None:
        """The next message, text as UTF-8; None when the other side is gone."""
        message = {} if self._gone else await self._receive()
        if message.get("type") != "websocket.receive":
            self._gone = True
            return None
        binary: bytes | None = message.get("bytes")
        return binary if binary is not None else str(message.get("text", "")).encode()

    async def send(self, data: bytes) -> None:
        """Send a message; waits while the other side does not read.

        Raises:
            ConnectionError: the other side is gone.
        """
        content = {"text": data.decode()} if self._text else {"bytes": data}
        try:
            await self._send({"type": "websocket.send", **content})
        except OSError as error:  # ASGI: sending to who is gone raises one
            self._gone = True
            raise ConnectionResetError("the other side is gone") from error

    async def close(self, code: int, reason: str) -> None:
        """Say good-bye. Harmless when repeated, or when the other side is gone."""
        if self._gone:
            return
        self._gone = True
        with contextlib.suppress(OSError):
            await self._send({"type": "websocket.close", "code": code, "reason": reason})
