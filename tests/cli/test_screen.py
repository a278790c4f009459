from __future__ import annotations

import pytest

from grange.cli.screen import clean, colour, safe_log, table
from grange.model.states import JobState, WorkerState


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\ttext\r\nnext", "plain\ttext\r\nnext"),
        ("\x1b[31mred\x1b[0m", "\x1b[31mred\x1b[0m"),
        ("a\x1b[2Jb", "ab"),
        ("a\x1b]0;title\x07b", "ab"),
        ("a\x1b]52;c;cGF5\x1b\\b", "ab"),
        ("a\x1bcb", "ab"),
        ("bell\x07 back\x08", "bell back"),
        ("\x9b2J", "2J"),
        ("end\x1b", "end"),
    ],
)
def test_a_log_may_set_colours_and_nothing_else(text: str, shown: str) -> None:
    assert safe_log(text) == shown


def test_a_log_without_end_costs_no_time() -> None:
    assert len(safe_log("\x1b]" * 100_000)) == 0
    assert len(safe_log("\x1b[" + "1;" * 100_000)) > 0


def test_a_name_cannot_order_the_terminal() -> None:
    assert clean("a\x1b[2J\nb") == "a [2J b"


def test_what_needs_nobody_has_no_colour() -> None:
    assert colour(JobState.READY) == ""
    assert colour(JobState.FAILED) == colour(WorkerState.SICK) == "red"


def test_only_what_may_give_way_does() -> None:
    made = table("ID>", "NAME~", rows=[("1", "a")])
    assert [column.no_wrap for column in made.columns] == [True, False]
    assert [column.header for column in made.columns] == ["ID", "NAME"]
