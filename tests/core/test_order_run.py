from __future__ import annotations

from typing import Any

import pytest

from grange.core.farm import Farm
from grange.core.order_run import exact_command, exact_files, task_command, task_files
from grange.model.run import RunSpec
from grange.model.spec import BlockSpec, TaskSpec
from tests.build import (
    block,
    edit_pool,
    edit_user,
    edit_worker,
    job,
    join,
    named,
    one,
    only_block,
    run_all,
    submit,
)


def order(farm: Farm, spec: BlockSpec, **fields: object) -> RunSpec:
    join(farm)
    submit(farm, job(spec, **fields))
    return one(farm)[1]


SAME = {
    "service": "nuke",
    "parser": "nuke",
    "working_directory": "/w",
    "environment": {"A": "b"},
    "files": ("img.@####@.exr",),
    "file_size_min": 5,
    "file_size_max": 6,
    "skip_thumbnails": True,
    "skip_existing_files": True,
    "check_rendered_files": True,
    "parser_coeff": 3,
    "tickets": {"nuke": 2},
}


def test_a_worker_is_told_all_that_a_block_says(farm: Farm) -> None:
    run = order(farm, block("1", name="comp", **SAME), name="film")
    assert {name: getattr(run, name) for name in SAME} == SAME
    assert (run.job_name, run.block_name, run.user, run.numeric) == ("film", "comp", "ada", True)


def test_a_worker_is_told_the_limits_of_a_run(farm: Farm) -> None:
    spec = block(
        "1",
        task_max_run_time_s=90,
        task_min_run_time_s=2,
        task_progress_change_timeout_s=30,
        need_memory_mb=7,
    )
    run = order(farm, spec)
    assert (run.max_run_time_s, run.min_run_time_s) == (90, 2)
    assert (run.progress_change_timeout_s, run.need_memory_mb) == (30, 7)


def test_what_is_not_set_is_off(farm: Farm) -> None:
    run = order(farm, block("1", task_progress_change_timeout_s=-1))
    assert (run.progress_change_timeout_s, run.need_memory_mb, run.capacity_coeff) == (0, -1, 0)


def test_a_worker_is_told_what_a_task_takes_of_it(farm: Farm) -> None:
    assert order(farm, block("1", capacity=700)).capacity == 700


def test_memory_that_a_user_asks_for_is_reserved(farm: Farm) -> None:
    edit_user(farm, need_memory_mb=50)
    assert order(farm, block("1", need_memory_mb=20)).need_memory_mb == 50


def test_a_worker_is_told_the_frames_of_a_task(farm: Farm) -> None:
    run = order(farm, block("1-10x3", frames_per_task=3, name="b"))
    assert (run.frame_first, run.frame_last, run.frame_inc, run.frames_num) == (1, 7, 3, 3)
    assert run.task_name == "frame 1-7 / 3"


def test_the_command_goes_to_the_service_unfilled(farm: Farm) -> None:
    run = order(farm, block("5", command=("r", "-f", "@####@")))
    assert run.command == ("r", "-f", "@####@")


def test_a_named_task_goes_with_its_own_command_files_and_environment(farm: Farm) -> None:
    task = TaskSpec(name="t", command=("own",), files=("a.txt",), environment={"A": "task"})
    spec = BlockSpec(
        tasks=(task,),
        command=("do", "@#@", "now"),
        files=("/o/@#@",),
        environment={"A": "block", "B": "block"},
        tasks_name="T[@#@]",
    )
    run = order(farm, spec)
    assert run.command == ("do", "own", "now")
    assert run.files == ("/o/a.txt",)
    assert run.environment == {"A": "task", "B": "block"}
    assert (run.task_name, run.numeric) == ("T[t]", False)


def test_a_named_task_without_an_environment_has_its_blocks(farm: Farm) -> None:
    spec = BlockSpec(tasks=(TaskSpec(command=("x",)),), environment={"B": "block"})
    assert order(farm, spec).environment == {"B": "block"}


