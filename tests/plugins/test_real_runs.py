"""Runs of real programs, as a worker would have them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from grange.model.states import RunStatus
from grange.plugins.host import Reading, TaskPlugin, Verdict
from tests.plugins.build import a_plugin

pytest.importorskip("imageio_ffmpeg")

ENCODE = (
    "ffmpeg", "-hide_banner", "-y", "-f", "lavfi", "-i", "testsrc=duration=2:size=64x64:rate=10",
)  # fmt: skip


def run(plugin: TaskPlugin) -> tuple[list[Reading], Verdict]:
    ready = plugin.prepared
    with subprocess.Popen(
        ready.command,
        shell=isinstance(ready.command, str),
        cwd=ready.working_directory,
        env=os.environ | ready.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        bufsize=0,
    ) as process:
        pipe = process.stdout
        assert pipe is not None
        readings = [plugin.feed(data) for data in iter(lambda: pipe.read(100), b"")]
        return readings, plugin.finish(process.wait(), None)


def test_ffmpeg_encodes_frames_to_100(tmp_path: Path) -> None:
    plugin = a_plugin(
        tmp_path, service="ffmpeg", command=(*ENCODE, "a.mp4"), frame_last=20, frames_num=20,
        files=("a.mp4",), check_rendered_files=True, file_size_min=100,
    )  # fmt: skip
    readings, verdict = run(plugin)
    assert (verdict.status, verdict.message) == (RunStatus.DONE, "")
    assert readings[-1].percent == 100
    assert (tmp_path / "a.mp4").is_file()


def test_ffmpeg_follows_the_duration_of_a_movie_to_100(tmp_path: Path) -> None:
    run(a_plugin(tmp_path, service="ffmpeg", command=(*ENCODE, "a.mp4")))
    command = "ffmpeg -hide_banner -y -i a.mp4 -vf negate b.mp4"
    readings, verdict = run(a_plugin(tmp_path, service="ffmpeg", command=command))
    percents = [reading.percent for reading in readings]
    assert (verdict.status, percents[-1], percents == sorted(percents)) == (
        RunStatus.DONE,
        100,
        True,
    )


def test_ffmpeg_without_its_input_is_an_error_with_its_line(tmp_path: Path) -> None:
    command = ("ffmpeg", "-i", "no.mov", "b.mp4")
    readings, verdict = run(a_plugin(tmp_path, service="ffmpeg", command=command))
    assert (readings[-1].stop, verdict.status) == ("error", RunStatus.PARSER_ERROR)
    assert verdict.message.endswith("No such file or directory")


def test_ffmpeg_with_an_option_it_does_not_know_is_not_tried_again(tmp_path: Path) -> None:
    _, verdict = run(a_plugin(tmp_path, service="ffmpeg", command=(*ENCODE, "-zz", "1", "a.mp4")))
    assert (verdict.status, verdict.message) == (RunStatus.FATAL, "Unrecognized option 'zz'.")
