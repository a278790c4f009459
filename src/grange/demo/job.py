"""The demo's job: frames by a path tracer, then a film of them by ffmpeg."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from grange.demo.scenes.look import FILM
from grange.model.spec import BlockSpec, JobSpec, TaskSpec

Renderer = Literal["mitsuba", "blender"]

SCENES = Path(__file__).parent / "scenes"
CHUNK = 6  # frames per task: the renderer's start-up is paid once for them
FRAMES = "frames/film.@####@.png"  # below the demo's folder
FILM_NAME = "grange.mp4"
MISSING = "no renderer: run `make demo`, or pip install 'grange[demo]', or install Blender"


class NoRenderer(Exception):
    """This machine has nothing that could render the demo; the text says what to install."""


def choose() -> Renderer:
    """Pick what this machine has: Blender, its module `bpy`, or Mitsuba.

    Raises:
        NoRenderer: none of them.
    """
    if shutil.which("blender") or find_spec("bpy"):
        return "blender"
    if find_spec("mitsuba"):
        return "mitsuba"
    raise NoRenderer(MISSING)


def film_job(folder: Path, renderer: Renderer) -> JobSpec:
    """The job that renders the film into a folder."""
    blocks = [*_RENDER[renderer](folder), _film(folder)]
    return JobSpec(
        name=f"A grange at dusk ({renderer})",
        description="the demo that comes with Grange",
        folders={"output": str(folder)},
        blocks=tuple(blocks),
    )


def _frames(folder: Path, service: Renderer, command: tuple[str, ...], after: str) -> BlockSpec:
    return BlockSpec(
        name="frames",
        service=service,
        command=command,
        frames=f"1-{FILM.frames}",
        frames_per_task=CHUNK,
        working_directory=str(folder),
        files=(FRAMES,),
        check_rendered_files=True,
        file_size_min=1_024,
        depend_mask=after,
    )


def _mitsuba(folder: Path) -> list[BlockSpec]:
    scene = str(SCENES / "film_mitsuba.py")
    output = "frames/film.####.png"
    span = ("--first", "@first#@", "--last", "@last#@")
    return [_frames(folder, "mitsuba", ("mitsuba", scene, *span, "--output", output), "")]


def _blender(folder: Path) -> list[BlockSpec]:
    build = ("blender", "-b", "--factory-startup", "-P", str(SCENES / "film_blender.py"))
    scene = BlockSpec(
        name="scene",
        service="blender",
        working_directory=str(folder),
        tasks=(TaskSpec(name="film.blend", command=(*build, "--", "film.blend")),),
        files=("film.blend",),
        check_rendered_files=True,
    )
    render = ("blender", "-b", "film.blend", "-o", "//frames/film.####.png", "-F", "PNG")
    span = ("-s", "@first#@", "-e", "@last#@", "-a")
    return [scene, _frames(folder, "blender", (*render, *span), "scene")]


_RENDER = {"mitsuba": _mitsuba, "blender": _blender}


def _film(folder: Path) -> BlockSpec:
    pictures = ("-framerate", str(FILM.fps), "-start_number", "1", "-i", "frames/film.%04d.png")
    coding = ("-c:v", "libx264", "-crf", "16", "-pix_fmt", "yuv420p", "-movflags", "+faststart")
    loops = ("-vf", "loop=loop=2:size=32767:start=0")  # the loop three times: long enough to see
    return BlockSpec(
        name="film",
        service="ffmpeg",
        depend_mask="frames",
        working_directory=str(folder),
        tasks=(
            TaskSpec(
                name=FILM_NAME,
                command=("ffmpeg", "-y", *pictures, *loops, *coding, FILM_NAME),
                files=(FILM_NAME,),
            ),
        ),
        check_rendered_files=True,
        file_size_min=10_000,
    )


def environment(own: Mapping[str, str]) -> dict[str, str]:
    """The environment for the demo's farm: this Python's programs are found first."""
    return {**own, "PATH": f"{Path(sys.executable).parent}:{own.get('PATH', '')}"}
