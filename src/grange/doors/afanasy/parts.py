"""What the requests of this door are answered from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from grange.core.objects import Branch, Pool, User
from grange.core.state import FarmState
from grange.doors.afanasy.monitors import Monitors
from grange.doors.afanasy.numbers import Names, Numbers
from grange.server.desk import Desk
from grange.server.gauges import Gauges


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the requests of this door are answered from.

    Attributes:
        desk: what every door stands before.
        gauges: progress of runs, load of machines.
        numbers: of users, branches and pools.
        monitors: who watches.
        cgru: the folder of a CGRU installation, for its settings and icons; None: there is none.
    """

    desk: Desk
    gauges: Gauges
    numbers: Numbers
    monitors: Monitors
    cgru: Path | None = None

    @property
    def state(self) -> FarmState:
        """The farm; read only."""
        return self.desk.engine.farm.state

    def now(self) -> float:
        """Epoch seconds."""
        return self.desk.clock()

    def user(self, number: int) -> User | None:
        """The user of a number."""
        return _numbered(self.numbers.users, self.state.users, number)

    def branch(self, number: int) -> Branch | None:
        """The branch of a number."""
        return _numbered(self.numbers.branches, self.state.branches, number)

    def pool(self, number: int) -> Pool | None:
        """The pool of a number."""
        return _numbered(self.numbers.pools, self.state.pools, number)


class _Created(Protocol):
    created: float


N = TypeVar("N", bound=_Created)


def _numbered(names: Names, known: Mapping[str, N], number: int) -> N | None:
    """What has a number. Numbers that were not shown yet are given in the order of making."""
    if number > 0 and names.name(number) is None:
        for name in sorted(known, key=lambda name: (known[name].created, name)):
            names.number(name)
    return known.get(names.name(number) or "")