def test_data_for_scripts_is_passed_on_by_whose_it_is(farm: Farm) -> None:
    edit_worker(farm, join(farm), custom_data="of worker")
    edit_user(farm, custom_data="of user")
    task = TaskSpec(name="t", command=("x",), custom_data="of task")
    submit(farm, job(BlockSpec(tasks=(task,), custom_data="of block"), custom_data="of job"))
    said = one(farm)[1].custom_data
    assert said == {who: f"of {who}" for who in ("job", "user", "worker", "block", "task")}


def test_where_there_is_no_data_none_is_passed_on(farm: Farm) -> None:
    assert order(farm, block("1")).custom_data == {}


def test_frames_are_reported_where_others_wait_for_them(farm: Farm) -> None:
    join(farm)
    submit(farm, job(block("1-3", frames_per_task=2, depend_sub_task=True), block("1")))
    assert [run.report_frames for run in run_all(farm)] == [True, False, False]


def test_the_exact_command_is_filled() -> None:
    frames = only_block(block("5-9", frames_per_task=3, command=("r", "@#@", "@##@", "@task@")))
    assert exact_command(frames, 0) == ("r", "5", "07", "0")
    assert task_command(frames, 1) == ("r", "@#@", "@##@", "@task@")
    assert exact_command(only_block(named("a", command=("x",))), 0) == ("x", "do", "a")


def test_what_named_tasks_say_is_taken_as_it_is() -> None:
    task = TaskSpec(command=("x", "@##@"), files=("i.@##@",))
    found = only_block(BlockSpec(tasks=(task,)))
    assert exact_command(found, 0) == ("x", "@##@")
    assert exact_files(found, 0, 9) == ("i.@##@",)


def test_the_exact_files_are_one_per_frame() -> None:
    frames = only_block(block("5-9", frames_per_task=3, files=("i.@##@.exr",)))
    assert exact_files(frames, 0, 9) == ("i.05.exr", "i.06.exr", "i.07.exr")
    assert exact_files(frames, 0, 2) == ("i.05.exr", "i.06.exr")
    assert task_files(frames, 0) == ("i.@##@.exr",)
    task = TaskSpec(command=("x",), files=("a",))
    assert exact_files(only_block(BlockSpec(tasks=(task,))), 0, 9) == ("a",)


@pytest.mark.parametrize(
    ("root", "fast", "most"),
    [
        ({}, {}, 0),
        ({"memory_policy": "kill"}, {}, 1_200),
        ({"memory_policy": "kill"}, {"memory_over_percent": 50}, 1_500),
        ({"memory_policy": "kill", "memory_over_percent": 0}, {}, 1_000),
        ({"memory_policy": "kill"}, {"memory_policy": "report"}, 0),
        ({}, {"memory_policy": "kill"}, 1_200),
        ({"memory_policy": "kill"}, {"memory_over_percent": 0}, 1_000),
        ({"memory_policy": "kill", "memory_over_percent": -1}, {}, 1_000),
    ],
)
def test_how_much_memory_a_run_may_use_is_a_matter_of_its_pools(
    farm: Farm, root: dict[str, Any], fast: dict[str, Any], most: int
) -> None:
    edit_pool(farm, **root)
    edit_pool(farm, "/fast", pattern="node", **fast)
    assert order(farm, block("1", need_memory_mb=1_000)).memory_max_mb == most


@pytest.mark.parametrize(("need", "most"), [(1, 1), (7, 8)])
def test_how_much_memory_a_run_may_use_is_whole_megabytes(
    farm: Farm, need: int, most: int
) -> None:
    edit_pool(farm, memory_policy="kill")
    assert order(farm, block("1", need_memory_mb=need)).memory_max_mb == most


def test_who_asks_for_no_memory_may_use_any(farm: Farm) -> None:
    edit_pool(farm, memory_policy="kill", memory_over_percent=0)
    assert order(farm, block("1")).memory_max_mb == 0
