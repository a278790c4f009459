"""The Afanasy door: a request, in whatever framing, to its answer in the same."""

from __future__ import annotations

import asyncio
import html
import logging
from collections.abc import Awaitable, Sequence
from typing import Any, Final, Protocol, assert_never

import msgspec

from grange.core.effects import Effect
from grange.core.errors import Rejected
from grange.core.events import Event
from grange.doors.afanasy import reply
from grange.doors.afanasy.access import Access
from grange.doors.afanasy.answering import Answering
from grange.doors.afanasy.asked import NotUnderstood
from grange.doors.afanasy.binary import messages, types
from grange.doors.afanasy.binary.primitives import Broken
from grange.doors.afanasy.binary.types import Kind
from grange.doors.afanasy.digest import Challenge
from grange.doors.afanasy.framing import (
    Binary,
    Get,
    Post,
    Request,
    Text,
    error_body,
    http_reply,
    json_of,
    text_reply,
)
from grange.doors.afanasy.listener import AfanasyListener, Peer
from grange.doors.afanasy.orders import theirs
from grange.doors.afanasy.reply import Reply
from grange.doors.afanasy.static import Static
from grange.server.caller import Caller
from grange.server.decode import decode_json
from grange.server.desk import Desk
from grange.server.engine import Stopped
from grange.server.refusal import BodyTooLarge, Refusal

VALUES_MAX: Final = 2_000_000  # of one request's JSON
_COUNTED: Final = (b",", b"[", b"{", b":")
_OF_RENDERS: Final = frozenset({Kind.RENDER_REGISTER, Kind.RENDER_UPDATE, Kind.RENDER_DEREGISTER})
_CONFIRMED: Final = frozenset({Kind.CONFIRM, Kind.STRING})  # whatever they say
#: Binary messages that the original answers as if they had been text.
_TEXTUAL: Final = frozenset({*_CONFIRMED, Kind.MONITOR_DEREGISTER})
_JSON: Final = frozenset({Kind.JSON, Kind.JSON_BINARY})

log = logging.getLogger("grange.doors.afanasy")


class Nodes(Protocol):
    """Knows the render nodes."""

    async def answer(self, request: Binary, caller: Caller) -> Reply:
        """Answer a message of one."""
        ...

    async def run(self) -> None:
        """See to those that are silent."""

    def perform(self, effects: Sequence[Effect]) -> None:
        """Carry out what concerns them."""


