"""The guard: what never reaches an application."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from typing import Any

import pytest

from grange.server import guard
from grange.server.asgi import Message, Receive, Scope, Send
from grange.server.guard import CSP, Guard
from grange.server.refusal import BodyTooLarge
from grange.server.request import respond

BODY_MAX = 100  # bytes


async def reader(scope: Scope, receive: Receive, send: Send) -> None:
    """An application that reads a body and says how long it was."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        return
    size, more = 0, True
    while more:
        message = await receive()
        size += len(message["body"])
        more = message["more_body"]
    await respond(send, 200, str(size).encode(), {"Content-Type": "text/plain"})


class Sent:
    """What came back."""

    def __init__(self, messages: list[Message]) -> None:
        self.start = messages[0]
        self.status = self.start.get("status", 0)
        self.body = messages[-1].get("body", b"")
        self.headers = {name.decode(): value.decode() for name, value in self.start["headers"]}

    @property
    def code(self) -> str:
        return str(json.loads(self.body)["error"]["code"])


def ask(
    *headers: tuple[str, str],
    method: str = "POST",
    pieces: Iterable[bytes] = (b"",),
    app: Any = reader,
    **scope: Any,
) -> list[Message]:
    """Send a request through a guard."""
    said = {"hosts": ("Farm.studio", "farm"), "origins": ("https://portal.studio/",)}
    waiting = [{"type": "http.request", "body": data, "more_body": True} for data in pieces]
    if waiting:
        waiting[-1]["more_body"] = False
    names = dict(headers)
    default = () if "host" in names else (("host", "localhost:7420"),)
    full = {
        "type": "http",
        "method": method,
        "scheme": "http",
        "path": "/",
        "server": ("10.0.0.7", 7420),
        "headers": [(name.encode(), value.encode()) for name, value in (*default, *headers)],
    } | scope
    out: list[Message] = []

    async def receive() -> Message:
        if not waiting:
            await asyncio.Event().wait()
        return waiting.pop(0)

    async def send(message: Message) -> None:
        out.append(message)

    asyncio.run(Guard(app, body_max_bytes=BODY_MAX, **said)(full, receive, send))
    return out


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST:1", "127.0.0.1", "[::1]:7420", "farm.studio", "10.0.0.7", "farm."],
)
def test_a_request_for_this_server_passes(host: str) -> None:
    assert Sent(ask(("host", host))).status == 200


@pytest.mark.parametrize(
    "host",
    ["evil.org", "localhost.evil.org", "10.0.0.8", "", "a@localhost", "localhost/", "[::1", "é"],
)
def test_a_request_for_another_server_is_refused(host: str) -> None:
    answer = Sent(ask(("host", host)))
    assert (answer.status, answer.code) == (421, "bad-host")


def test_a_request_that_names_two_hosts_is_refused() -> None:
    assert Sent(ask(("host", "localhost"), ("host", "evil.org"))).code == "bad-host"


def test_a_request_without_a_host_is_refused() -> None:
    assert Sent(ask(headers=[])).code == "bad-host"


def test_an_ipv4_address_reached_over_ipv6_is_this_server() -> None:
    answer = Sent(ask(("host", "10.0.0.7"), server=("::ffff:10.0.0.7", 7420)))
    assert answer.status == 200


@pytest.mark.parametrize("origin", ["http://localhost:7420", "https://Portal.studio"])
def test_our_own_page_and_those_we_named_may_send(origin: str) -> None:
    assert Sent(ask(("origin", origin))).status == 200


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.org",
        "https://localhost:7420",
        "http://localhost:1",
        "null",
        "",
        "http://[",
        "x",
    ],
)
@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE", "PUT"])
def test_a_page_of_another_site_may_not_send(origin: str, method: str) -> None:
    answer = Sent(ask(("origin", origin), method=method))
    assert (answer.status, answer.code) == (403, "bad-origin")


def test_reading_is_left_to_the_browsers_own_rules() -> None:
    assert Sent(ask(("origin", "http://evil.org"), method="GET")).status == 200


def test_a_websocket_of_another_site_is_refused_in_its_handshake() -> None:
    out = ask(("origin", "http://evil.org"), type="websocket", scheme="ws")
    assert out[0]["type"] == "websocket.http.response.start"
    assert Sent(out).status == 403


def test_a_websocket_of_our_own_page_passes() -> None:
    out = ask(("origin", "http://localhost:7420"), type="websocket", scheme="ws")
    assert out == [{"type": "websocket.accept"}]


def test_an_origin_without_its_port_means_the_schemes_own() -> None:
    assert Sent(ask(("host", "localhost:80"), ("origin", "http://localhost"))).status == 200


def test_a_body_within_the_bound_is_read() -> None:
    assert Sent(ask(pieces=[b"x" * 60, b"y" * 40])).body == b"100"


def test_a_body_that_says_that_it_is_too_long_is_not_read() -> None:
    answer = Sent(ask(("content-length", "101")))
    assert (answer.status, answer.code) == (413, "body-too-large")


def test_a_length_of_many_digits_is_too_long() -> None:
    assert Sent(ask(("content-length", "9" * 5_000))).code == "body-too-large"


def test_a_body_that_turns_out_too_long_is_read_no_further() -> None:
    answer = Sent(ask(pieces=[b"x" * 60, b"y" * 41, b"z"]))
    assert (answer.status, answer.code) == (413, "body-too-large")


def test_an_answer_that_has_begun_is_not_begun_again() -> None:
    async def hasty(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await reader(scope, receive, send)

    with pytest.raises(BodyTooLarge):
        ask(pieces=[b"x" * 101], app=hasty)


def test_a_body_that_stops_coming_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "BODY_IDLE_MAX_S", 0.01)
    assert Sent(ask(pieces=())).code == "body-too-slow"


def test_a_body_that_drips_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "BODY_MAX_S", 0.0)
    assert Sent(ask(pieces=())).code == "body-too-slow"


def test_every_answer_carries_the_headers_that_protect_it() -> None:
    headers = Sent(ask()).headers
    assert headers["content-security-policy"] == CSP
    assert (headers["x-content-type-options"], headers["cache-control"]) == ("nosniff", "no-store")


def test_refusals_carry_them_too() -> None:
    assert Sent(ask(("host", "evil.org"))).headers["x-content-type-options"] == "nosniff"


def test_no_page_of_another_site_is_let_in() -> None:
    answer = Sent(ask(("origin", "http://evil.org"), method="GET"))
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_an_applications_own_header_stays() -> None:
    async def cached(scope: Scope, receive: Receive, send: Send) -> None:
        await respond(send, 200, b"", {"Cache-Control": "public"})

    assert Sent(ask(app=cached)).headers["cache-control"] == "public"


@pytest.mark.parametrize("word", ["unsafe-inline", "unsafe-eval", "http:", "*"])
def test_the_policy_of_content_allows_no_foreign_or_inline_script(word: str) -> None:
    assert word not in CSP


def test_a_start_of_the_application_is_none_of_its_business() -> None:
    seen: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["type"])

    ask(app=app, type="lifespan")
    assert seen == ["lifespan"]
