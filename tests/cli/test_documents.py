from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from grange.cli.documents import TIMES, document
from grange.client.requests.tasks import TaskPage
from grange.model import views
from grange.model.states import TaskState
from tests.client import build


def written(value: Any) -> Any:
    return json.loads(document(value))


def test_times_are_written_for_programs() -> None:
    found = written(build.done())
    assert found["created"] == "1970-01-01T00:15:00.000Z"
    assert found["tasks"]["done"] == 4
    assert written(build.job_view())["done"] is None


def test_states_are_written_by_their_names() -> None:
    page = TaskPage(tasks=(build.task_view(0, TaskState.FAILED),), total=1)
    assert written(page)["tasks"][0]["state"] == "failed"
    assert written(build.job_view())["state"] == "running"


def test_a_specification_is_written_as_it_is_submitted() -> None:
    assert written(build.detail())["spec"] == json.loads(msgspec.json.encode(build.JOB))


def test_lists_and_tables_are_written_whole() -> None:
    assert written((build.job_view(),))[0]["job_id"] == 12
    assert written({1: None, "a": [True]}) == {"1": None, "a": [True]}


@pytest.mark.parametrize("view", [kind for kind in vars(views).values() if isinstance(kind, type)])
def test_every_time_of_a_view_is_known(view: type) -> None:
    """A field that is a time is a float that no unit ends."""
    if not issubclass(view, msgspec.Struct) or view.__module__ != views.__name__:
        return
    floats = {
        name
        for name, kind in view.__annotations__.items()
        if kind == "float" and not name.endswith("_s") and name != "percent"
    }
    assert TIMES.get(view, frozenset()) == floats
