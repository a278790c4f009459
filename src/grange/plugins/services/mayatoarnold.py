"""Scenes that Maya exports for Arnold."""

from __future__ import annotations

from typing import ClassVar

from grange.plugins.services.maya import Maya


class Mayatoarnold(Maya):
    """Runs `Render ...`."""

    parser: ClassVar[str] = "mayatoarnold"
