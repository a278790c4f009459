"""Commands that a worker starts beside its tasks."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from grange.core import commands as c
from grange.core.effects import Launch
from grange.core.errors import InvalidField
from grange.core.farm import Farm
from grange.model.ids import WorkerId
from tests.build import TRAITS, image, join, refused

LETS = replace(TRAITS, launches=True)


def launch(worker_id: WorkerId, command: Any = ("update", "--all"), **more: Any) -> c.Command:
    return c.LaunchCommand(worker_id=worker_id, command=command, **more)


@pytest.mark.parametrize("command", [("update", "--all"), " update --all > log"])
@pytest.mark.parametrize("leave", [False, True])
def test_a_worker_is_told_what_to_launch(farm: Farm, command: Any, leave: bool) -> None:
    worker_id = join(farm, traits=LETS)
    before = image(farm)
    out = farm.apply(launch(worker_id, command, exit=leave), 1)
    assert out.effects == [Launch(worker_id, command, leave)]
    assert (out.events, image(farm)) == ([], before)


@pytest.mark.parametrize(
    ("launches", "why"),
    [
        (False, "its machine's settings do not allow it (launch_commands)"),
        (None, "is of an older version, which launches nothing: update it"),
    ],
)
def test_a_worker_that_launches_nothing_is_told_nothing(
    farm: Farm, launches: bool | None, why: str
) -> None:
    worker_id = join(farm, traits=replace(TRAITS, launches=launches))
    said = refused(farm, launch(worker_id), InvalidField, "worker")
    assert said.startswith("worker node ")
    assert why in said


def test_a_worker_out_of_reach_launches_nothing(farm: Farm) -> None:
    worker_id = join(farm, traits=LETS)
    farm.apply(c.UnlinkWorker(worker_id=worker_id), 1)
    said = refused(farm, launch(worker_id), InvalidField, "worker")
    assert "is missing: it cannot be told" in said


@pytest.mark.parametrize("command", ["", " ", (), ("",), (" ", "x")])
def test_nothing_is_nothing_to_launch(farm: Farm, command: Any) -> None:
    worker_id = join(farm, traits=LETS)
    said = refused(farm, launch(worker_id, command), InvalidField, "command")
    assert said == "a command needs a program"
