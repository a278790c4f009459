"""Arnold inside Maya."""

from __future__ import annotations

from typing import ClassVar

from grange.plugins.services.maya import Maya


class MayaArnold(Maya):
    """Runs `Render -r arnold ...`."""

    parser: ClassVar[str] = "maya_arnold"
