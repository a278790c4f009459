"""The join code: what it carries, and what is not one."""

from __future__ import annotations

from base64 import b32encode
from binascii import crc32

import pytest

from grange.wire.join import PREFIX, BadJoinCode, JoinCode, decode, encode

CODE = JoinCode(host="farm.studio", port=7420, fingerprint="ab" * 32, secret=b"s" * 16)


def test_a_code_brings_back_what_it_was_made_of() -> None:
    assert decode(encode(CODE)) == CODE


def test_a_code_without_a_fingerprint_is_of_a_server_without_tls() -> None:
    code = JoinCode(host="127.0.0.1", port=80, secret=b"x" * 16)
    assert decode(encode(code)).url == "http://127.0.0.1:80"


def test_the_address_of_a_server_with_tls_is_https() -> None:
    assert CODE.url == "https://farm.studio:7420"


def test_an_ipv6_address_stands_in_brackets_in_the_url() -> None:
    code = JoinCode(host="2001:db8::7", port=7420, fingerprint="00" * 32, secret=b"x" * 16)
    assert decode(encode(code)).url == "https://[2001:db8::7]:7420"


def test_capitals_blanks_and_line_breaks_do_no_harm() -> None:
    text = encode(CODE).upper()
    assert decode(f"  {text[:30]}\n {text[30:]} ") == CODE


def test_every_wrong_letter_is_noticed() -> None:
    text = encode(CODE)
    for at in range(len(PREFIX), len(text)):
        slip = text[:at] + ("a" if text[at] != "a" else "b") + text[at + 1 :]
        with pytest.raises(BadJoinCode):
            decode(slip)


@pytest.mark.parametrize(
    "text",
    ["", "grange1-", "grange2-aaaa", "grange1-!!!!", "grange1-aaaaaaaa", "x" * 5_000, "grange1-é"],
)
def test_what_is_not_a_code_is_refused(text: str) -> None:
    with pytest.raises(BadJoinCode):
        decode(text)


@pytest.mark.parametrize("cut", range(1, 12))
def test_a_code_that_was_cut_off_is_refused(cut: int) -> None:
    with pytest.raises(BadJoinCode):
        decode(encode(CODE)[:-cut])


@pytest.mark.parametrize(
    "body",
    [b"", b"\x00\x50", b"\x00\x50\x00" + b"s" * 16, b"\x00\x50\x01" + b"s" * 16]
    + [b"\x00\x50\x00" + b"s" * 16 + host for host in (b"\xff", b"h" * 256)],
)
def test_a_sound_check_makes_no_code_of_what_says_nothing(body: bytes) -> None:
    whole = body + crc32(body).to_bytes(4, "big")
    with pytest.raises(BadJoinCode, match="the join code"):
        decode(PREFIX + b32encode(whole).decode())
