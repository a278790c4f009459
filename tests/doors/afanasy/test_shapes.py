"""Every recorded JSON reply is what a shape writes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from grange.doors.afanasy.shapes.block import (
    PROGRESS_BAR,
    BlockFull,
    BlockListed,
    BlockProgress,
    BlockProperties,
)
from grange.doors.afanasy.shapes.branch import ActiveJob, Branch
from grange.doors.afanasy.shapes.event import KINDS, JobsOrder, MonitorEvents
from grange.doors.afanasy.shapes.job import Job, JobFull, JobProgress
from grange.doors.afanasy.shapes.monitor import Monitor
from grange.doors.afanasy.shapes.pool import Pool
from grange.doors.afanasy.shapes.render import Render, RenderObject, RenderResources
from grange.doors.afanasy.shapes.task import Task, TaskFiles, TaskProgress
from grange.doors.afanasy.shapes.user import User
from tests.doors.afanasy.recorded import recorded, unleaked

Found = tuple[str, type, dict[str, Any]]
KIND_OF = {
    "monitors": Monitor,
    "monitor": Monitor,
    "users": User,
    "user": User,
    "pools": Pool,
    "renders": Render,
    "events": MonitorEvents,
    "task": Task,
    "task_files": TaskFiles,
    "job_progress": JobProgress,
    "object": RenderObject,
}
BLOCKS = {"blocks_pp": BlockProgress, "blocks_pr": BlockProperties, "blocks_full": BlockFull}


def found_in(name: str, reply: dict[str, Any]) -> Iterator[Found]:
    """The objects of a reply, each with the shape that it has."""
    for key, value in reply.items():
        kind = KIND_OF.get(key)
        if key == "jobs":
            kind = JobFull if "full" in name else Job
        elif key == "blocks":
            kind = next(kind for end, kind in BLOCKS.items() if name.endswith(end))
        for item in value if isinstance(value, list) else [value]:
            least = 1 if kind is MonitorEvents else 2  # keys of what is no mere id
            if kind is not None and isinstance(item, dict) and len(item) >= least:
                yield name, kind, unleaked(item)


OBJECTS = [
    found
    for item in recorded("server_")
    if item["output"]
    for found in found_in(item["name"], item["output"])
]


@pytest.mark.parametrize(("name", "kind", "said"), OBJECTS, ids=[item[0] for item in OBJECTS])
def test_a_shape_writes_what_the_real_server_wrote(
    name: str, kind: type, said: dict[str, Any]
) -> None:
    shape: Any = msgspec.convert(said, kind)
    assert msgspec.json.decode(msgspec.json.encode(shape)) == said, name


def test_every_shape_was_met() -> None:
    met = {kind for _, kind, _ in OBJECTS}
    assert met == {*KIND_OF.values(), *BLOCKS.values(), Job, JobFull}


def test_nothing_that_was_recorded_is_unknown_to_a_shape() -> None:
    for _, kind, said in OBJECTS:
        shape: Any = msgspec.convert(said, kind)
        assert set(said) <= set(msgspec.to_builtins(shape))


def test_the_orders_of_jobs_are_recorded_as_the_shape_writes_them() -> None:
    said = recorded("server_scen2_u_order")[0]["output"]["events"]["jobs_order"]
    assert msgspec.to_builtins(msgspec.convert(said, JobsOrder)) == {
        key: tuple(map(tuple, value)) if key == "jids" else tuple(value)
        for key, value in said.items()
    }


def test_a_progress_bar_has_its_length() -> None:
    bars = [
        block["p_progressbar"]
        for item in recorded("server_")
        for job in (item["output"] or {}).get("jobs", ())
        for block in job["blocks"]
    ]
    assert {len(bar) for bar in bars} == {PROGRESS_BAR}


def test_what_a_page_reads_without_asking_is_always_written() -> None:
    block = BlockListed(
        block_num=0,
        st=0,
        p_progressbar=" " * PROGRESS_BAR,
        name="b",
        service="generic",
        capacity=1_000,
        flags=1,
        tasks_num=1,
        frame_first=0,
        frame_last=0,
        frames_per_task=1,
        frames_inc=1,
    )
    frames = {"frame_first": 0, "frame_last": 0, "frames_per_task": 1, "frames_inc": 1}
    assert msgspec.to_builtins(block).items() >= frames.items()


def test_a_branch_always_has_a_list_of_active_jobs() -> None:
    branch = Branch(
        name="/",
        priority=99,
        solve_method="solve_priority",
        solve_need="solve_tasksnum",
        time_creation=1,
        parent="",
        active_jobs=(),
    )
    assert msgspec.to_builtins(branch)["active_jobs"] == ()
    job = ActiveJob(id=2, name="j", user_name="u", state=" RDY")
    assert msgspec.json.encode(job) == b'{"id":2,"name":"j","user_name":"u","state":" RDY"}'


def test_a_task_that_has_not_run_has_nothing_but_its_state() -> None:
    assert msgspec.to_builtins(TaskProgress(state=" RDY", st=1)) == {"state": " RDY", "st": 1}


def test_the_load_of_an_offline_render_is_not_written() -> None:
    load = RenderResources(id=3, host_name="r3")
    assert msgspec.to_builtins(load) == {"id": 3, "host_name": "r3"}


def test_events_have_a_list_for_each_kind() -> None:
    fields = set(MonitorEvents.__struct_fields__)
    assert {kind for kind in KINDS if kind} <= fields
    assert len(KINDS) == 19
