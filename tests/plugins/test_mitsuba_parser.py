from __future__ import annotations

from pathlib import Path

from grange.plugins.parsers.mitsuba import Mitsuba
from tests.plugins.build import a_parser, output, progress, read


def test_the_runner_tells_frames_progress_and_files(tmp_path: Path) -> None:
    Path(tmp_path, "a.exr").touch()
    parser = a_parser(Mitsuba, tmp_path, frames=2)
    read(parser, "FRAME: 1\nPROGRESS: 100%\nSaved: 'a.exr'\nFRAME: 2\nPROGRESS: 50%\n")
    assert progress(parser) == (75, 1, 50)
    assert parser.files == [f"{tmp_path}/a.exr"]


def test_the_bar_is_progress() -> None:
    bar = "\rRendering [==========                              ] (506ms, ETA: 1.18s)   "
    assert progress(read(a_parser(Mitsuba), bar)) == (25, 0, 25)


def test_its_own_command_line_ends_at_100_and_names_its_file(tmp_path: Path) -> None:
    parser = read(a_parser(Mitsuba, tmp_path), output("mitsuba_3.9.1.txt"))
    assert (parser.percent, parser.files) == (100, [])
    Path(tmp_path, "out.exr").touch()  # it is named before it is written
    assert read(parser, "", mode="0:0").files == [f"{tmp_path}/out.exr"]


def test_of_several_scenes_each_is_a_frame() -> None:
    scene = '\rRendering [=====] (1s, ETA: 0ms)\nINFO [HDRFilm] Developing "a.exr" ..\n'
    assert progress(read(a_parser(Mitsuba, frames=4), scene * 3)) == (75, 3, 0)


def test_a_critical_exception_is_an_error_with_its_line() -> None:
    parser = read(a_parser(Mitsuba), output("mitsuba_3.9.1_no_scene.txt"))
    wanted = "Caught a critical exception: [parser.cpp:1077] File not found: nope.xml"
    assert (parser.error, parser.message_of("error")) == (True, wanted)


def test_a_file_that_was_named_is_looked_for_in_the_next_portion(tmp_path: Path) -> None:
    parser = read(a_parser(Mitsuba, tmp_path, frames=2), 'INFO Developing "a.exr" ..\n')
    Path(tmp_path, "a.exr").touch()
    assert read(parser, "INFO more\n").files == [f"{tmp_path}/a.exr"]


def test_a_file_named_in_the_last_portion_is_looked_for_at_once(tmp_path: Path) -> None:
    Path(tmp_path, "a.exr").touch()
    parser = read(a_parser(Mitsuba, tmp_path), 'INFO Developing "a.exr" ..\n', mode="0:0")
    assert parser.files == [f"{tmp_path}/a.exr"]
