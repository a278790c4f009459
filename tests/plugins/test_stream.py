from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from grange.plugins.stream import HELD_MAX, Lines


def test_an_unfinished_line_waits_for_its_rest() -> None:
    lines = Lines()
    assert lines.push(b"one\ntw") == "one\n"
    assert lines.push(b"o\n") == "two\n"


def test_a_carriage_return_ends_a_line() -> None:
    assert Lines().push(b"10%\r20%") == "10%\r"


def test_a_character_cut_between_two_pieces_is_whole() -> None:
    lines = Lines()
    data = "größe\n".encode()
    assert "".join([lines.push(data[:3]), lines.push(data[3:])]) == "größe\n"


def test_bytes_that_are_no_text_are_replaced() -> None:
    assert Lines().push(b"a\xff\n") == "a\ufffd\n"


def test_a_line_without_end_is_cut_at_the_bound() -> None:
    lines = Lines()
    assert len(lines.push(b"x" * (HELD_MAX + 1))) == HELD_MAX + 1
    assert lines.held == ""


def test_the_last_line_is_ended_for_the_program() -> None:
    lines = Lines()
    lines.push(b"no newline\xc3")
    assert lines.end() == "no newline\ufffd\n"
    assert lines.end() == ""


@given(st.text(max_size=200), st.integers(min_value=1, max_value=9))
def test_the_cut_of_pieces_does_not_matter(text: str, size: int) -> None:
    lines = Lines()
    data = text.encode()
    pieces = [lines.push(data[at : at + size]) for at in range(0, len(data), size)]
    assert "".join(pieces) + lines.end().removesuffix("\n") == text
