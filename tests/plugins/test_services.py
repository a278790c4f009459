from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

import pytest

from grange.plugins.host import PluginError, available
from grange.plugins.services import blender
from tests.plugins.build import a_plugin, a_studio
from tests.plugins.test_programs import executable

NOWHERE = {"PATH": "/no/such"}


def hide(monkeypatch: pytest.MonkeyPatch, *modules: str) -> None:
    for module in modules:
        monkeypatch.setitem(sys.modules, module, None)  # None: not importable
    monkeypatch.setattr(blender, "PLACES", ())


@pytest.mark.parametrize("program", ["blender", "ffmpeg"])
def test_a_program_on_the_runs_path_is_used(program: str, tmp_path: Path) -> None:
    path = executable(tmp_path / "bin" / program)
    given = {"PATH": str(tmp_path / "bin")}
    command = (program, "-b", "a b")
    prepared = a_plugin(tmp_path, service=program, command=command, environment=given).prepared
    assert prepared.command == (path, "-b", "a b")


def test_in_a_shells_line_only_the_first_word_is_the_program(tmp_path: Path) -> None:
    path = executable(tmp_path / "my bin" / "blender")
    given = {"PATH": str(tmp_path / "my bin")}
    command = "blender -b @#@ && echo blender"
    prepared = a_plugin(tmp_path, service="blender", command=command, environment=given).prepared
    assert prepared.command == f"{shlex.quote(path)} -b 1 && echo blender"


@pytest.mark.parametrize("word", ["/opt/my/blender", "blender-4.2", "env"])
def test_any_other_program_is_left_alone(word: str, tmp_path: Path) -> None:
    prepared = a_plugin(tmp_path, service="blender", command=(word, "blender")).prepared
    assert prepared.command == (word, "blender")


def test_blenders_module_stands_in_for_the_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hide(monkeypatch)
    Path(tmp_path, "bpy.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    command = ("blender", "-b", "a.blend", "-f", "@#@")
    plugin = a_plugin(tmp_path, service="blender", command=command, environment=NOWHERE)
    runner = (sys.executable, "-m", "grange.plugins.runners.blender")
    assert plugin.prepared.command == (*runner, "-b", "a.blend", "-f", "1")


def test_mitsuba_is_run_by_its_runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path(tmp_path, "mitsuba.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    prepared = a_plugin(tmp_path, service="mitsuba", command=("mitsuba", "a.xml")).prepared
    runner = (sys.executable, "-m", "grange.plugins.runners.mitsuba")
    assert prepared.command == (*runner, "a.xml")


def test_the_bundled_ffmpeg_stands_in_for_the_program(tmp_path: Path) -> None:
    pytest.importorskip("imageio_ffmpeg")
    plugin = a_plugin(tmp_path, service="ffmpeg", command=("ffmpeg",), environment=NOWHERE)
    assert os.access(plugin.prepared.command[0], os.X_OK)


@pytest.mark.parametrize("here", [True, False])
def test_post_commands_may_delete_files_where_no_program_does(tmp_path: Path, here: bool) -> None:
    path = executable(tmp_path / "bin" / "deletefiles") if here else ""
    given = {"PATH": str(tmp_path / "bin")}
    plugin = a_plugin(tmp_path, service="postcmd", command="deletefiles 'a b'", environment=given)
    ours = f"{sys.executable} -m grange.plugins.runners.deletefiles"
    assert plugin.prepared.command == f"{path or ours} 'a b'"


@pytest.mark.parametrize("program", ["blender", "mitsuba", "ffmpeg"])
def test_a_machine_without_the_program_refuses(
    program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hide(monkeypatch, "bpy", "mitsuba", "imageio_ffmpeg")
    with pytest.raises(PluginError, match=f"no {program} on this machine: install"):
        a_plugin(tmp_path, service=program, command=(program,), environment=NOWHERE)


def test_only_what_this_machine_has_is_available(monkeypatch: pytest.MonkeyPatch) -> None:
    hide(monkeypatch, "bpy", "mitsuba", "imageio_ffmpeg")
    monkeypatch.setenv("PATH", "/no/such")
    found = available()
    assert found["generic"] == found["system"] == "any command"
    assert found.keys().isdisjoint({"blender", "mitsuba", "ffmpeg", "rsync", "lightwave"})


def test_what_is_available_says_its_version_and_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hide(monkeypatch)
    program = executable(tmp_path / "blender", "Blender 4.2.1")
    ffmpeg = executable(tmp_path / "ffmpeg", "nothing known")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    found = available()
    assert found["blender"] == f"Blender 4.2.1 at {program}"
    assert found["ffmpeg"] == f"FFmpeg (unknown version) at {ffmpeg}"


def test_a_broken_service_is_not_available(tmp_path: Path) -> None:
    studio = a_studio(tmp_path, "services", "ours", "1 / 0")
    assert "ours" not in available([str(studio)])


def test_a_module_that_came_without_its_ffmpeg_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path(tmp_path, "imageio_ffmpeg.py").write_text("def get_ffmpeg_exe(): raise RuntimeError")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "imageio_ffmpeg", raising=False)
    with pytest.raises(PluginError, match="no ffmpeg on this machine"):
        a_plugin(tmp_path, service="ffmpeg", command=("ffmpeg",), environment=NOWHERE)
