"""3Delight inside Maya."""

from __future__ import annotations

from typing import ClassVar

from grange.plugins.services.maya import Maya


class MayaDelight(Maya):
    """Runs `Render -r 3delight ...`."""

    parser: ClassVar[str] = "maya_delight"
