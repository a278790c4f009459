from __future__ import annotations

import pytest

from grange.cli.scenes import UnknownScene, hashes, rendering
from grange.model.frames import TaskFrames
from grange.model.patterns import Command, fill_command

FRAMES = TaskFrames(first=1, last=9, inc=2, number=5)


def filled(command: Command) -> str:
    return " ".join(fill_command(command, FRAMES))


def test_a_blender_scene_is_rendered_by_blender() -> None:
    found = rendering("/p/film.blend", "", "")
    assert found.service == "blender"
    assert filled(found.command) == "blender -b /p/film.blend -s 1 -e 9 -j 2 -a"


def test_the_output_of_a_blender_scene_comes_before_the_frames() -> None:
    found = rendering("/p/film.blend", "blender", "/o/a.@####@.png")
    assert filled(found.command) == "blender -b /p/film.blend -o /o/a.####.png -s 1 -e 9 -j 2 -a"
    assert found.files == ("/o/a.@####@.png",)


@pytest.mark.parametrize("name", ["/p/film.py", "/p/film.XML"])
def test_a_mitsuba_scene_is_rendered_when_its_service_is_named(name: str) -> None:
    found = rendering(name, "mitsuba", "")
    expected = f"mitsuba {name} --first 1 --last 9 --inc 2 --output /p/film.####.png"
    assert filled(found.command) == expected
    assert found.files == ("/p/film.@####@.png",)


def test_which_program_is_meant_has_to_be_said_where_it_is_not_clear() -> None:
    with pytest.raises(UnknownScene, match="--service mitsuba"):
        rendering("film.xml", "", "")


@pytest.mark.parametrize(("name", "service"), [("film.ma", ""), ("film.blend", "mitsuba")])
def test_a_scene_that_nobody_knows_is_refused(name: str, service: str) -> None:
    with pytest.raises(UnknownScene):
        rendering(name, service, "")


def test_programs_write_a_frame_as_hashes() -> None:
    assert hashes("a.@####@.png") == "a.####.png"
