from __future__ import annotations

from pathlib import Path

import pytest

from grange.plugins.parsers.blender import Blender
from grange.plugins.parsers.blender_cycles import BlenderCycles
from tests.plugins.build import a_parser, output, progress, read

CYCLES_4 = (
    "Fra:{} Mem:36.12M (Peak 37.00M) | Time:00:00.12 | Remaining:00:01.50 | "
    "Mem:1.20M, Peak:1.20M | Scene, ViewLayer | {}\n"
)


@pytest.mark.parametrize(
    ("said", "percent"),
    [
        ("Sample 16/64", 25),
        ("Rendered 3/12 Tiles, Sample 32/64", 29),
        ("Rendered 5/135 Tiles", 3),
        ("Path Tracing Tile 4/16, Sample 10/10", 25),
        ("Path Tracing Tile 16/16", 100),
        ("Rendering 26 / 64 samples", 40),
        ("Synchronizing object | Cube", 0),
    ],
)
def test_samples_and_tiles_are_progress_inside_a_frame(said: str, percent: int) -> None:
    parser = read(a_parser(BlenderCycles), CYCLES_4.format(1, said))
    assert progress(parser) == (percent, 0, percent)


def test_a_change_of_the_frame_ends_the_one_before() -> None:
    lines = CYCLES_4.format(10, "Sample 64/64") + CYCLES_4.format(12, "Sample 16/64")
    assert progress(read(a_parser(BlenderCycles, frames=2), lines)) == (62, 1, 25)


def test_negative_frames_are_frames() -> None:
    lines = CYCLES_4.format(-1, "Sample 0/64") + CYCLES_4.format(0, "Sample 0/64")
    assert progress(read(a_parser(BlenderCycles, frames=2), lines)) == (50, 1, 0)


def test_a_saved_file_completes_its_frame(tmp_path: Path) -> None:
    path = Path(tmp_path, "it's 1.png")
    path.touch()
    parser = read(a_parser(Blender, frames=2), f"Fra:1 | x\n\nSaved: '{path}'\n")
    assert progress(parser) == (50, 0, 100)
    assert parser.files == [str(path)]


@pytest.mark.parametrize("name", ["cycles", "eevee", "tiles"])
def test_output_of_blender_5_ends_at_all_frames_done(name: str) -> None:
    parser = a_parser(BlenderCycles, frames=2)
    seen = [
        read(parser, line).percent
        for line in output(f"blender_5.0.1_{name}.txt").splitlines(keepends=True)
    ]
    assert (seen[-1], seen.count(50) > 0, parser.error) == (100, True, False)


def test_output_without_frames_is_counted_by_saved_files() -> None:
    parser = read(a_parser(BlenderCycles, frames=4), output("bpy_5.0.1_plain.txt"))
    assert progress(parser) == (75, 3, 0)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("no_camera", "Error: Cannot render, no camera"),
        (
            "cannot_save",
            "Error: Render error (No such file or directory) cannot save: '/nodir/img.0001.png'",
        ),
    ],
)
def test_what_blender_cannot_render_or_save_is_an_error(name: str, message: str) -> None:
    parser = read(a_parser(BlenderCycles), output(f"blender_5.0.1_{name}.txt"))
    assert (parser.error, parser.message_of("error")) == (True, message)


def test_a_broken_script_inside_blender_is_a_warning() -> None:
    parser = read(a_parser(Blender), "Error: Python: Traceback (most recent call last):\n")
    assert (parser.warning, parser.error) == (True, False)
