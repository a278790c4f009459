"""Examines a living farm."""

from __future__ import annotations

import asyncio
import shutil
from itertools import islice
from pathlib import Path
from typing import Final

import msgspec

from grange.core.check import faults
from grange.core.farm import Farm

FAULTS_MAX: Final = 100  # sentences in one answer
DISK_FREE_MIN_GB: Final = 1.0  # below it a render night may end early


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was looked at."""

    name: str
    ok: bool
    text: str


class Diagnosis(msgspec.Struct, frozen=True, kw_only=True):
    """What the doctor found."""

    faults: tuple[str, ...]  #: broken invariants: each is a bug
    checks: tuple[Check, ...]


class Doctor:
    """Looks at the farm and at what it stands on.

    Args:
        farm: read only.
        folder: where database and logs grow.
    """

    def __init__(self, farm: Farm, folder: Path) -> None:
        self._farm = farm
        self._folder = folder

    async def examine(self) -> Diagnosis:
        """Look at everything. Cost: O(tasks), during which the farm waits."""
        found = tuple(islice(faults(self._farm.state), FAULTS_MAX))
        disk = await asyncio.to_thread(self._disk)
        return Diagnosis(faults=found, checks=(_invariants(found), disk, *self._services()))

    def _disk(self) -> Check:
        free_gb = shutil.disk_usage(self._folder).free / 1e9
        text = f"{free_gb:.1f} GB free where the farm's database and logs are"
        return Check(name="disk", ok=free_gb >= DISK_FREE_MIN_GB, text=text)

    def _services(self) -> list[Check]:
        """Whether some worker offers each service that unfinished jobs ask for."""
        state = self._farm.state
        online = [worker for worker in state.workers.values() if worker.linked]
        offered = {service for worker in online for service in worker.traits.services}
        anything = any(not worker.traits.services for worker in online)
        asked = {
            block.spec.service
            for job in state.jobs.values()
            for block in job.blocks
            if not block.finished
        }
        missing = [] if anything else sorted(asked - offered)
        checks = [
            Check(name="workers", ok=bool(online), text=f"{len(online)} workers are online"),
        ]
        if asked:
            text = (
                f"no worker online offers {', '.join(missing)}"
                if missing
                else "every service that is asked for is offered"
            )
            checks.append(Check(name="services", ok=not missing, text=text))
        return checks


def _invariants(found: tuple[str, ...]) -> Check:
    text = f"{len(found)} invariants are broken" if found else "every invariant holds"
    return Check(name="invariants", ok=not found, text=text)
