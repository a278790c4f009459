"""Scenes that Maya exports for V-Ray."""

from __future__ import annotations

from typing import ClassVar

from grange.plugins.services.maya import Maya


class Mayatovray(Maya):
    """Runs `Render ...`."""

    parser: ClassVar[str] = "mayatovray"
