"""The demo's job is one that a farm takes, whatever renders it."""

from __future__ import annotations

from pathlib import Path

import pytest

from grange.core.farm import Farm
from grange.demo import job as demo_job
from grange.demo.job import NoRenderer, Renderer, choose, environment, film_job
from grange.demo.run import run_demo
from grange.demo.scenes.look import FILM
from grange.demo.screen import frames_on_disk
from tests.build import submit


@pytest.mark.parametrize("renderer", ["mitsuba", "blender"])
def test_its_frames_cover_the_film_and_come_before_it(renderer: Renderer) -> None:
    farm = Farm(frozenset({"mitsuba", "blender", "ffmpeg"}))
    job_id = submit(farm, film_job(Path("/demo"), renderer))
    *_, frames, film = farm.state.jobs[job_id].blocks
    assert [frames.space[0].first, frames.space[frames.tasks.size - 1].last] == [1, FILM.frames]
    assert film.waits


def test_the_renderer_is_what_the_machine_has(monkeypatch: pytest.MonkeyPatch) -> None:
    there: set[str] = set()
    monkeypatch.setattr(demo_job, "find_spec", lambda name: name if name in there else None)
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(NoRenderer, match="make demo"):
        choose()
    for name, chosen in (("mitsuba", "mitsuba"), ("bpy", "blender")):
        there.add(name)
        assert choose() == chosen


def test_a_machine_without_renderer_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(demo_job, "find_spec", lambda name: None)
    monkeypatch.setattr("shutil.which", lambda name: None)
    assert run_demo(tmp_path) == 1
    assert "pip install 'grange[demo]'" in capsys.readouterr().out.replace("\n", " ")


def test_this_pythons_programs_are_found_first() -> None:
    found = environment({"PATH": "/usr/bin", "HOME": "/h"})
    assert found["PATH"].endswith(":/usr/bin")
    assert found["HOME"] == "/h"


def test_frames_on_disk_are_those_that_are_whole(tmp_path: Path) -> None:
    (tmp_path / "frames").mkdir()
    for name in ("film.0001.png", "film.0012.png", "film.0003.png.part", ".film.0004.png"):
        (tmp_path / "frames" / name).touch()
    assert frames_on_disk(tmp_path) == {1, 12}
