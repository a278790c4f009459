from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from grange.demo.scenes import __file__ as scenes
from grange.plugins.runners import mitsuba as runner

FILM = str(Path(scenes).with_name("film_mitsuba.py"))
SMALL = ["--width", "16", "--height", "8", "--spp", "1"]
SCENE = """
def scene(frame, width, height, spp, light="1"):
    film = {"type": "hdrfilm", "width": width, "height": height}
    return {
        "type": "scene",
        "integrator": {"type": "direct"},
        "sensor": {"type": "perspective", "film": film},
        "sky": {"type": "constant", "radiance": {"type": "rgb", "value": float(light)}},
    }
"""
XML = """<scene version="3.0.0">
  <default name="light" value="1"/>
  <integrator type="direct"/>
  <sensor type="perspective"><film type="hdrfilm">
    <integer name="width" value="4"/><integer name="height" value="4"/></film></sensor>
  <emitter type="constant"><rgb name="radiance" value="$light"/></emitter>
</scene>"""


@pytest.fixture(autouse=True)
def clean_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])


@pytest.fixture
def scene(tmp_path: Path) -> str:
    path = tmp_path / "scene.py"
    path.write_text(SCENE)
    return str(path)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def pixel(path: Path) -> tuple[list[int], float]:
    """The size of a picture, and the red of its first pixel as it is stored."""
    import mitsuba as mi
    import numpy as np

    stored = np.array(mi.Bitmap(str(path)))
    return list(stored.shape), float(stored[0, 0, 0])


