"""Whole runs of programs that cannot be had here, read in pieces cut anywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest

from grange.plugins import loading
from grange.plugins.watch import Watch
from tests.plugins.build import HERE, a_parser, output, vectors

Found = dict[str, Any]

#: (parser, file, frames of the task, what is known at the end)
RUNS: Final[tuple[tuple[str, str, int, Found], ...]] = (
    ("blender_yafray", "blender_yafray", 2, {"frame": 1, "percent": 73, "frame_percent": 46}),
    ("yafray", "yafray", 1, {"percent": 76}),
    ("natron", "natron", 4, {"frame": 3, "percent": 75}),
    ("nuke", "nuke", 4, {"frame": 2, "percent": 60, "frame_percent": 40}),
    ("maya_redshift", "maya_redshift", 2, {"percent": 75, "resources": "triangles:1204332"}),
    ("maya_redshift", "maya_failed", 2, {"stop": "error"}),
    ("redshift", "redshift_skipping", 2, {"frame": 2, "percent": 100}),
    ("hbatch_redshift", "redshift_skipping", 1, {"percent": 100}),
    ("maya", "maya_failed", 1, {"stop": "error", "percent": 0}),
    ("maya_delight", "maya_delight", 1, {"percent": 46}),
    ("maya_delight", "maya_failed", 1, {"stop": "error"}),
    ("mayatomr", "mayatomr", 2, {"frame": 1, "percent": 75}),
    ("mayatovray", "mayatovray", 2, {"percent": 75, "activity": "Layer 2:"}),
    ("maya_mental", "maya_mental", 4, {"frame": 2, "frame_percent": 25}),
    ("hbatch", "hbatch", 4, {"frame": 2, "percent": 60}),
    ("hbatch", "hbatch_unlicensed", 1, {"stop": "error"}),
    (
        "hbatch_karma",
        "hbatch_karma",
        2,
        {"percent": 75, "resources": "karma_gb:0.5", "warning": 1},
    ),
    ("hbatch_prman", "hbatch_prman", 2, {"percent": 75}),
    ("houdinitoarnold", "houdinitoarnold", 2, {"frame": 1, "percent": 75}),
    ("mantra", "mantra", 1, {"percent": 100, "resources": "mantra_gb:0.88", "warning": 1}),
    ("c4d", "c4d", 2, {"frame": 1, "percent": 75}),
    ("c4d", "c4d_failed", 1, {"stop": "error"}),
    ("max", "max", 4, {"frame": 2, "percent": 60}),
    ("max", "max_failed", 1, {"stop": "error"}),
    ("xsi_arnold_watermarked", "xsi_arnold_watermarked", 4, {"frame": 1, "warning": 0}),
    ("rsync", "rsync", 1, {"percent": 87}),
    ("curl", "curl", 1, {"percent": 31}),
    ("redline", "redline", 4, {"frame": 2, "percent": 50}),
    ("ftrack", "ftrack", 1, {"percent": 30, "report": "version 12 is published"}),
    ("shotgun", "shotgun", 1, {"percent": 90, "activity": "making a movie", "warning": 1}),
    ("vray", "vray", 1, {"percent": 100}),
    ("arnold", "arnold", 1, {"percent": 100, "resources": "arnold_gb:1.6", "warning": 1}),
    ("lightwave", "lightwave", 1, {"percent": 100}),
    ("mayafumefx", "mayafumefx", 4, {"stop": "error"}),
    ("afterfx", "afterfx", 4, {"frame": 2, "percent": 50}),
    ("fusion", "fusion", 4, {"percent": 100, "stop": "success"}),
    ("prman", "prman", 1, {"percent": 63}),
    ("clarisse", "clarisse", 2, {"frame": 1}),
)
IMAGES: Final = {"mantra": 2, "vray": 1, "prman": 1, "clarisse": 1}  # that are seen written


def whole_run(name: str, text: str, frames: int, piece: int, folder: Path) -> tuple[Found, int]:
    """What is known after the last word, and how many files."""
    watch = Watch(a_parser(loading.parser_class(name, ()), folder, frames))
    data = text.encode()
    for start in range(0, len(data), piece):
        watch.feed(data[start : start + piece])
    watch.end("0:0")
    found = watch.findings
    names = ("percent", "frame", "frame_percent", "activity", "report", "resources", "stop")
    known = {key: getattr(found, key) for key in names}
    return known | {"warning": found.has("warning"), "told": found.messages}, len(found.files)


def written(name: str, folder: Path) -> str:
    for image in ("img.0001.exr", "img.0002.exr"):
        Path(folder, image).touch()
    return output(f"written/{name}.txt").replace("{folder}", str(folder))


@pytest.mark.parametrize("piece", [1, 17, 100_000])
@pytest.mark.parametrize(
    ("parser", "file", "frames", "wanted"), RUNS, ids=lambda value: str(value)
)
def test_a_whole_run_is_read_however_it_is_cut(
    parser: str, file: str, frames: int, wanted: Found, piece: int, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("PDG_DIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))  # Fusion's log is looked for there
    found, files = whole_run(parser, written(file, tmp_path), frames, piece, tmp_path)
    assert {key: found[key] for key in wanted} == wanted
    assert files == IMAGES.get(file, 0)


IN_LINES: Final = [
    vector
    for vector in vectors("afanasy_parsers.json")
    if not loading.parser_class(vector["parser"], ()).partial_lines
]


@pytest.mark.parametrize("vector", IN_LINES)
def test_what_afanasys_vectors_say_does_not_depend_on_the_cuts(
    vector: Found, tmp_path: Path
) -> None:
    text = "".join(vector["input"]["chunks"]).replace("{folder}", str(tmp_path))
    frames = vector["input"]["frames_num"]
    name = vector["parser"]
    assert whole_run(name, text, frames, 1, tmp_path) == whole_run(name, text, frames, 5, tmp_path)


def test_every_written_output_is_read_by_a_test() -> None:
    files = {path.stem for path in Path(HERE, "outputs", "written").glob("*.txt")}
    assert files == {file for _, file, _, _ in RUNS}
    assert all("not recorded" in output(f"written/{name}.txt").splitlines()[0] for name in files)


def test_every_parser_that_ships_is_known_by_a_test() -> None:
    told = {name for name, _, _, _ in RUNS} | {
        vector["parser"] for vector in vectors("afanasy_parsers.json")
    }
    elsewhere = {"blender", "blender_cycles", "mitsuba", "povray"}
    assert set(loading.names("parsers")) == told | elsewhere


@pytest.mark.parametrize("name", loading.names("parsers"))
def test_a_parser_survives_garbage(name: str, tmp_path: Path) -> None:
    garbage = b"\0\xff\xfe" * 50 + "0123456789%: é\n\r.,/[](){}'\"|-".encode() * 200
    watch = Watch(a_parser(loading.parser_class(name, ()), tmp_path, 3))
    for start in range(0, len(garbage), 97):
        watch.feed(garbage[start : start + 97])
    watch.end("1:0")
    assert "broke" not in watch.take_log()
