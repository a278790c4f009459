"""What a scenario is."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Final

import msgspec

from chaos.stage import Stage

ALL: Final = ("P1", "P2", "P3", "P4", "P5", "P6", "P7")  #: what most scenarios check


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """One way to break a farm.

    Attributes:
        name: kebab-case, unique.
        does: one sentence.
        promises: that it checks.
        run: breaks and mends the farm of a stage; all it chooses comes out of `random`. It
            starts the farm's processes itself. Afterwards the driver calls `stage.finish`.
        family: heading in the table; the module's name.
        tries: in a full campaign.
        short: whether it belongs to the short campaign, in a try of few kills.
    """

    name: str
    does: str
    promises: tuple[str, ...]
    run: Callable[[Stage, Random], None]
    family: str
    tries: int = 3
    short: bool = False
