from __future__ import annotations

from typing import Any

import pytest

from grange.core import commands as c
from grange.core.accept import near
from grange.core.errors import InvalidField, UnknownField
from grange.core.farm import Farm
from grange.model.spec import BlockSpec, JobSpec, TaskSpec
from tests.build import block, edit_job, job, job_of, named, refused, submit

SAY = TaskSpec(name="a", command=("true",))


def refuse(farm: Farm, spec: JobSpec, field: str) -> str:
    return refused(farm, c.SubmitJob(spec=spec, user="ada"), InvalidField, field)


@pytest.mark.parametrize(
    ("fields", "field", "said"),
    [
        ({"frames": ""}, "frames", "needs frames, such as 1-100, or tasks"),
        ({"tasks": (SAY,)}, "tasks", "either frames or tasks, not both"),
        ({"frames": "x"}, "frames", "'x' is not a frame range"),
        ({"frames": "1-10000001"}, "frames", "raise frames_per_task or split it"),
        ({"command": ()}, "command", "a block with frames needs a command"),
        ({"command": ("a\0b",)}, "command", "cannot hold a NUL character"),
        ({"command": "a\0b"}, "command", "cannot hold a NUL character"),
        ({"command": (" ", "x")}, "command", "the program's name is empty"),
        ({"command": "  "}, "command", "the program's name is empty"),
        ({"command_pre": ("",)}, "command_pre", "the program's name is empty"),
        ({"command_post": ("\0",)}, "command_post", "cannot hold a NUL character"),
        ({"depend_mask": "("}, "depend_mask", "'(' is not a regular expression"),
        ({"tasks_depend_mask": "a**"}, "tasks_depend_mask", "not a regular expression"),
        (
            {"capacity_coeff_min": 3, "capacity_coeff_max": 2},
            "capacity_coeff_max",
            "2 is less than capacity_coeff_min",
        ),
        (
            {"task_min_run_time_s": 9, "task_max_run_time_s": 8},
            "task_max_run_time_s",
            "less than task_min_run_time_s",
        ),
        (
            {"task_min_run_time_s": 2, "task_max_run_time_s": 1},
            "task_max_run_time_s",
            "less than task_min_run_time_s",
        ),
        ({"file_size_min": 9, "file_size_max": 8}, "file_size_max", "less than file_size_min"),
        ({"file_size_min": 1, "file_size_max": 0}, "file_size_max", "less than file_size_min"),
        ({"multihost_min": 2, "multihost_max": 1}, "multihost_max", "less than multihost_min"),
    ],
)
def test_a_block_that_could_never_run_is_refused(
    farm: Farm, fields: dict[str, Any], field: str, said: str
) -> None:
    bad = block(**fields)
    assert said in refuse(farm, job(block(), bad), f"blocks[1].{field}")


@pytest.mark.parametrize(
    ("block_command", "task_command", "said"),
    [
        ((), (), "neither the task nor its block has a command"),
        ("sh", ("a",), "must both be lists or both be strings"),
        (("a",), "sh", "must both be lists or both be strings"),
        ((), ("",), "the program's name is empty"),
        ((), ("a\0",), "cannot hold a NUL character"),
    ],
)
def test_a_named_task_that_could_never_run_is_refused(
    farm: Farm, block_command: Any, task_command: Any, said: str
) -> None:
    tasks = (TaskSpec(command=("a",)) if not isinstance(block_command, str) else TaskSpec(),)
    spec = BlockSpec(command=block_command, tasks=(*tasks, TaskSpec(command=task_command)))
    assert said in refuse(farm, job(spec), "blocks[0].tasks[1].command")


@pytest.mark.parametrize(
    ("fields", "field", "said"),
    [
        ({"blocks": ()}, "blocks", "at least one block"),
        ({"blocks": (block(),) * 10_001}, "blocks", "10001 blocks; at most 10000"),
        ({"blocks": (block("1-6000000"),) * 2}, "blocks", "12000000 tasks; at most 10000000"),
        ({"maintenance": True}, "maintenance", "named tasks, each with a worker's name"),
        (
            {"blocks": (named("n1", multihost_min=1),), "maintenance": True},
            "maintenance",
            "for one machine, and cannot have helpers",
        ),
        ({"depend_mask": "a("}, "depend_mask", "not a regular expression"),
        ({"depend_mask_global": "["}, "depend_mask_global", "not a regular expression"),
        ({"depend_jobs": (7,)}, "depend_jobs[0]", "no job 7 to wait for"),
        ({"try_first": ((1, 0),)}, "try_first[0]", "there is no task 1/0"),
        ({"try_first": ((0, 3), (0, 4))}, "try_first[1]", "there is no task 0/4"),
        ({"try_first": ((-1, 0),)}, "try_first[0]", "there is no task -1/0"),
        ({"command_pre": ("",)}, "command_pre", "the program's name is empty"),
        ({"command_post": ("a\0",)}, "command_post", "cannot hold a NUL character"),
    ],
)
def test_a_job_that_could_never_run_is_refused(
    farm: Farm, fields: dict[str, Any], field: str, said: str
) -> None:
    spec = JobSpec(**{"name": "job", "blocks": (block(),), **fields})
    assert said in refuse(farm, spec, field)


