"""What cannot run says why, in a sentence that names it."""

from __future__ import annotations

import contextlib
import os
from typing import Any

import pytest

from grange.client.errors import ApiError
from grange.model.spec import BlockSpec, JobSpec
from grange.model.states import JobState
from tests.e2e.farms import Farm, python

pytestmark = pytest.mark.slow


def failing(**fields: Any) -> JobSpec:
    return JobSpec(name="bad", blocks=(BlockSpec(frames="1", errors_retries=0, **fields),))


BAD = {
    "/no/such/folder": failing(command=("true",), working_directory="/no/such/folder"),
    "no-such-renderer": failing(command=("no-such-renderer", "-f", "1")),
    "/no/such/renderer": failing(command=("/no/such/renderer",)),
    "/etc/passwd": failing(command=("/etc/passwd",)),
    "status 3": failing(command=("/bin/sh", "-c", "exit 3")),
    "frame.7.exr": failing(
        command=("true",), files=("/tmp/no/frame.7.exr",), check_rendered_files=True
    ),
    "folder '/etc/passwd'": failing(command=("true",), working_directory="/etc/passwd"),
}


def test_a_task_that_cannot_run_says_what_is_wrong(farm: Farm) -> None:
    with farm.client() as client:
        farm.worker(client)
        handles = [client.submit(spec) for spec in BAD.values()]
        for handle, name in zip(handles, BAD, strict=True):
            job = handle.wait(timeout_s=90, raise_on_failure=False)
            view = handle.task(0, 0).view()
            print(f"{name}: {view.status}: {view.message}")
            assert job.state is JobState.FAILED
            assert name.split("'")[-2:][0] in view.message
            assert "Traceback" not in view.message
            assert len(view.message) < 400 + len(os.environ["PATH"])
            assert any(view.message in line.text for line in handle.task(0, 0).story())


def test_a_command_with_a_nul_is_refused_or_fails_alone(farm: Farm) -> None:
    """No process can be given one."""
    with farm.client() as client:
        farm.worker(client)
        with contextlib.suppress(ApiError):
            handle = client.submit(failing(command=("/bin/echo", "a\0b")))
            assert handle.wait(timeout_s=90, raise_on_failure=False).state is JobState.FAILED
            print(handle.task(0, 0).view().message)
        good = client.submit(JobSpec(name="good", blocks=(python("pass"),)))
        assert good.wait(timeout_s=90).state is JobState.DONE
