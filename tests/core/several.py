"""Tasks of several machines, and machines for them."""

from __future__ import annotations

from typing import Any

from grange.core.effects import Outcome
from grange.core.farm import Farm
from grange.model.ids import WorkerId
from grange.model.run import RunSpec
from grange.model.spec import BlockSpec
from grange.model.states import RunStatus
from tests import build
from tests.build import Begun, block, edit_pool, join

DAEMON = "rayserver --port 7000"


def many(least: int = 2, most: int = 0, **fields: Any) -> BlockSpec:
    """A block of one task that needs so many helpers."""
    fields.setdefault("multihost_service", DAEMON)
    return block("1", multihost_min=least, multihost_max=most, **fields)


def machines(farm: Farm, count: int) -> list[WorkerId]:
    """So many workers, each with room for one task."""
    edit_pool(farm, max_tasks_host=1)
    return [join(farm, f"m{number}") for number in range(count)]


def end(
    farm: Farm,
    run: Begun,
    status: RunStatus = RunStatus.DONE,
    message: str = "",
    now: float = 1,
) -> Outcome:
    """Report the end of a run."""
    return build.end(farm, run[0], run[1].run_id, status, now, message=message)


def main_of(runs: list[Begun]) -> RunSpec:
    """The run that executes the task."""
    (found,) = [run for _, run in runs if not run.helps]
    return found


def helpers_of(runs: list[Begun]) -> list[Begun]:
    """The runs that serve it."""
    return [item for item in runs if item[1].helps]
