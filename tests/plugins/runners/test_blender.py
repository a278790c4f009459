from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from grange.plugins.runners import blender as runner
from grange.plugins.runners.blender_arguments import BadUsage, frame_numbers, parse


@dataclass
class Render:
    """A scene's render settings; frames are written by FakeBlender."""

    folder: Path
    filepath: str = "frame.####.png"
    engine: str = "CYCLES"
    threads_mode: str = "AUTO"
    threads: int = 0
    use_file_extension: bool = True
    is_movie_format: bool = False
    image_settings: SimpleNamespace = field(default_factory=SimpleNamespace)

    def frame_path(self, frame: int) -> str:
        return str(self.folder / self.filepath.replace("####", f"{frame:04d}"))


class FakeBlender:
    """As much of bpy as the runner uses; frame 13 cannot be rendered."""

    def __init__(self, folder: Path) -> None:
        self.rendered: list[str] = []
        self.loaded: list[tuple[str, bool]] = []
        self.made = self._scene(folder, "Scene"), self._scene(folder, "Other")
        self.context = SimpleNamespace(scene=self.made[0])
        handlers = SimpleNamespace(render_pre=[], render_stats=[], persistent=lambda f: f)
        self.app = SimpleNamespace(handlers=handlers, version_string="5.0.1")
        wm = SimpleNamespace(open_mainfile=self._open, read_factory_settings=self._open)
        self.ops = SimpleNamespace(wm=wm, render=SimpleNamespace(render=self._render))

    @property
    def data(self) -> SimpleNamespace:
        class Scenes(dict[str, Any]):
            def __iter__(self) -> Any:
                return iter(self.values())

        return SimpleNamespace(scenes=Scenes({scene.name: scene for scene in self.made}))

    def _scene(self, folder: Path, name: str) -> SimpleNamespace:
        frames = {"frame_start": 1, "frame_end": 3, "frame_step": 1, "frame_current": 1}
        return SimpleNamespace(name=name, render=Render(folder), **frames)

    def _open(self, filepath: str = "factory", *, use_scripts: bool = False) -> None:
        self.loaded.append((Path(filepath).name, use_scripts))

    def _render(self, *, animation: bool, scene: str) -> set[str]:
        assert animation
        chosen = self.data.scenes[scene]
        for frame in range(chosen.frame_start, chosen.frame_end + 1, chosen.frame_step):
            chosen.frame_current = frame
            for pre in self.app.handlers.render_pre:
                pre(chosen, None)
            for stats in self.app.handlers.render_stats:
                stats("Mem: 1M | Updating Scene", None)
                stats("Mem: 18M | Sample 4/8", None)
            if frame == 13:
                raise RuntimeError("Error: Cannot render, no camera\n")
            path = Path(chosen.render.frame_path(frame))
            path.touch()
            self.rendered.append(path.name)
        return {"FINISHED"}


@pytest.fixture
def bpy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeBlender:
    fake = FakeBlender(tmp_path)
    monkeypatch.setitem(sys.modules, "bpy", fake)
    monkeypatch.setattr(sys, "argv", ["blender"])
    return fake


def run(line: str) -> int:
    return runner.main(line.split())


def test_a_range_is_rendered_to_the_named_output(bpy: FakeBlender) -> None:
    assert run("-b -noaudio -o f.#### -s 2 -e 6 -j 2 -a") == 0
    assert bpy.rendered == ["f.0002", "f.0004", "f.0006"]


def test_arguments_work_in_their_order(bpy: FakeBlender) -> None:
    assert run("-b -s 3 -a -o late.####") == 0
    assert bpy.rendered == ["frame.0003.png"]


def test_frames_are_rendered_as_listed_and_the_range_is_kept(bpy: FakeBlender) -> None:
    assert run("-b -f 5,8..9,+1 -a") == 0
    frames = [5, 8, 9, 2, 1, 2, 3]
    assert bpy.rendered == [f"frame.{frame:04d}.png" for frame in frames]


def test_progress_names_the_frame_and_leaves_out_the_preparation(
    bpy: FakeBlender, capsys: pytest.CaptureFixture[str]
) -> None:
    runner.main(["-b", "-f", "7"])
    assert capsys.readouterr().out == "Fra: 7 | Mem: 18M | Sample 4/8\n"


