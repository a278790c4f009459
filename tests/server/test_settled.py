"""Answers wait until what they tell is durable; where it never will be, they say so."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from grange.server.asgi import Message, Receive, Scope, Send
from grange.server.engine import Stopped
from grange.server.request import respond
from grange.server.settled import Settled

HTTP: Scope = {"type": "http", "headers": []}


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    await respond(send, 200, b"done", {})


async def nothing() -> Message:
    return {}


def answered(settled: Callable[[], Awaitable[None]], scope: Scope = HTTP) -> list[Message]:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(_call(Settled(app, settled), scope, send))
    return sent


async def _call(door: Settled, scope: Scope, send: Send) -> None:
    await door(scope, nothing, send)


async def stopped() -> None:
    raise Stopped("the server is stopping")


def test_an_answer_goes_out_once_it_is_durable() -> None:
    order: list[str] = []

    async def settled() -> None:
        order.append("durable")

    sent = answered(settled)
    assert order == ["durable"]
    assert [sent[0]["status"], sent[1]["body"]] == [200, b"done"]


def test_a_server_that_stops_says_so_in_the_place_of_what_may_be_lost() -> None:
    sent = answered(stopped)
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert sent[0]["status"] == 503
    assert b"server-stopping" in sent[1]["body"]
    assert b"done" not in sent[1]["body"]


def test_a_websocket_sees_to_it_itself() -> None:
    sent = answered(stopped, {"type": "websocket", "headers": []})
    assert sent[1]["body"] == b"done"
