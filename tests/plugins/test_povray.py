"""Runs of POV-Ray."""

from __future__ import annotations

from pathlib import Path

import pytest

from grange.model.states import RunStatus
from tests.plugins.build import a_plugin
from tests.plugins.test_real_runs import run

SCENE = """
#version 3.7;
global_settings { assumed_gamma 1 }
camera { location <0, 2, -4> look_at 0 }
light_source { <5, 9, -9> rgb 1 }
sphere { 0, 1 pigment { color rgb <1, 0.3, 0.2> } translate clock * x }
"""
OPTIONS = ("+W160", "+H120", "-D", "+V", "+A0.01", "+KFI1", "+KFF2")


@pytest.mark.usefixtures("povray")
def test_frames_of_pov_ray_are_followed_and_their_files_found(tmp_path: Path) -> None:
    Path(tmp_path, "a.pov").write_text(SCENE)
    plugin = a_plugin(
        tmp_path, service="povray", command=("povray", "+Ia.pov", "+Oa.png", *OPTIONS),
        frame_last=2, frames_num=2, files=("a@#@.png",), check_rendered_files=True,
    )  # fmt: skip
    readings, verdict = run(plugin)
    percents = [reading.percent for reading in readings]
    assert (verdict.status, verdict.message) == (RunStatus.DONE, "")
    assert percents[-1] == 100
    assert any(0 < percent < 50 for percent in percents)
    assert verdict.files == (f"{tmp_path}/a1.png", f"{tmp_path}/a2.png")


@pytest.mark.usefixtures("povray")
def test_a_broken_scene_is_told_by_what_is_broken_in_it(tmp_path: Path) -> None:
    Path(tmp_path, "a.pov").write_text("sphere {")
    plugin = a_plugin(tmp_path, service="povray", command=("povray", "+Ia.pov", "-D"))
    _, verdict = run(plugin)
    assert verdict.status == RunStatus.FAILED
    assert verdict.message.startswith("exit status 1: File 'a.pov' line 1: Parse Error: Expected")


@pytest.mark.usefixtures("povray")
def test_the_cause_is_told_though_it_is_not_the_last_line(
    tmp_path: Path,
) -> None:
    Path(tmp_path, "a.pov").write_text(SCENE)
    command = ("povray", "+Ia.pov", "+O/no/such/a.png", "-D")
    _, verdict = run(a_plugin(tmp_path, service="povray", command=command))
    assert verdict.message == "exit status 1: Cannot create render state output file."
