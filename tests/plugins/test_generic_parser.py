from __future__ import annotations

from grange.plugins.parsers.generic import Generic
from tests.plugins.build import a_parser, progress, read


def test_each_frame_but_the_first_ends_the_one_before() -> None:
    parser = read(a_parser(Generic, frames=4), "FRAME: 10\nFRAME: 11\nFRAME: 12\nPROGRESS: 50%\n")
    assert progress(parser) == (62, 2, 50)


def test_a_new_frame_starts_at_zero() -> None:
    parser = read(a_parser(Generic, frames=2), "FRAME: 1\nPROGRESS: 100%\nFRAME: 2\n")
    assert progress(parser) == (50, 1, 0)


def test_a_tag_in_brackets_sets_its_flag_and_is_the_message() -> None:
    parser = read(a_parser(Generic), "ok\n[ PARSER BAD RESULT ] black frame 7\n")
    assert (parser.badresult, parser.message_of("badresult")) == (
        True,
        "[ PARSER BAD RESULT ] black frame 7",
    )
