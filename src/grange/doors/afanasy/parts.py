"""What the requests of this door are answered from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from grange.core.state import FarmState
from grange.doors.afanasy.monitors import Monitors
from grange.doors.afanasy.numbers import Numbers
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
