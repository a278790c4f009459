"""Jobs as Afanasy's clients write them: what they become, and what is refused by its field."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from grange.doors.afanasy import orders
from grange.doors.afanasy.orders import BadOrder, read_blocks, read_job, read_tasks
from grange.model.spec import BLOCK_EDITABLE, JOB_EDITABLE, BlockSpec, JobSpec, TaskSpec
from tests.doors.afanasy.stand import Stand, standing
from tests.model.afanasy import vectors

JOBS: dict[str, Any] = json.loads((Path(__file__).parent / "vectors" / "jobs.json").read_text())
TASKS = [{"name": "a", "command": "true"}]


@pytest.fixture
def stand(tmp_path: Path) -> Iterator[Stand]:
    with standing(tmp_path) as found:
        yield found


def job(**fields: Any) -> dict[str, Any]:
    """A job with one block of one task."""
    return {"user_name": "artist", "blocks": [{"tasks": TASKS}], **fields}


def block(**fields: Any) -> BlockSpec:
    """What a block becomes."""
    return read_blocks([fields])[0]


def refused(raw: Any) -> tuple[str, str]:
    """The field and the sentence with which a job is refused."""
    with pytest.raises(BadOrder) as why:
        read_job(raw)
    return why.value.field, str(why.value)


@pytest.mark.proves("afanasy.jobs.minimum")
def test_the_minimum_job_of_the_documentation() -> None:
    assert read_job(JOBS["minimum"]["job"]) == JobSpec(
        name="job name",
        user="jimmy",
        host="host",
        blocks=(
            BlockSpec(
                name="Nuke",
                tasks_name="frames @#@-@#@",
                service="nuke",
                parser="nuke",
                frames="1-100x2",
                frames_per_task=10,
                command="nuke -F@#@,@#@ -x scene.nk -X Write1",
                working_directory="/home/jimmy/work",
                files=("folder/img_L.@####@.jpg", "folder/img_R.@####@.jpg"),
            ),
        ),
    )


@pytest.mark.proves("afanasy.jobs.maximum")
def test_the_maximum_job_of_the_documentation() -> None:
    found = read_job(JOBS["maximum"]["job"])
    assert (found.user, found.host, found.priority) == ("jimmy", "", 50)
    assert (found.wait_until, found.life_time_s) == (12_345_688_901.0, 360_000)
    assert found.description == "\\for\\ \"tests\" 'only'"
    assert (found.hosts_mask, found.hosts_mask_exclude) == ("renderhost.*", "badhost.*")
    assert (found.depend_mask, found.depend_mask_global) == ("my3djob.*", "his3djob.*")
    assert (found.need_os, found.need_properties) == ("linux", "cuda")
    assert found.command_post == "deletefiles path/to/some.scene"
    assert (found.max_running_tasks, found.max_running_tasks_per_host) == (20, 3)


@pytest.mark.proves("afanasy.jobs.older_keys")
def test_the_blocks_of_the_maximum_job_have_the_older_keys() -> None:
    nuke, generic = read_job(JOBS["maximum"]["job"]).blocks
    assert (nuke.sequential, nuke.capacity_coeff_min, nuke.capacity_coeff_max) == (0, 2, 4)
    assert (nuke.errors_retries, nuke.errors_avoid_host, nuke.errors_task_same_host) == (9, 4, 3)
    assert (nuke.depend_mask, nuke.tasks_depend_mask) == ("someBlock", "someBlockTasks")
    assert nuke.errors_forgive_time_s == 3_600
    assert (generic.depend_sub_task, generic.task_max_run_time_s) == (True, 600)
    assert (generic.multihost_min, generic.multihost_max, generic.multihost_max_wait_s) == (
        3,
        5,
        10,
    )
    assert (generic.multihost_service, generic.multihost_service_wait_s) == ("generic_server", 3)
    assert not generic.multihost_master_on_slave
    assert generic.tasks[0] == TaskSpec(name="Process A", command="-a file_a", files=("file_a",))


@pytest.mark.proves("afanasy.jobs.current")
def test_a_job_with_every_setter_of_the_current_client() -> None:
    found = read_job(JOBS["current"]["job"])
    render, comp = found.blocks
    assert (found.preview_approval, found.pools, found.branch) == (
        True,
        {"/p1": 50},
        "/mnt/prj/out",
    )
    assert (found.command_pre, found.folders) == ("pre", {"output": "/mnt/prj/out"})
    assert (render.frames, render.sequential, render.tickets) == ("1-100x1", 10, {"LIC": 2})
    assert (render.need_memory_mb, render.need_hdd_gb, render.need_power) == (4_096, 10, 3)
    assert render.skip_existing_files
    assert render.check_rendered_files
    assert (render.file_size_min, render.file_size_max) == (10, 1_000)
    assert render.environment == {"A": "1"}
    assert (comp.frames, comp.depend_mask, comp.tasks[0].files) == (
        "",
        "render",
        ("/mnt/prj/o.mov",),
    )


@pytest.mark.parametrize("vector", vectors("frame_split"), ids=lambda item: str(item["input"]))
@pytest.mark.proves("afanasy.jobs.frames")
def test_tasks_have_the_frames_that_they_have_in_afanasy(vector: dict[str, Any]) -> None:
    given = {"command": "true", **vector["input"]}
    space = block(**given).space()
    found = [[space[at].first, space[at].last, space[at].number] for at in range(len(space))]
    assert found == [task[:3] for task in vector["output"]["tasks"]]


@pytest.mark.parametrize(
    ("bit", "field"),
    [
        (3, "multihost_master_on_slave"),
        (4, "depend_sub_task"),
        (5, "skip_thumbnails"),
        (6, "skip_existing_files"),
        (7, "check_rendered_files"),
        (8, "slave_lost_ignore"),
        (10, "suspend_new_tasks"),
    ],
)
@pytest.mark.proves("afanasy.jobs.flags")
def test_each_flag_of_a_block_is_a_field(bit: int, field: str) -> None:
    found = block(flags=1 << bit, tasks=TASKS)
    on = [name for name in BlockSpec.__struct_fields__ if getattr(found, name) is True]
    assert on == [field]


def test_a_block_without_tasks_and_flags_is_numeric_if_it_has_frames() -> None:
    assert block(frame_first=3, frame_last=9, command="a").frames == "3-9x1"
    assert block(frame_last=9, command="a").frames == "0-9x1"


def test_a_numeric_block_has_frames_even_if_tasks_are_given() -> None:
    assert block(flags=1, frame_first=1, frame_last=2, tasks=TASKS, command="a").tasks == ()
    assert block(numeric=True, command="a").frames == "0-0x1"


def test_one_frame_per_task_is_the_least() -> None:
    assert block(flags=1, frame_last=4, frames_per_task=-2, command="a").frames_per_task == 1


def test_named_tasks_may_share_a_frames_number() -> None:
    assert block(frames_per_task=-2, tasks=TASKS).frames_per_task == -2
    assert block(frames_per_task=0, tasks=TASKS).frames_per_task == 1


def test_several_hosts_are_wanted_only_where_the_flags_say_so() -> None:
    wanted = block(flags=4, multihost_max=5, tasks=TASKS)
    assert (wanted.multihost_min, wanted.multihost_max) == (1, 5)
    assert block(flags=0, multihost_min=2, multihost_max=5, tasks=TASKS).hosts_least == 0


def test_a_sequence_of_the_current_client_wins_over_the_older_key() -> None:
    assert block(sequential=5, non_sequential=True, tasks=TASKS).sequential == 5


def test_files_are_a_list_or_separated_by_semicolons() -> None:
    assert block(files=" a.exr; b.exr;", tasks=TASKS).files == ("a.exr", "b.exr")
    assert read_tasks([{"files": "c;d"}])[0].files == ("c", "d")


def test_a_priority_beyond_the_bounds_is_the_nearest_one() -> None:
    assert read_job(job(priority=1_000)).priority == 255
    assert read_job(job(priority=-1)).priority == 0


def test_what_means_no_limit_may_be_any_number_below_zero() -> None:
    found = read_job(job(max_running_tasks=-5, time_life=-7, need_memory=-2, time_wait=-1))
    assert found == read_job(job())


def test_tasks_to_try_first_are_pairs() -> None:
    raw = job(try_this_tasks_num=[0], try_this_blocks_num=[0])
    assert read_job(raw).try_first == ((0, 0),)
    assert refused(job(try_this_tasks_num=[0]))[0] == "try_this_blocks_num"


def test_unknown_keys_are_passed_over_as_afanasy_does() -> None:
    assert read_job(job(serial=5, st=1, report="x", no_such_key=[])) == read_job(job())


def test_a_ticket_of_which_none_is_wanted_is_none() -> None:
    assert block(tickets={"A": 0, "B": -1, "C": 2}, tasks=TASKS).tickets == {"C": 2}


def test_an_empty_command_is_none() -> None:
    none = dict.fromkeys(("command", "command_pre", "command_post"), "")
    found = block(**none, tasks=[{"name": "a", "command": ""}])
    assert found == block(tasks=[{"name": "a"}])
    assert read_job(job(command_pre="", cmd_post="")) == read_job(job())


def test_numbers_in_an_environment_are_taken_as_they_are_written() -> None:
    assert block(environment={"A": 1}, tasks=TASKS).environment == {"A": "1"}


def test_what_a_script_leaves_none_is_not_said() -> None:
    nulls = {"depend_mask": None, "priority": None, "time_life": None, "folders": None}
    frames = {"flags": None, "frame_first": 3, "frame_last": None, "command": "x"}
    tasks = [{"name": "t", "command": None, "files": None}]
    made = read_job(job(**nulls, blocks=[frames, {"tasks": tasks, "capacity": None}]))
    assert made == read_job(
        job(blocks=[{"frame_first": 3, "command": "x"}, {"tasks": [{"name": "t"}]}])
    )


def test_a_capacity_of_nothing_is_the_least_there_is() -> None:
    assert [block(capacity=least, tasks=TASKS).capacity for least in (-1, 0, 1)] == [1, 1, 1]


def test_a_script_may_wait_until_a_fraction_of_a_second() -> None:
    assert read_job(job(time_wait=1_000.5)).wait_until == 1_000


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        ([], "job"),
        ({}, "user_name"),
        ({"user_name": ""}, "user_name"),
        ({"user_name": 5}, "user_name"),
        ({"user_name": "a"}, "blocks"),
        (job(blocks=[]), "blocks"),
        (job(blocks={}), "blocks"),
        (job(blocks=[5]), "blocks[0]"),
        (job(blocks=[{}]), "blocks[0].tasks"),
        (job(blocks=[{"tasks": []}]), "blocks[0].tasks"),
        (job(blocks=[{"flags": 1, "frame_first": 5, "frame_last": 1}]), "blocks[0].frame_last"),
        (job(blocks=[{"flags": 1, "frame_last": 2**31}]), "blocks[0].frame_last"),
        (job(blocks=[{"flags": 1, "frame_last": "9"}]), "blocks[0].frame_last"),
        (job(blocks=[{"flags": "1"}]), "blocks[0].flags"),
        (job(blocks=[{"non_sequential": 3, "tasks": TASKS}]), "blocks[0].non_sequential"),
        (job(blocks=[{"capacity": 2**31, "tasks": TASKS}]), "blocks[0].capacity"),
        (
            job(blocks=[{"tasks": TASKS}, {"tasks": [{"files": [1]}]}]),
            "blocks[1].tasks[0].files[0]",
        ),
        (job(blocks=[{"tasks": TASKS, "environment": []}]), "blocks[0].environment"),
        (job(blocks=[{"tasks": TASKS, "environment": {"A": None}}]), "blocks[0].environment.A"),
        (job(blocks=[{"tasks": TASKS, "tickets": {"A": 1.5}}]), "blocks[0].tickets.A"),
        (job(blocks=[{"tasks": TASKS, "errors_retries": 300}]), "blocks[0].errors_retries"),
        (job(blocks=[{"tasks": TASKS, "name": "x" * 300}]), "blocks[0].name"),
        (job(blocks=[{"tasks": TASKS, "need_memory": 2**40}]), "blocks[0].need_memory"),
        (job(name="x" * 300), "name"),
        (job(hosts_mask_type="glob"), "hosts_mask_type"),
        (job(offline="yes"), "offline"),
        (job(priority=1e400), "priority"),
        (job(priority=2**70), "priority"),
        (job(priority=True), "priority"),
        (job(pools=[]), "pools"),
        (job(folders={"a": {}}), "folders.a"),
        (job(depend_mask=5), "depend_mask"),
        (job(time_wait=1e400), "time_wait"),
    ],
)
@pytest.mark.proves("afanasy.jobs.refused")
def test_what_cannot_be_is_refused_by_its_field(raw: Any, field: str) -> None:
    found, sentence = refused(raw)
    assert found == field
    assert sentence.startswith(f"{field}: ")


@pytest.mark.parametrize("name", ["minimum", "maximum", "current"])
@pytest.mark.proves("afanasy.jobs.submit")
def test_the_farm_takes_each_of_them(stand: Stand, name: str) -> None:
    found = stand.ask(copy.deepcopy(JOBS[name]))
    assert found == {"id": 2, "serial": 1}
    assert len(stand.job(2).blocks) >= len(JOBS[name]["job"]["blocks"])


def test_what_the_farm_refuses_is_named_as_afanasy_calls_it(stand: Stand) -> None:
    raw = job(blocks=[{"tasks": TASKS, "task_max_run_time": 5, "task_min_run_time": 9}])
    found = stand.ask({"job": raw})
    assert found["id"] == 0
    assert found["error"].startswith("blocks[0].task_max_run_time: ")


def test_what_cannot_be_read_is_answered_with_a_sentence(stand: Stand) -> None:
    found = stand.ask({"job": {"user_name": "artist", "blocks": None}})
    assert found == {"id": 0, "error": "blocks: a list is wanted, not null"}


def test_a_job_for_a_branch_that_is_not_there_goes_where_there_is_one(stand: Stand) -> None:
    stand.ask({"job": job(branch="C:\\proj\\sh")})
    assert stand.job(2).spec.branch == "/C_"


def test_every_parameter_of_a_job_is_a_field_that_can_be_edited() -> None:
    changes = orders.job_changes({"priority": 5, "need_memory": 7, "time_life": -3, "st": 1})
    assert changes == {"priority": 5, "need_memory_mb": 7, "life_time_s": -1}
    assert changes.keys() <= JOB_EDITABLE


def test_parameters_of_a_block_may_have_older_names() -> None:
    changes = orders.block_changes(
        {"tasks_max_run_time": 9, "non_sequential": True, "files": "a;b"}
    )
    assert changes == {"task_max_run_time_s": 9, "sequential": 0, "files": ("a", "b")}
    assert changes.keys() <= BLOCK_EDITABLE


def test_flags_of_a_block_switch_fields_on_and_off() -> None:
    changes = orders.block_changes({"flags": 1 << 5})
    assert changes["skip_thumbnails"] is True
    assert changes["skip_existing_files"] is False
    assert changes.keys() <= BLOCK_EDITABLE


@pytest.mark.parametrize("name", ["frame_first", "tasks", "no_such", "offline_"])
def test_a_parameter_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(BadOrder, match=rf"^{name}: "):
        orders.block_changes({name: 1})
    with pytest.raises(BadOrder, match=rf"^{name}: "):
        orders.job_changes({name: 1})


def test_a_field_of_ours_has_the_name_that_clients_know() -> None:
    assert orders.theirs("blocks[0].tasks[2].command") == "blocks[0].tasks[2].command"
    assert orders.theirs("blocks[1].need_cpu_mhz") == "blocks[1].need_cpu_freq_mgz"
    assert orders.theirs("wait_until") == "time_wait"
