"""Mental Ray inside Maya."""

from __future__ import annotations

from typing import ClassVar

from grange.plugins.services.maya import Maya


class MayaMental(Maya):
    """Runs `Render -r mr ...`."""

    parser: ClassVar[str] = "maya_mental"