class AfanasyDoor:
    """One port for Afanasy's clients.

    Args:
        desk: what it stands before.
        listener: its port.
        access: tells who may come in.
        answering: knows what requests mean.
        static: files for browsers.
        nodes: the render nodes; None: none may join.
    """

    def __init__(
        self,
        desk: Desk,
        *,
        listener: AfanasyListener,
        access: Access,
        answering: Answering,
        static: Static,
        nodes: Nodes | None,
    ) -> None:
        self._desk = desk
        self._listener = listener
        self._access = access
        self._answering = answering
        self._static = static
        self._nodes = nodes

    @property
    def address(self) -> str:
        """Where clients of this machine find it."""
        return self._listener.address

    async def run(self) -> None:
        """Serve until stopped or cancelled."""
        async with asyncio.TaskGroup() as group:
            nodes = group.create_task(self._nodes.run()) if self._nodes is not None else None
            await self._listener.run(self.answer)
            if nodes is not None:
                nodes.cancel()

    def stop(self) -> None:
        """Take no more, finish what is under way, and let `run` return."""
        self._listener.stop()

    def publish(self, events: Sequence[Event]) -> None:
        """Tell those who watch; must not block."""
        self._answering.publish(events)

    def perform(self, effects: Sequence[Effect]) -> None:
        """Carry out what concerns render nodes; must not block."""
        if self._nodes is not None:
            self._nodes.perform(effects)

    async def answer(self, request: Request, peer: Peer) -> bytes:
        """The answer to a request; nothing where the client waits for none."""
        match request:
            case Text():
                found = await self._told(self._ask(request.body, peer))
                return _binary(found) if found.kind else _text(found, bare=request.bare)
            case Binary():
                found = await self._told(self._ask_binary(request, peer))
                if request.kind is Kind.RENDER_REGISTER and not found.kind:
                    return b""  # it takes any answer as a word that it is in
                return _text(found) if request.kind in _TEXTUAL else _binary(found)
            case Get() | Post():
                return await self._answer_page(request, peer)
            case _:
                assert_never(request)

    async def _answer_page(self, request: Get | Post, peer: Peer) -> bytes:
        try:
            self._access.check_page(request, peer.reached)
        except Refusal as why:
            return http_reply(why.status, error_body(str(why)))
        if isinstance(request, Get):
            pictures = self._access.sees_pictures(peer.address)
            return await self._static.serve(request, pictures=pictures)
        found = await self._told(self._ask(request.body, peer))
        return http_reply(200, _json(_shown(found.body)) if found.body is not None else b"")

    async def _told(self, work: Awaitable[Reply]) -> Reply:
        """What is answered, once all that it tells is on disk; or why nothing was done."""
        try:
            found = await work
            await self._desk.engine.settled()
        except Rejected as why:
            return reply.error(f"{theirs(why.field)}: {why}" if why.field else str(why))
        except (Refusal, Stopped, NotUnderstood, Broken) as why:
            return reply.error(str(why))
        except Exception:
            log.exception("a request could not be answered")
            return reply.error("the server has failed at this; its log says where")
        return found

    async def _ask(self, body: bytes, peer: Peer) -> Reply:
        """Answer a request in JSON."""
        root = decoded(body)
        entered = self._access.enter(root, peer.address)
        if isinstance(entered, Challenge):
            return Reply(body=entered)
        root.pop("auth", None)
        return await self._answering.answer(root, Caller(self._desk, entered))

    async def _ask_binary(self, request: Binary, peer: Peer) -> Reply:
        """Answer a binary message."""
        if request.kind in _JSON:
            return await self._ask(request.body, peer)
        if request.kind in _CONFIRMED:
            return reply.log("it came")
        caller = Caller(self._desk, self._access.machine(peer.address))
        if request.kind is Kind.MONITOR_UPDATE_ID:
            return await self._answering.poll(request.value, caller)
        if request.kind is Kind.MONITOR_DEREGISTER:
            self._answering.leave(request.value, caller)
            return reply.log("the monitor is forgotten")
        if request.kind in _OF_RENDERS and self._nodes is not None:
            return await self._nodes.answer(request, caller)
        return reply.error(f"a message of type {request.kind.name} is not answered here")


def decoded(body: bytes) -> dict[str, Any]:
    """The root of a request in JSON.

    Raises:
        BadRequest: it is none, or too much.
    """
    text = json_of(body)
    if len(text) > VALUES_MAX and sum(map(text.count, _COUNTED)) > VALUES_MAX:
        raise BodyTooLarge(f"a request has at most {VALUES_MAX} values")
    root: dict[str, Any] = decode_json(text, dict)
    return root


def _text(found: Reply, *, bare: bool = False) -> bytes:
    return text_reply(_json(found.body), bare=bare) if found.body is not None else b""


def _binary(found: Reply) -> bytes:
    """An answer as a binary message of its own kind, or JSON in one."""
    kind = Kind(found.kind)
    if kind is Kind.NULL:
        body = found.body
        return messages.encode(Kind.JSON_BINARY, _json(body)) if body is not None else b""
    if kind.holds_number:
        return types.number(kind, found.items)
    return messages.encode(kind, found.items)


def _json(body: Any) -> bytes:
    return msgspec.json.encode(body)


def _shown(body: Any) -> Any:
    """A body as the web page may have it, which shows lists of lines as HTML."""
    message = body.get("message") if isinstance(body, dict) else None
    if not isinstance(message, dict):
        return body
    lines = [html.escape(line, quote=False) for line in message.get("list", ())]
    return {**body, "message": {**message, "list": lines}}
