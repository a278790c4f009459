"""The job itself: a block for each command of a scene, and one for a movie of its images."""

from __future__ import annotations

import os
import re
import shutil
import time
from pathlib import Path
from typing import Final

import msgspec

from grange.af import afcommon
from grange.af.afjob.options import Options
from grange.af.afjob.scenes import BadScene, Rendering, quoted, rendering
from grange.af.block import Block
from grange.af.job import Job
from grange.af.task import Task

MOVIE_FPS: Final = 25
MOVIE_CODEC: Final = "libx264"
_SIZE: Final = re.compile(r"(\d{1,5})x(\d{1,5})")


def job_of(said: Options, host: str | None = None, port: int | None = None) -> Job:
    """Make a job of a scene, ready to be sent.

    Args:
        said: what is to be rendered, and how.
        host: of the server; None as CGRU's variables say.
        port: of the server.

    Raises:
        BadScene: it cannot be rendered as it was asked.
    """
    if said.last < said.first:
        raise BadScene(f"the last frame, {said.last}, is before the first one, {said.first}")
    if said.by < 1:
        raise BadScene(f"-by is 1 or more: every {said.by}-th frame cannot be rendered")
    if said.fpt < 1:
        raise BadScene(f"-fpt is 1 or more: {said.fpt} frames in a task cannot be rendered")
    said = _with_own_scene(said)
    made = rendering(said)
    job = Job(said.name or Path(said.scene.replace("\\", "/")).name, host=host, port=port)
    job.blocks += _blocks(said, made)
    if said.mname:
        job.blocks.append(_movie(said, made.images, [block.data["name"] for block in job.blocks]))
    _describe(job, said)
    return job


def _with_own_scene(said: Options) -> Options:
    """Copy the scene, if a copy is to be rendered."""
    if not said.tempscene:
        return said
    scene = Path(said.scene)
    stamp = time.strftime("%m%d-%H%M%S", time.localtime())
    try:
        copy = scene.with_name(f"{scene.name}.{stamp}{scene.suffix}")
        shutil.copyfile(scene, copy)
    except (OSError, ValueError) as error:  # the latter: what has no name
        raise BadScene(f"the scene cannot be copied: {error}") from error
    return msgspec.structs.replace(said, scene=str(copy), name=said.name or scene.name)


def _blocks(said: Options, made: Rendering) -> list[Block]:
    found = []
    for name, command in made.commands:
        block = Block(name or said.node or made.service, said.type or made.service)
        if said.pwd:
            block.setWorkingDirectory(said.pwd)
        block.setNumeric(said.first, said.last, said.fpt, said.by)
        block.setCommand(command, made.map_paths, made.map_paths)
        block.setCapacity(said.capacity)
        block.setVariableCapacity(said.capmin, said.capmax)
        block.setTaskMaxRunTime(said.maxruntime)
        if said.seq != 1:
            block.setSequential(said.seq)
        images = said.images or made.images
        if images:
            block.setFiles([_pattern(images)])
        found.append(block)
    return found


def _pattern(images: str) -> str:
    return afcommon.patternFromDigits(afcommon.patternFromStdC(images))


def _describe(job: Job, said: Options) -> None:
    job.setPriority(said.priority)
    job.setMaxRunningTasks(said.maxruntasks)
    job.setMaxRunTasksPerHost(said.maxtasksperhost)
    job.setHostsMask(said.hostsmask)
    job.setHostsMaskExclude(said.hostsexcl)
    job.setDependMask(said.depmask)
    job.setDependMaskGlobal(said.depglbl)
    job.setTimeLife(said.lifetime)
    if said.deletescene:
        job.setPostDeleteFiles(os.path.abspath(said.scene))  # noqa: PTH100 (links stay as they are)
    if said.pause:
        job.setPaused()
    if said.os:
        job.setNeedOS("" if said.os == "any" else said.os)


def _movie(said: Options, output: str, after: list[str]) -> Block:
    """A block of one task that makes a movie when all images are there.

    Raises:
        BadScene: nothing says what the images are called, or how large they are to be.
    """
    images = _pattern(said.images or output)
    if "@#" not in images:
        raise BadScene("say -images: what a movie is to be made of, such as img.%04d.png")
    size = _SIZE.fullmatch(said.mres) if said.mres else None
    if said.mres and size is None:
        raise BadScene(f"a movie's size is written 1280x720, not {said.mres}")
    block = Block("movie", "ffmpeg")
    if said.pwd:
        block.setWorkingDirectory(said.pwd)
    block.setDependMask("|".join(re.escape(name) for name in after))
    scale = f" -vf scale={size[1]}:{size[2]}" if size else ""
    movie = said.mname if Path(said.mname).suffix else f"{said.mname}.mov"
    task = Task("movie")
    task.setCommand(
        f"ffmpeg -y -framerate {MOVIE_FPS} {_input(said, images)}{scale}"
        f" -c:v {said.mcodec or MOVIE_CODEC} -pix_fmt yuv420p {quoted(movie)}"
    )
    task.setFiles([movie])
    block.tasks.append(task)
    return block


def _input(said: Options, images: str) -> str:
    """How ffmpeg is told of images: by their numbers if these have no gaps."""
    if said.by > 1:
        return f"-pattern_type glob -i {quoted(re.sub('@#+@', '*', images))}"
    name = re.sub("@(#+)@", lambda found: f"%0{len(found[1])}d", images)
    return f"-start_number {said.first} -i {quoted(name)}"