def test_each_frame_is_told_rendered_and_saved(
    scene: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = str(tmp_path / "out" / "film.####.png")
    assert runner.main([scene, "--frames", "1-3x2", "--output", output, *SMALL]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if "%" not in line]
    first, third = (tmp_path / "out" / f"film.{n}.png" for n in ("0001", "0003"))
    assert lines == ["FRAME: 1", f"Saved: '{first}'", "FRAME: 3", f"Saved: '{third}'"]
    assert names(tmp_path / "out") == ["film.0001.png", "film.0003.png"]
    assert pixel(first) == ([8, 16, 3], 255)


def test_progress_grows_to_100_before_the_file_is_named(
    scene: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runner.main([scene, "--frames", "1", "--output", str(tmp_path / "a.png"), *SMALL])
    lines = capsys.readouterr().out.splitlines()
    percents = [int(line[10:-1]) for line in lines if line.startswith("PROGRESS: ")]
    assert percents == sorted(set(percents))
    assert lines[-2] == "PROGRESS: 100%"


def test_first_last_and_inc_name_the_same_frames(scene: str, tmp_path: Path) -> None:
    span = ["--first", "8", "--last", "10", "--inc", "2"]
    assert runner.main([scene, *span, "--output", str(tmp_path / "f.##.jpg"), *SMALL]) == 0
    assert names(tmp_path) == ["f.08.jpg", "f.10.jpg", "scene.py"]


def test_exr_keeps_what_is_brighter_than_white(scene: str, tmp_path: Path) -> None:
    output = tmp_path / "a.exr"
    arguments = [scene, "--frames", "1", "--output", str(output), "-D", "light=4", *SMALL]
    assert runner.main(arguments) == 0
    assert pixel(output) == ([8, 16, 3], 4.0)


def test_a_scene_may_finish_its_pictures(tmp_path: Path) -> None:
    path = tmp_path / "scene.py"
    path.write_text(SCENE + "\ndef finish(picture, frame):\n    return picture * 0\n")
    output = tmp_path / "a.png"
    assert runner.main([str(path), "--frames", "1", "--output", str(output), *SMALL]) == 0
    assert pixel(output) == ([8, 16, 3], 0)


def test_a_scene_may_import_what_lies_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "scene.py"
    path.write_text("from scene_beside import scene")
    path.with_name("scene_beside.py").write_text(SCENE)
    output = tmp_path / "a.png"
    assert runner.main([str(path), "--frames", "1", "--output", str(output), *SMALL]) == 0


def test_xml_gets_its_frame_its_parameters_and_another_size(tmp_path: Path) -> None:
    path = tmp_path / "scene.xml"
    path.write_text(XML.replace("$light", "$frame $light $light"))
    arguments = ["--frames", "3", "-D", "light=0.5", "--width", "6", "--spp", "1"]
    assert runner.main([str(path), *arguments, "--output", str(tmp_path / "a.exr")]) == 0
    assert pixel(tmp_path / "a.exr") == ([4, 6, 3], 3.0)


def test_xml_without_a_frame_is_rendered_as_well(tmp_path: Path) -> None:
    path = tmp_path / "scene.xml"
    path.write_text(XML)
    output = ["--output", str(tmp_path / "a.exr")]
    assert runner.main([str(path), "--frames", "3", "--spp", "1", *output]) == 0
    assert pixel(tmp_path / "a.exr") == ([4, 4, 3], 1.0)


def test_a_frame_that_fails_leaves_no_file_and_ends_with_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "scene.py"
    path.write_text(SCENE + "\ndef finish(picture, frame):\n    raise KeyError('sky')\n")
    output = tmp_path / "out" / "a.png"
    assert runner.main([str(path), "--frames", "7", "--output", str(output), *SMALL]) == 1
    assert capsys.readouterr().err == f"mitsuba: frame 7 of {output}: KeyError: 'sky'\n"
    assert names(tmp_path / "out") == []


def test_an_unknown_plugin_is_told_without_mitsubas_own_source(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "scene.xml"
    path.write_text('<scene version="3.0.0"><bsdf type="nope"/></scene>')
    assert runner.main([str(path), "--frames", "1", "--output", str(tmp_path / "a.png")]) == 1
    error = capsys.readouterr().err
    assert "nope" in error
    assert ".cpp" not in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "no frames: give --frames 1-10, or --first 1 --last 10"),
        (["--frames", "1", "--last", "4"], "give --frames or --first and --last, not both"),
        (["--first", "3", "--last", "1"], "last frame 1 before first frame 3; write 1-3"),
        (["--frames", "a"], "'a' is not a frame range; write 7, 1-100 or 1-100x2"),
        (["--frames", "1", "--spp", "0"], "argument --spp: '0' is not a number from 1 to 65536"),
        (["--frames", "1", "--variant", "x"], "--variant x: there is only scalar_rgb"),
        (["--frames", "1", "-D", "light"], "-D light: write -D key=value"),
        (["--frames", "1", "-D", "fog=1"], "got an unexpected keyword argument 'fog'"),
        (["--frames", "1", "--colour"], "unrecognized arguments: --colour"),
    ],
)
def test_a_wrong_option_ends_with_2_and_a_sentence(
    arguments: list[str],
    sentence: str,
    scene: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert runner.main([scene, "--output", str(tmp_path / "a.png"), *arguments]) == 2
    assert sentence in capsys.readouterr().err


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        ("a.gif", "the name must end with .png, .jpg, .jpeg, .exr"),
        ("a.png", "2 frames need #### in the file's name"),
        ("scene.py/a.##.png", "cannot make the folder"),
    ],
)
def test_a_wrong_output_ends_with_2_and_a_sentence(
    output: str, sentence: str, scene: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert runner.main([scene, "--frames", "1,2", "--output", str(tmp_path / output)]) == 2
    assert sentence in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("gone.py", None, "there is no scene file"),
        ("scene.obj", "", "is neither a .py nor an .xml scene"),
        ("scene.py", "", "defines no function scene(frame, width, height, spp)"),
        ("scene.py", "def scene(): ...", "scene() does not take what it is given"),
    ],
)
def test_a_wrong_scene_ends_with_2_and_a_sentence(
    name: str,
    text: str | None,
    sentence: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / name
    if text is not None:
        path.write_text(text)
    assert runner.main([str(path), "--frames", "1", "--output", str(tmp_path / "a.png")]) == 2
    assert sentence in capsys.readouterr().err


def test_a_scene_that_is_no_python_ends_with_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "scene.py"
    path.write_text("def scene(")
    assert runner.main([str(path), "--frames", "1", "--output", str(tmp_path / "a.png")]) == 1
    assert f"{path}: SyntaxError" in capsys.readouterr().err


def test_without_mitsuba_it_says_what_to_install(
    scene: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(sys.modules, "mitsuba", None)
    assert runner.main([scene, "--frames", "1", "--output", str(tmp_path / "a.png")]) == 1
    assert "pip install mitsuba" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "frame", "path"),
    [("a.####.png", 7, "a.0007.png"), ("a#.png", 123, "a123.png"), ("a.png", 1, "a.png")],
)
def test_the_frame_takes_the_place_of_the_marks(name: str, frame: int, path: str) -> None:
    assert runner.numbered(Path("out", name), frame) == Path("out", path)


@pytest.mark.slow
def test_the_demos_film_renders_as_a_program(tmp_path: Path) -> None:
    size = ["--width", "64", "--height", "36", "--spp", "1", "--threads", "2"]
    command = [sys.executable, "-m", "grange.plugins.runners.mitsuba", FILM, *size]
    output = ["--frames", "1", "--output", str(tmp_path / "film.####.png")]
    ended = subprocess.run([*command, *output], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.endswith(f"Saved: '{tmp_path}/film.0001.png'\n")
