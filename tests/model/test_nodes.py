"""What is set on workers beside what is set on their pools."""

from __future__ import annotations

import msgspec

from grange.model.nodes import SHARED, PoolSpec, WorkerSpec, own_values


def test_what_a_worker_may_have_of_its_own_its_pool_has_too() -> None:
    assert set(SHARED) <= set(PoolSpec.__struct_fields__) & set(WorkerSpec.__struct_fields__)


def test_a_worker_follows_its_pool_unless_something_is_set() -> None:
    plain = WorkerSpec(priority=5, paused=True, annotation="x", user="ada", pool="/gpu")
    assert own_values(plain) == ()


def test_each_value_of_its_own_is_named() -> None:
    values = {
        "services": ("nuke",),
        "services_disabled": ("maya",),
        "capacity_host": 0,
        "max_tasks_host": 0,
        "power_host": 5,
        "properties_host": "red",
        "tickets_host": {"nuke": {"count": 1}},
    }
    assert tuple(values) == SHARED
    for name, value in values.items():
        assert own_values(msgspec.convert({name: value}, WorkerSpec)) == (name,)
