"""PyFarm's dictionary, whole: a farm renders, its queue is kept, another farm goes on with it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from grange.client import Client
from grange.client.requests import pyfarm
from grange.model.spec import JobSpec
from grange.model.states import JobState
from tests.e2e.farms import Farm, Processes, eventually, python

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

SCRIPT = "import sys; print('frame', sys.argv[1], 'ü\\x1b[0m'); sys.exit(sys.argv[1] == '3')"


def one_runs(client: Client) -> bool:
    """Whether the queue is as far as it can go on the first farm."""
    frames = client.pyfarm_jobs()["shot"]["frames"]
    return (frames["complete"], frames["failed"]) == (3, 1)


def test_a_queue_is_kept_and_restored_into_another_farm(
    tmp_path: Path, processes: Processes, new_farm: Callable[..., Farm]
) -> None:
    with new_farm().client() as client:
        script = python(SCRIPT, "@#@", frames="1-4", errors_retries=0)
        client.submit(JobSpec(name="shot", blocks=(script,)))
        eventually(lambda: one_runs(client), "three frames are complete and one has failed")
        kept = client.pyfarm_jobs().snapshot(stdout="full")
        data = client.send(pyfarm.export("xml"))
    frames = kept["shot"]["subjobs"]["block"]["frames"]
    assert all(frame["pid"] > 1 and frame["host"] for frame in frames.values())
    assert frames[2]["stdout"] == "frame 2 ü\x1b[0m\n"

    (tmp_path / "second").mkdir()
    second = Farm(tmp_path / "second", processes)
    with second.client() as client:
        (made,) = client.send(pyfarm.restore(data, token="once")).jobs
        second.kill()
        second.start()
        jobs = client.pyfarm_jobs()
        for number, frame in jobs["shot"]["subjobs"]["block"]["frames"].snapshot().items():
            assert frame == frames[number]
        handle = client.job(made.job_id)
        assert handle.task(0, 1).log() == "frame 2 ü\x1b[0m\n"
        assert handle.state is JobState.FAILED
        jobs["shot"]["subjobs"]["block"]["frames"][2]["status"] = "Waiting"
        eventually(lambda: len(handle.task(0, 1).runs()) == 2, "the frame runs once more")
        eventually(lambda: jobs["shot"]["frames"]["complete"] == 3, "it is complete again")
        again, restored = handle.task(0, 1).runs()
        assert (again.attempt, restored.attempt) == (2, 1)
        assert handle.task(0, 1).log(restored.run_id) == frames[2]["stdout"]
