"""Both clients can do the same."""

from __future__ import annotations

import inspect

import pytest

from grange.client import AsyncClient, Client
from grange.client.async_handles import AsyncJobHandle, AsyncTaskHandle
from grange.client.handles import JobHandle, TaskHandle

TWINS = [(Client, AsyncClient), (JobHandle, AsyncJobHandle), (TaskHandle, AsyncTaskHandle)]
UNLIKE = {"watch"}  # with a loop, the caller bounds the time


def public(kind: type) -> dict[str, list[str]]:
    return {
        name: list(inspect.signature(member).parameters)
        for name, member in inspect.getmembers(kind, inspect.isfunction)
        if not name.startswith("_")
    }


@pytest.mark.parametrize(("one", "other"), TWINS)
def test_both_have_the_same_methods_and_arguments(one: type, other: type) -> None:
    left, right = public(one), public(other)
    assert left.keys() == right.keys()
    assert {name for name in left if left[name] != right[name]} <= UNLIKE
