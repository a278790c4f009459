"""Thumbnails, whole: from a task's file by way of a worker and a server to who looks at them."""

from __future__ import annotations

from pathlib import Path

import pytest

from grange.client.errors import NotFound
from grange.client.handles import JobHandle
from grange.model.spec import BlockSpec, JobSpec
from grange.model.states import JobState
from tests.e2e.farms import Farm, eventually
from tests.plugins.painting import flat, paint, read

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def copies(folder: Path, frames: str) -> JobSpec:
    """A job whose frames are copies of a picture."""
    block = BlockSpec(
        command="cp source.exr beauty.@####@.exr",
        frames=frames,
        files=("beauty.@####@.exr",),
        working_directory=str(folder),
        capacity=100,
    )
    return JobSpec(name="copies", blocks=(block,))


def done(handle: JobHandle) -> None:
    job = handle.wait(timeout_s=120, raise_on_failure=False)
    assert job.state is JobState.DONE, [line.text for line in handle.story()]


@pytest.mark.proves("render.thumbnails.kept_by_the_server", "render.thumbnails.of_files")
def test_what_a_task_has_made_is_seen_until_its_job_is_deleted(farm: Farm, tmp_path: Path) -> None:
    paint(tmp_path / "source.exr", flat(1, 0.5, 0))
    with farm.client() as client:
        farm.worker(client)
        handle = client.submit(copies(tmp_path, "1-3"))
        done(handle)
        task = handle.task(0, 1)
        eventually(task.thumbnails, "the second frame has a thumbnail")
        (found,) = task.thumbnails()
        assert (found.task, found.name) == (1, "beauty.0002.exr")
        assert read(task.thumbnail(found.number), tmp_path).shape == (48, 64, 3)
        eventually(lambda: len(handle.thumbnails()) == 3, "all frames have one")
        assert {item.name for item in handle.thumbnails()} == {
            f"beauty.000{frame}.exr" for frame in (1, 2, 3)
        }

        farm.kill()
        farm.start()
        farm.worker(client)
        newest = handle.thumbnails()[0]
        shown = handle.task(0, newest.task).thumbnail(newest.number, newest.run_id)
        assert handle.thumbnail() == shown

        files = farm.state / "logs/0" / str(handle.id)
        assert list(files.glob("*.jpg"))
        handle.delete()
        eventually(lambda: not files.exists(), "its files are gone")
        with pytest.raises(NotFound):
            handle.thumbnail()
