"""The demo's job in small: frames by Mitsuba, a film by ffmpeg, and a server that is killed."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from grange.client.handles import JobHandle
from grange.demo.job import FILM_NAME, film_job
from grange.demo.screen import frames_on_disk
from grange.model.spec import JobSpec
from grange.model.states import JobState
from tests.e2e.farms import Farm, eventually, once

pytestmark = [pytest.mark.slow, pytest.mark.crash, pytest.mark.timeout(600)]

FRAMES = 24


def small_film(folder: Path, frames_per_task: int) -> JobSpec:
    """The demo's job with few pixels."""
    (folder / "frames").mkdir(parents=True)
    job = film_job(folder, "mitsuba")
    frames, film = job.blocks
    size = ("--width", "48", "--height", "28", "--spp", "1")
    frames = replace(
        frames,
        command=(*frames.command, *size),
        frames=f"1-{FRAMES}",
        frames_per_task=frames_per_task,
        file_size_min=-1,
    )
    return replace(job, blocks=(frames, replace(film, file_size_min=-1)))


def finished(handle: JobHandle) -> None:
    job = handle.wait(timeout_s=300, raise_on_failure=False)
    said = [line.text for line in handle.story()]
    assert job.state is JobState.DONE, said


def test_a_film_is_the_same_though_its_server_was_killed(farm: Farm) -> None:
    calm, killed = farm.folder / "calm", farm.folder / "killed"
    with farm.client() as client:
        farm.worker(client)
        finished(client.submit(small_film(calm, FRAMES // 2)))
        handle = client.submit(small_film(killed, 4))
        eventually(lambda: frames_on_disk(killed), "a frame is on disk")
        farm.kill()
        farm.start()
        finished(handle)

        assert frames_on_disk(killed) == frames_on_disk(calm) == set(range(1, FRAMES + 1))
        for task in (*(handle.task(0, number) for number in range(6)), handle.task(1, 0)):
            once(task)
    for frame in sorted((calm / "frames").iterdir()):
        assert (killed / "frames" / frame.name).read_bytes() == frame.read_bytes(), frame.name
    film = (killed / FILM_NAME).read_bytes()
    assert b"ftyp" in film[:16]
    assert film == (calm / FILM_NAME).read_bytes()