@pytest.mark.parametrize("field", ["hosts_mask", "hosts_mask_exclude"])
def test_a_host_mask_of_kind_regex_must_be_one(farm: Farm, field: str) -> None:
    said = refuse(farm, job(hosts_mask_type="regex", **{field: "("}), field)
    assert "not a regular expression" in said
    submit(farm, job(hosts_mask_type="find", **{field: "("}))


def test_a_job_without_an_owner_is_refused(farm: Farm) -> None:
    refused(farm, c.SubmitJob(spec=job(), user=""), InvalidField, "user")


def test_a_service_that_is_not_there_is_refused_with_the_nearest() -> None:
    farm = Farm(services=frozenset({"blender", "nuke"}))
    said = refuse(farm, job(block(service="blendr")), "blocks[0].service")
    assert said == "there is no service 'blendr'; did you mean 'blender'?"


def test_a_service_like_no_other_is_refused_with_those_known() -> None:
    assert near("zz", {"nuke", "maya"}) == "; known are maya, nuke"
    assert near("zz", ()) == ""


def test_a_farm_that_knows_no_services_takes_any(farm: Farm) -> None:
    submit(farm, job(block(service="whatever")))


def test_many_tasks_are_fine_up_to_the_bound(farm: Farm) -> None:
    submit(farm, job(block("1-10", frames_per_task=3)))
    assert "at most" in refuse(
        farm, job(block("1-20000000", frames_per_task=1)), "blocks[0].frames"
    )


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("priorty", "'priorty' is not a field; did you mean 'priority'?"),
        ("blocks", "'blocks' cannot be edited"),
    ],
)
def test_an_edit_of_what_cannot_be_edited_is_refused(farm: Farm, name: str, said: str) -> None:
    command = c.EditJob(job_id=submit(farm), changes={name: 1})
    assert refused(farm, command, UnknownField, name) == said


def test_an_edit_of_a_block_names_the_block(farm: Farm) -> None:
    command = c.EditJob(job_id=submit(farm), block=0, changes={"frames": "1-9"})
    refused(farm, command, UnknownField, "blocks[0].frames")


@pytest.mark.parametrize(
    ("block_no", "changes", "field"),
    [
        (None, {"priority": "high"}, "priority"),
        (None, {"priority": 999}, "priority"),
        (None, {"pools": {"/": 1_000}}, "pools[...]"),
        (0, {"capacity": 0}, "blocks[0].capacity"),
    ],
)
def test_a_value_of_a_wrong_type_or_size_is_refused(
    farm: Farm, block_no: int | None, changes: dict[str, Any], field: str
) -> None:
    command = c.EditJob(job_id=submit(farm), block=block_no, changes=changes)
    assert refused(farm, command, InvalidField, field).startswith("expected `int`")


def test_an_edit_takes_what_json_gives(farm: Farm) -> None:
    job_id = submit(farm)
    edit_job(farm, job_id, pools={"/a": 5}, depend_jobs=[], wait_until=0)
    assert farm.state.jobs[job_id].spec.pools == {"/a": 5}


def test_named_tasks_may_have_the_whole_command(farm: Farm) -> None:
    submit(farm, job(named("a", "b")))


def test_a_job_may_be_as_large_as_its_bounds(farm: Farm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grange.core.accept.BLOCKS_MAX", 2)
    monkeypatch.setattr("grange.core.accept.TASKS_MAX", 6)
    submit(farm, job(block("1-6")))
    submit(farm, job(block("1-3"), block("1-3")))
    refuse(farm, job(block("1-4"), block("1-3")), "blocks")
    refuse(farm, job(block("1"), block("1"), block("1")), "blocks")


@pytest.mark.parametrize(
    "fields",
    [
        {"capacity_coeff_min": 3, "capacity_coeff_max": 3},
        {"capacity_coeff_min": 3, "capacity_coeff_max": 0},
        {"task_min_run_time_s": 9, "task_max_run_time_s": 9},
        {"task_min_run_time_s": 9, "task_max_run_time_s": 0},
        {"file_size_min": 9, "file_size_max": 9},
        {"multihost_min": 2, "multihost_max": 2},
        {"file_size_min": 9, "file_size_max": -1},
    ],
)
def test_a_block_whose_bounds_meet_or_are_off_is_fine(farm: Farm, fields: dict[str, Any]) -> None:
    submit(farm, job(block(**fields)))


def test_a_shells_line_may_begin_with_a_blank(farm: Farm) -> None:
    submit(farm, job(block(command=" ls -l")))


def test_the_first_task_of_a_block_may_be_the_first_to_try(farm: Farm) -> None:
    job_id = submit(farm, job(block(), block(), try_first=((1, 0), (0, 0))))
    assert job_of(farm, job_id).try_next == [(1, 0), (0, 0)]


def test_a_key_of_a_wrong_type_is_refused_with_the_field_that_has_it(farm: Farm) -> None:
    command = c.EditJob(job_id=submit(farm), changes={"pools": {5: 1}})
    assert refused(farm, command, InvalidField, "pools").startswith("expected `str`")
