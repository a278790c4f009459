from __future__ import annotations

from typing import Any

import msgspec
import pytest

from grange.model.frames import FramesError
from grange.model.ids import task_path
from grange.model.spec import BLOCK_EDITABLE, JOB_EDITABLE, BlockSpec, JobSpec
from grange.model.version import VERSION
from grange.model.views import Counts


def read(**fields: Any) -> JobSpec:
    whole = {"name": "job", "blocks": [{"frames": "1-4", "command": ["true"]}]} | fields
    return msgspec.json.decode(msgspec.json.encode(whole), type=JobSpec)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": ""}, "name"),
        ({"priority": 256}, "priority"),
        ({"priority": -1}, "priority"),
        ({"max_running_tasks": -2}, "max_running_tasks"),
        ({"nonsense": 1}, "nonsense"),
        ({"blocks": [{"capacity": 0}]}, "capacity"),
        ({"blocks": [{"tickets": {"nuke": 0}}]}, "tickets"),
        ({"blocks": [{"errors_retries": 128}]}, "errors_retries"),
        ({"pools": {"/": 101}}, "pools"),
        ({"hosts_mask_type": "glob"}, "hosts_mask_type"),
        ({"wait_until": -1}, "wait_until"),
    ],
)
def test_a_value_out_of_bounds_is_refused_where_it_stands(
    fields: dict[str, Any], said: str
) -> None:
    with pytest.raises(msgspec.ValidationError, match=said):
        read(**fields)


def test_a_job_needs_only_a_name_and_something_to_run() -> None:
    spec = read()
    assert (spec.priority, spec.branch, spec.life_time_s) == (99, "/", -1)
    assert (spec.blocks[0].service, spec.blocks[0].capacity) == ("generic", 1_000)


def test_a_block_cannot_count_frames_that_it_cannot_read() -> None:
    with pytest.raises(FramesError):
        BlockSpec(frames="one").space()


def test_what_can_be_edited_is_a_field() -> None:
    assert set(JobSpec.__struct_fields__) >= JOB_EDITABLE
    assert set(BlockSpec.__struct_fields__) >= BLOCK_EDITABLE


@pytest.mark.parametrize("field", ["frames", "frames_per_task", "tasks"])
def test_the_shape_of_a_blocks_tasks_cannot_be_edited(field: str) -> None:
    assert field not in BLOCK_EDITABLE


def test_a_task_is_named_by_three_numbers() -> None:
    assert task_path(3, 0, 17) == "3/0/17"


def test_counts_add_up() -> None:
    assert Counts(ready=2, done=3).total == 5


def test_the_version_has_three_numbers() -> None:
    assert len([int(part) for part in VERSION.split(".")]) == 3
