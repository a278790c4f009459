"""Requests in all framings, in whatever pieces they come; and the answers' bytes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grange.doors.afanasy.binary.types import Kind, framed, mismatch, number
from grange.doors.afanasy.framing import (
    HTTP_HEAD_MAX,
    BadFrame,
    Binary,
    Get,
    Intake,
    Post,
    Request,
    Text,
    http_reply,
    json_of,
    text_reply,
)

BODY = b'{"get":{"type":"jobs"}}'
HOST = b"Host: farm:51000\r\n"
MAX = 1_000  # bytes of a message here
POST = (
    b"POST / HTTP/1.1\r\n" + HOST + b"AFANASY: 5\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY
)
WHOLE: dict[str, tuple[bytes, Request]] = {
    "text": (b"AFANASY %d JSON" % len(BODY) + BODY, Text(BODY)),
    "text in small letters": (b"afanasy %d json" % len(BODY) + BODY, Text(BODY)),
    "text of old clients": (b"[ * AFANASY * ] 1 0 23 JSON" + BODY, Text(BODY, bare=True)),
    "nothing in it": (b"AFANASY 0 JSON", Text(b"")),
    "post": (POST, Post(BODY, "farm:51000", None, True)),
    "get": (b"GET /lib/a.js?x=1 HTTP/1.1\r\n" + HOST + b"\r\n", Get("/lib/a.js", "farm:51000")),
    "get of the page": (
        b"GET /afanasy/browser/jobs.js HTTP/1.1\r\n" + HOST + b"\r\n",
        Get("/afanasy/browser/jobs.js", "farm:51000"),
    ),
    "get of old clients": (b"GET / HTTP/1.0\r\n\r\n", Get("/", "")),
    "number": (number(Kind.MONITOR_UPDATE_ID, 7), Binary(Kind.MONITOR_UPDATE_ID, 7, b"")),
    "data": (framed(Kind.JSON_BINARY, BODY), Binary(Kind.JSON_BINARY, 0, BODY)),
    "no data": (framed(Kind.RENDER_UPDATE, b""), Binary(Kind.RENDER_UPDATE, 0, b"")),
}


def read(*pieces: bytes) -> Request | None:
    """What comes out when pieces go in."""
    intake = Intake(MAX)
    for piece in pieces[:-1]:
        assert intake.feed(piece) is None
    return intake.feed(pieces[-1])


def refused(data: bytes) -> bytes:
    """With which bytes a request is refused."""
    with pytest.raises(BadFrame) as why:
        read(data)
    return why.value.reply


def post(*headers: bytes) -> bytes:
    return b"\r\n".join((b"POST / HTTP/1.1", HOST.strip(), *headers, b"", b""))


@pytest.mark.parametrize("name", WHOLE)
def test_a_request_comes_out_when_it_is_whole(name: str) -> None:
    data, request = WHOLE[name]
    assert read(data) == request


@pytest.mark.parametrize("name", WHOLE)
def test_it_may_come_byte_by_byte(name: str) -> None:
    data, request = WHOLE[name]
    assert read(*(data[at : at + 1] for at in range(len(data)))) == request


@pytest.mark.parametrize("name", WHOLE)
def test_what_comes_after_it_is_ignored(name: str) -> None:
    data, request = WHOLE[name]
    assert read(data + b"  more") == request


@settings(deadline=None)
@given(st.data())
def test_it_may_come_in_any_two_pieces(data: st.DataObject) -> None:
    whole, request = data.draw(st.sampled_from(list(WHOLE.values())))
    cut = data.draw(st.integers(1, len(whole) - 1))
    assert read(whole[:cut], whole[cut:]) == request


def test_the_length_of_a_post_is_its_content_length() -> None:
    body = '{"a":"é€"}'.encode()
    said = post(b"AFANASY: 9", b"Content-Length: %d" % len(body))
    assert read(said + body) == Post(body, "farm:51000", None, True)


def test_a_post_says_whether_it_is_marked_and_of_which_page_it_is() -> None:
    found = read(post(b"Content-Length: 2", b"Origin: http://evil.test") + b"{}")
    assert found == Post(b"{}", "farm:51000", "http://evil.test", False)


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (post(b"AFANASY: 5"), 411),
        (post(b"Content-Length: five"), 411),
        (post(b"Content-Length: -5"), 411),
        (post(b"Content-Length: %d" % (MAX + 1)), 413),
        (post(b"Content-Length: 2", b"Content-Length: 3"), 400),
        (post(b"Transfer-Encoding: chunked", b"Content-Length: 3"), 501),
        (post(b" folded: line"), 400),
        (b"POST /a b HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/3.0\r\n\r\n", 400),
        (b"OPTIONS / HTTP/1.1\r\n" + HOST + b"\r\n", 405),
        (b"HEAD / HTTP/1.1\r\n" + HOST + b"\r\n", 405),
        (b"GET / HTTP/1.1\r\nA: " + b"x" * HTTP_HEAD_MAX, 431),
        (b"GET / HTTP/1.1\r\nA: " + b"x" * HTTP_HEAD_MAX + b"\r\n\r\n", 431),
    ],
)
def test_a_bad_request_over_http_is_answered_by_its_status(data: bytes, status: int) -> None:
    assert refused(data).startswith(b"HTTP/1.1 %d " % status)


@pytest.mark.parametrize(
    "data",
    [
        b"AFANASY %d JSON" % (MAX + 1),
        b"AFANASY 99999999999999 JSON{",
        b"AFANASY JSON" + b" " * 60,
        b"AFANASY " + b"1" * 100,
        framed(Kind.JSON, b"")[:8] + (MAX + 1).to_bytes(4, "big"),
        framed(Kind.JSON, b"")[:8] + (-1).to_bytes(4, "big", signed=True),
        (81).to_bytes(4, "big") + (99).to_bytes(4, "big") + bytes(4),
    ],
)
def test_what_is_no_message_or_too_large_a_one_is_answered_with_a_sentence(data: bytes) -> None:
    head, _, body = refused(data).partition(b"JSON")
    assert head == b"AFANASY %d " % len(body)
    assert json.loads(body)["info"]["kind"] == "error"


def test_another_version_of_the_protocol_is_told_so() -> None:
    assert refused((80).to_bytes(4, "big") + bytes(8)) == mismatch()
    assert refused(b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03ab") == mismatch()


def test_a_huge_length_takes_no_memory_before_it_is_refused() -> None:
    assert b"at most" in refused(framed(Kind.JSON, b"")[:8] + b"\x7f\xff\xff\xff")


@pytest.mark.parametrize(
    "body",
    [b"[ * AFANASY * ] 1 0 2 JSON{}", b"AFANASY 2 JSON{}", b"{}\0", b" {}\n"],
)
def test_the_json_of_a_message_is_found_in_what_older_clients_send(body: bytes) -> None:
    assert json_of(body) == b"{}"


def test_json_that_is_no_object_stays_as_it_is() -> None:
    assert json_of(b'[{"a":1}]') == b'[{"a":1}]'


@settings(deadline=None)
@given(st.dictionaries(st.text(max_size=9), st.text(max_size=9), max_size=4))
def test_an_answer_to_scripts_is_ascii_and_says_the_same(value: dict[str, str]) -> None:
    body = json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
    head, _, said = text_reply(body).partition(b"JSON")
    assert said.isascii()
    assert head == b"AFANASY %d " % len(said)
    assert json.loads(said) == json.loads(body)


def test_an_answer_to_a_browser_says_how_long_it_is_and_that_it_is_the_last() -> None:
    head, _, body = http_reply(200, "é".encode()).partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert lines[0] == b"HTTP/1.1 200 OK"
    assert {b"Connection: close", b"Content-Length: 2", b"Content-Type: application/json"} < set(
        lines
    )
    assert body == "é".encode()
