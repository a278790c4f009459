from __future__ import annotations

from pathlib import Path

import pytest
from typing_extensions import override

from grange.plugins.line_parser import READ_MAX, LineParser
from grange.plugins.parser import Arguments
from grange.plugins.parsers.fusion import LOG, Fusion
from grange.plugins.watch import Watch
from tests.plugins.build import a_parser, progress, read


class Long(LineParser):
    def __init__(self) -> None:
        super().__init__()
        self.lengths: list[int] = []

    @override
    def read(self, line: str) -> None:
        self.lengths.append(len(line))


def test_of_a_long_line_the_beginning_is_read() -> None:
    parser = a_parser(Long)
    assert isinstance(parser, Long)
    read(parser, "x" * 9_999 + "\nshort\n")
    assert parser.lengths == [READ_MAX, 5]


def test_a_single_frame_that_ends_is_all_there_is() -> None:
    for frames, wanted in ((1, (100, 1, 100)), (4, (25, 1, 0))):
        parser = a_parser(LineParser, frames=frames)
        assert isinstance(parser, LineParser)
        parser.end_frame()
        assert progress(parser) == wanted


def test_a_percentage_of_the_whole_is_bounded() -> None:
    parser = a_parser(LineParser)
    assert isinstance(parser, LineParser)
    parser.show_all("250.5")
    assert parser.percent == 100


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where Fusion writes its log; a run before has left something."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    path = tmp_path / LOG
    path.write_text("Rendered frame 9 (4 of 4), took 1 secs\n")
    return path


def test_the_news_of_fusions_log_are_read_and_stored_and_nothing_of_a_run_before(
    log: Path,
) -> None:
    watch = Watch(a_parser(Fusion, frames=4))
    assert watch.feed(b"starting\n").percent == 0
    with log.open("a") as file:
        file.write("Rendered frame 1 (1 of 4), took 1 secs\nRendered frame 2 (2 of 4), to")
    reading = watch.feed(b"x\n")
    assert (reading.percent, reading.frame) == (25, 1)
    assert reading.text == b"x\nRendered frame 1 (1 of 4), took 1 secs\n"
    log.write_text("Rendered frame 3 (3 of 4), took 1 secs\n")
    assert watch.feed(b"x\n").percent == 75


def test_fusions_log_may_be_missing(log: Path) -> None:
    log.unlink()
    assert Watch(a_parser(Fusion, frames=4)).feed(b"Rendered frame 5 (1 of 4)\n").percent == 25


def test_the_last_word_of_a_program_that_prints_nothing_is_heard() -> None:
    arguments: Arguments = {"data": "", "mode": "0:0", "pid": 1, "resources": "{}"}
    assert a_parser(Long).do(arguments) is None
