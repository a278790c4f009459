"""The framing of scripts, and what a server may do to it."""

from __future__ import annotations

import pytest

from grange.af import afnetwork
from grange.af.afnetwork import Address, exchange, sendServer
from grange.client.errors import BadReply, Unreachable
from tests.af.server import RecordedAfanasy, framed

GET = {"get": {"type": "monitors"}}
ORIGINAL = b'AFANASY 17 JSON{"monitors":[\n\n]}'  # of afserver 3.4.1


def test_a_reply_of_the_original_server_is_read(server: RecordedAfanasy) -> None:
    server.answers = [[ORIGINAL]]
    assert exchange(GET, server.address) == {"monitors": []}
    assert server.seen == [GET]


def test_a_reply_may_come_in_pieces_of_one_byte(server: RecordedAfanasy) -> None:
    server.answers = [[ORIGINAL[place : place + 1] for place in range(len(ORIGINAL))]]
    assert exchange(GET, server.address) == {"monitors": []}


def test_blanks_behind_a_reply_are_no_part_of_it(server: RecordedAfanasy) -> None:
    server.answers = [[ORIGINAL, b" ", b" "]]
    assert exchange(GET, server.address) == {"monitors": []}


def test_control_characters_in_texts_are_borne(server: RecordedAfanasy) -> None:
    server.answers = [[framed('{"task":{"data":"a\tb\n\x1bc"}}')]]
    assert exchange(GET, server.address) == {"task": {"data": "a\tb\n\x1bc"}}


def test_a_large_reply_is_read_whole(server: RecordedAfanasy) -> None:
    server.usual = {"jobs": ["ü" * 100] * 10_000}
    assert exchange(GET, server.address) == server.usual


def test_texts_that_are_no_utf_8_are_read_as_well_as_can_be(server: RecordedAfanasy) -> None:
    server.answers = [[b'AFANASY 11 JSON{"a":"\xff\xfe!"}']]
    assert exchange(GET, server.address) == {"a": "\ufffd\ufffd!"}


def test_a_server_may_close_without_a_word(server: RecordedAfanasy) -> None:
    server.answers = [[b""]]
    assert sendServer(GET, where=server.address) == (True, None)


def test_who_waits_for_no_answer_gets_none(server: RecordedAfanasy) -> None:
    assert sendServer(GET, i_without_answer=True, where=server.address) == (True, None)


def test_a_request_is_sent_in_ascii(server: RecordedAfanasy) -> None:
    root = {"job": {"name": "Größe 🎬"}}
    exchange(root, server.address)
    assert server.seen == [root]


def test_a_request_may_be_json_already(server: RecordedAfanasy) -> None:
    assert sendServer('{"get": {"type": "jobs"}}', where=server.address)[0]
    assert server.seen == [{"get": {"type": "jobs"}}]


@pytest.mark.parametrize(
    "said", [b"HTTP/1.1 400 Bad Request\r\n\r\n" + b"x" * 64, b"AFANASY x JSON{}", b"AFANASY 5"]
)
def test_who_is_no_afanasy_server_is_named(server: RecordedAfanasy, said: bytes) -> None:
    server.answers = [[said]]
    with pytest.raises(BadReply, match=r"127\.0\.0\.1:\d+ is no Afanasy server"):
        exchange(GET, server.address)


def test_a_reply_without_bounds_is_not_read(server: RecordedAfanasy) -> None:
    server.answers = [[b"AFANASY 999999999999 JSON{"]]
    with pytest.raises(BadReply, match="wants to send"):
        exchange(GET, server.address)


@pytest.mark.parametrize("said", ["{", "[" * 5000])
def test_a_reply_that_is_no_json_is_shown(server: RecordedAfanasy, said: str) -> None:
    server.answers = [[framed(said)]]
    with pytest.raises(BadReply, match="no JSON"):
        exchange(GET, server.address)


def test_a_server_that_is_away_is_named_with_what_to_do() -> None:
    with pytest.raises(Unreachable, match="AF_SERVERNAME"):
        exchange(GET, Address("127.0.0.1", 1))


def test_a_script_gets_a_sentence_and_false(capsys: pytest.CaptureFixture[str]) -> None:
    assert sendServer(GET) == (False, None)
    assert "no Afanasy server answers at 127.0.0.1:1" in capsys.readouterr().err


@pytest.mark.parametrize("said", ["{", "[1]", '{"a":' + "[" * 9_999])
def test_what_is_no_request_is_not_sent(said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert sendServer(said) == (False, None)
    assert capsys.readouterr().err.startswith("Error: a request is one JSON object")


@pytest.mark.parametrize("place", [("127.0.0.1", 10**30), ("a" * 99, 1), ("a..b", 1)])
def test_a_place_that_cannot_be_has_no_server(
    place: tuple[str, int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert sendServer(GET, where=Address(*place)) == (False, None)
    assert "no Afanasy server answers at" in capsys.readouterr().err


def test_a_script_may_look_on(server: RecordedAfanasy, capsys: pytest.CaptureFixture[str]) -> None:
    server.answers = [[ORIGINAL]]
    sendServer(GET, True, where=server.address)
    out = capsys.readouterr().out
    assert '{"get": {"type": "monitors"}}' in out
    assert '{"monitors":' in out


def test_a_server_may_be_named_in_a_call() -> None:
    assert afnetwork.address("farm", 51001) == ("farm", 51001)
    assert afnetwork.address() == ("127.0.0.1", 1)
