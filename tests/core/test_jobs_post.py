"""The job that runs what was asked for after a job."""

from __future__ import annotations

import pytest

from grange.core import commands as c
from grange.core.effects import Outcome
from grange.core.events import JobSubmitted
from grange.core.farm import Farm
from grange.core.objects import Job
from grange.model.spec import NAME_MAX, JobSpec
from tests.build import block, edit_user, job, join, run_all, submit

CLEAN = ("rm", "tmp")


def deleted(farm: Farm, spec: JobSpec) -> tuple[Job, Outcome]:
    """Delete a job. The job of its post commands."""
    out = farm.apply(c.DeleteJob(job_id=submit(farm, spec)), 2)
    (made,) = farm.state.jobs.values()
    return made, out


def test_a_job_of_post_commands_is_told(farm: Farm) -> None:
    made, out = deleted(farm, job(name="film", command_post=CLEAN))
    assert JobSubmitted(made.job_id) in out.events
    assert [(line.job_id, line.text) for line in out.notes] == [
        (1, "job deleted"),
        (made.job_id, "post commands of job 1 'film'"),
    ]


def test_post_commands_have_names(farm: Farm) -> None:
    join(farm)
    deleted(farm, job(block(command_post=CLEAN), command_post=("notify",)))
    runs = run_all(farm, now=3)
    names = [(run.block_name, run.task_name) for run in runs]
    assert names == [("post commands", "post 1"), ("post commands", "post 2")]
    assert {run.service for run in runs} == {"postcmd"}


@pytest.mark.parametrize(("folders", "folder"), [(("", "/w", "/x"), "/w"), (("", ""), "")])
def test_post_commands_run_in_the_first_folder_that_is_named(
    farm: Farm, folders: tuple[str, ...], folder: str
) -> None:
    join(farm)
    blocks = [block(working_directory=path, command_post=CLEAN) for path in folders]
    deleted(farm, job(*blocks))
    assert {run.working_directory for run in run_all(farm, now=3)} == {folder}


def test_post_commands_are_as_urgent_as_their_job(farm: Farm) -> None:
    made, _ = deleted(farm, job(command_post=CLEAN, priority=150))
    assert made.spec.priority == 150


def test_a_post_command_is_tried_again_three_times_whatever_its_user_says(farm: Farm) -> None:
    edit_user(farm, errors_retries=0)
    made, _ = deleted(farm, job(command_post=CLEAN))
    assert farm.state.retries(made, made.blocks[0]) == 3


def test_the_name_of_a_job_of_post_commands_is_no_longer_than_a_name_may_be(farm: Farm) -> None:
    made, _ = deleted(farm, job(command_post=CLEAN, name="n" * NAME_MAX))
    assert len(made.spec.name) == NAME_MAX