def test_a_frame_that_fails_ends_with_1_and_its_number(
    bpy: FakeBlender, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("-b -s 12 -e 14 -a") == 1
    assert capsys.readouterr().err == "blender: frame 13: Cannot render, no camera\n"


def test_a_frame_without_a_file_ends_with_1(
    bpy: FakeBlender, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bpy.ops.render, "render", lambda **_: {"FINISHED"})
    assert run("-b -f 4") == 1
    assert "frame 4: Blender wrote no file" in capsys.readouterr().err


def test_trust_and_factory_settings_come_before_the_file(bpy: FakeBlender, tmp_path: Path) -> None:
    path = tmp_path / "film.blend"
    path.touch()
    assert runner.main(["-b", str(path), "-y", "--factory-startup"]) == 0
    assert bpy.loaded == [("factory", False), ("film.blend", True)]


def test_engine_format_threads_and_scene_are_set(bpy: FakeBlender) -> None:
    assert run("-b -S Other -E BLENDER_EEVEE -F tga -x 0 -t 3 -f 1") == 0
    render = bpy.made[1].render
    assert (render.engine, render.image_settings.file_format) == ("BLENDER_EEVEE", "TARGA")
    assert (render.use_file_extension, render.threads_mode, render.threads) == (False, "FIXED", 3)


def test_a_scene_that_is_not_there_ends_with_2(
    bpy: FakeBlender, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("-b -S Third -a") == 2
    assert capsys.readouterr().err == "blender: -S Third: there is only Scene, Other\n"


def test_scripts_see_all_arguments(
    bpy: FakeBlender, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = tmp_path / "script.py"
    script.write_text("import sys; print(sys.argv[-3:])")
    assert runner.main(["-b", "-P", str(script), "--", "-z", "9"]) == 0
    assert capsys.readouterr().out == "['--', '-z', '9']\n"


def test_a_scripts_error_is_told_and_passed_over_unless_a_code_is_asked_for(
    bpy: FakeBlender, capsys: pytest.CaptureFixture[str]
) -> None:
    failing = ["-b", "--python-expr", "1/0", "-f", "1"]
    assert runner.main(failing) == 0
    assert runner.main([*failing, "--python-exit-code", "7"]) == 7
    assert capsys.readouterr().err.count("ZeroDivisionError") == 2
    assert bpy.rendered == ["frame.0001.png"]


def test_the_version_is_told_as_by_the_program(
    bpy: FakeBlender, capsys: pytest.CaptureFixture[str]
) -> None:
    assert runner.main(["--version"]) == 0
    assert capsys.readouterr().out == "Blender 5.0.1\n"


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("-b -q", "unknown option -q"),
        ("-b -o", "-o needs a value"),
        ("-b gone.blend -a", "there is no file gone.blend"),
        ("-b -P gone.py", "there is no file gone.py"),
        ("-b -s one", "-s one: not a number"),
        ("-b -j 0", "-j 0: not a number of 1 or more"),
        ("-b -t many", "-t many: not a number from 0 to 1024"),
        ("-b -x yes", "-x yes: write 1 or 0"),
        ("-b -f 1,,2", "-f 1,,2: '' is not a frame; write 7, 1,3,5 or 5..8"),
        ("-b -s 9 -e 4 -a", "-a: last frame 4 before first 9"),
        ("-b --python-exit-code 300", "--python-exit-code 300: not a number from 0 to 255"),
    ],
)
def test_a_wrong_argument_ends_with_2_and_a_sentence(
    line: str, sentence: str, bpy: FakeBlender, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(line) == 2
    assert capsys.readouterr().err == f"blender: {sentence}\n"


def test_without_bpy_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "bpy", None)
    assert runner.main(["-b", "-a"]) == 1
    assert "pip install bpy" in capsys.readouterr().err


def test_every_option_has_an_action() -> None:
    values = ["-o", "x", "-F", "PNG", "-x", "1", "-E", "CYCLES", "-S", "s", "-s", "1", "-e", "+2"]
    values += ["-j", "1", "-f", "1", "-t", "0", "--python-expr", "1", "-Y", "-v", "-noaudio"]
    assert {action.name for action in parse(["-b", "-a", *values])} <= set(runner.DO)


def test_frames_may_count_from_the_ends() -> None:
    assert frame_numbers("+0,-0,+1..-3", start=10, end=14) == [10, 14, 11]
    with pytest.raises(BadUsage, match="last frame 5 before first frame 8"):
        frame_numbers("8..5", start=1, end=9)


def with_bpy() -> list[str]:
    """The start of a command that runs the runner where bpy is: here, or in its own folder."""
    beside = Path(sys.prefix, "blender", "bin", "python")
    if importlib.util.find_spec("bpy") is None and not beside.exists():
        if sys.version_info[:2] != (3, 11):
            pytest.skip("bpy 5.0.1 is made for Python 3.11 alone")
        pytest.fail("bpy is not installed: run the tests by `make test`, which installs it")
    here = importlib.util.find_spec("bpy") is not None
    return [sys.executable if here else str(beside), "-m", "grange.plugins.runners.blender"]


ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(__file__).parents[3] / "src")}


@pytest.mark.slow
def test_blender_itself_renders(tmp_path: Path) -> None:
    setting = "import bpy; r = bpy.context.scene.render; r.resolution_x = r.resolution_y = 16"
    command = [*with_bpy(), "-b", "--factory-startup"]
    options = ["--python-expr", setting, "-E", "CYCLES", "-o", f"{tmp_path}/f.##", "-F", "PNG"]
    ended = subprocess.run(
        [*command, *options, "-f", "1,3"],
        capture_output=True,
        text=True,
        check=False,
        env=ENVIRONMENT,
    )
    assert ended.returncode == 0
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["f.01.png", "f.03.png"]
    assert "Fra: 3 | " in ended.stdout
    assert f"Saved: '{tmp_path}/f.03.png'" in ended.stdout


@pytest.mark.slow
def test_blender_itself_without_a_camera_ends_with_1(tmp_path: Path) -> None:
    command = [*with_bpy(), "-b", "--factory-startup"]
    options = ["--python-expr", "import bpy; bpy.context.scene.camera = None"]
    output = ["-o", f"{tmp_path}/f.##", "-f", "1"]
    ended = subprocess.run(
        [*command, *options, *output], capture_output=True, text=True, check=False, env=ENVIRONMENT
    )
    assert (ended.returncode, list(tmp_path.iterdir())) == (1, [])
    assert ended.stderr.endswith("blender: frame 1: Cannot render, no camera\n")
