"""RenderMan, started by Houdini's batch mode."""

from __future__ import annotations

from typing import ClassVar

from grange.plugins.services.hbatch import Hbatch


class HbatchPrman(Hbatch):
    """Runs `hbatch ...`."""

    parser: ClassVar[str] = "hbatch_prman"
