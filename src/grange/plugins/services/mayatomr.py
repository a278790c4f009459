"""Scenes that Maya exports for Mental Ray."""

from __future__ import annotations

from typing import ClassVar

from grange.plugins.services.maya import Maya


class Mayatomr(Maya):
    """Runs `Render ...`."""

    parser: ClassVar[str] = "mayatomr"
