"""All scenarios, by name: one module for each family."""

from __future__ import annotations

from typing import Final

from chaos.scenario import Scenario
from chaos.scenarios import (
    backup,
    clock,
    disks,
    failpoints,
    files,
    kills,
    network,
    pauses,
    postgres,
    shape,
    tasks,
    upgrade,
)

#: In the order of the table.
FAMILIES: Final = (
    kills,
    failpoints,
    pauses,
    upgrade,
    backup,
    network,
    disks,
    postgres,
    shape,
    tasks,
    clock,
    files,
)
SCENARIOS: Final[dict[str, Scenario]] = {
    scenario.name: scenario for family in FAMILIES for scenario in family.SCENARIOS
}
