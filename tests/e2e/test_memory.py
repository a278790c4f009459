"""Memory that a task asked for and what it used, from the need in the job to what people read."""

from __future__ import annotations

import pytest

from grange.client import Client
from grange.client.handles import JobHandle
from grange.client.requests import pools
from grange.client.requests import tasks as task_requests
from grange.model.run import RunResult
from grange.model.spec import JobSpec
from grange.model.states import JobState, RunStatus
from tests.e2e.farms import PATIENCE_S, Farm, python

pytestmark = [pytest.mark.slow, pytest.mark.crash]

TAKE_200_MB = "x = [7] * 26_500_000"


def submit(client: Client, script: str) -> JobHandle:
    block = python(script, need_memory_mb=100, errors_retries=0)
    return client.submit(JobSpec(name="hungry", blocks=(block,)))


def result_of(job: JobHandle) -> RunResult:
    (run,) = job.task(0, 0).runs()
    assert run.result is not None
    return run.result


def test_a_run_that_used_more_than_it_asked_for_is_told_where_people_look(farm: Farm) -> None:
    with farm.client() as client:
        farm.worker(client)
        job = submit(client, TAKE_200_MB)
        view = job.wait(timeout_s=PATIENCE_S)
        assert (view.state, view.blocks[0].warnings) == (JobState.DONE, 1)
        meter = result_of(job).meter
        said = f"used {meter.peak_memory_mb} MB of memory, asked for 100 MB"
        assert result_of(job).message == job.task(0, 0).view().message == said
        story = client.send(task_requests.story(view.job_id, 0, 0))
        assert story[-1].text.endswith(f": {said}")
        assert meter.cpu_s > 0


def test_a_pool_that_says_so_ends_runs_for_their_memory(farm: Farm) -> None:
    with farm.client() as client:
        farm.worker(client)
        client.send(pools.edit("/", memory_policy="kill", memory_over_percent=50))
        job = submit(client, f"{TAKE_200_MB}\nimport time; time.sleep(1000)")
        assert job.wait(PATIENCE_S, raise_on_failure=False).state is JobState.FAILED
        result = result_of(job)
        assert result.status is RunStatus.OUT_OF_MEMORY
        assert "150 MB" in result.message
        assert "asked for 100 MB" in result.message
