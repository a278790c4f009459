from __future__ import annotations

from pathlib import Path

from grange.plugins.parser import FILES_MAX, LINE_MAX, WORD_MAX, Parser, clean, line_at
from tests.plugins.build import a_parser, progress, read


class Words(Parser):
    def __init__(self) -> None:
        super().__init__()
        self.str_warning = ["slow"]
        self.str_error = ["Licence"]
        self.str_fatalerror = ["no scene"]
        self.str_badresult = ["black frame"]
        self.str_finishedsuccess = ["all done"]


def test_strings_are_found_in_any_case_and_their_line_is_the_message() -> None:
    parser = read(a_parser(Words), "fine\n  no LICENCE left \nfine\n")
    assert (parser.error, parser.message_of("error")) == (True, "no LICENCE left")


def test_each_flag_has_its_own_line() -> None:
    parser = read(a_parser(Words), "slow\nno licence\nno scene\n")
    assert (parser.warning, parser.error, parser.fatalerror) == (True, True, True)
    lines = [parser.message_of(flag) for flag in ("warning", "error", "fatalerror", "badresult")]
    assert lines == ["slow", "no licence", "no scene", ""]


def test_the_next_portion_resets_all_but_fatal_and_success() -> None:
    parser = read(a_parser(Words), "slow no licence, no scene, black frame, all done\n")
    read(parser, "more\n")
    assert (parser.warning, parser.error, parser.badresult) == (False, False, False)
    assert (parser.fatalerror, parser.finishedsuccess) == (True, True)


def test_an_empty_portion_resets_nothing() -> None:
    parser = read(a_parser(Words), "slow\nACTIVITY: x\n")
    read(parser, "", mode="0:0")
    assert (parser.warning, parser.activity, parser.progress_changed) == (True, "x", False)


def test_the_last_activity_and_report_count() -> None:
    parser = read(a_parser(Parser), "ACTIVITY: a\nREPORT: r\r\nACTIVITY: b \n")
    assert (parser.activity, parser.report) == ("b", "r")


def test_an_activity_without_a_newline_is_whole() -> None:
    assert read(a_parser(Parser), "ACTIVITY: encode").activity == "encode"


def test_an_activity_is_bounded() -> None:
    assert len(read(a_parser(Parser), "ACTIVITY: " + "x" * 9_999).activity) == WORD_MAX


def test_a_tagged_image_is_a_file_and_one_with_a_mark_is_shown_at_once(tmp_path: Path) -> None:
    for name in "ab":
        Path(tmp_path, f"{name}.png").touch()
    parser = read(a_parser(Parser, tmp_path), "@IMAGE@a.png\nlog: @IMAGE!@b.png\n")
    assert parser.files == [f"{tmp_path}/a.png"]
    assert parser.files_onthefly == [f"{tmp_path}/b.png"]


def test_a_line_of_imagemagick_is_a_frame_and_a_file(tmp_path: Path) -> None:
    Path(tmp_path, "a.png").touch()
    parser = read(a_parser(Parser, tmp_path, frames=4), "Image: a.png\nno Image: b.png\n")
    assert progress(parser) == (25, 1, 0)
    assert parser.files == [f"{tmp_path}/a.png"]


def test_a_missing_or_repeated_file_is_ignored(tmp_path: Path) -> None:
    Path(tmp_path, "a.png").touch()
    parser = a_parser(Parser, tmp_path)
    for name in ("a.png", "b.png", " a.png ", str(tmp_path / "a.png"), "x" * 9_999, "\0"):
        parser.appendFile(name)
    assert parser.files == [f"{tmp_path}/a.png"]


def test_the_number_of_files_is_bounded(tmp_path: Path) -> None:
    parser = a_parser(Parser, tmp_path)
    parser._known_files = {str(number) for number in range(FILES_MAX)}
    Path(tmp_path, "a.png").touch()
    parser.appendFile("a.png")
    assert parser.files == []


def test_percent_is_of_all_frames_and_bounded() -> None:
    parser = a_parser(Parser, frames=4)
    parser.frame, parser.percentframe = 1, 50
    parser.calculate()
    assert progress(parser) == (37, 1, 50)
    parser.frame, parser.percentframe = 9, 900
    parser.calculate()
    assert progress(parser) == (100, 4, 100)


def test_a_share_of_the_task_gives_frames() -> None:
    parser = a_parser(Parser, frames=4)
    parser.calculate_share(0.375)
    assert progress(parser) == (37, 1, 50)
    parser.calculate_share(7.0)
    assert progress(parser) == (100, 3, 100)


def test_tasks_that_share_a_number_count_as_one_frame() -> None:
    assert a_parser(Parser, frames=-4).numframes == 1


def test_a_quoted_line_has_no_colours_and_is_not_long() -> None:
    assert clean("\x1b[31m bad \x1b[0m\r") == "bad"
    assert len(clean("x" * 9_999)) == LINE_MAX


def test_the_line_around_a_place_is_found() -> None:
    assert line_at("one\ntwo\rthree", 5) == "two"
    assert line_at("one\n", 4) == ""


def test_a_string_that_goes_over_the_end_of_a_line_is_found() -> None:
    parser = a_parser(Words)
    parser.str_error = ["one\ntwo"]
    assert read(parser, "one\ntwo\n").message_of("error") == "one\ntwo"
