"""Scenes that Maya exports for Mental Ray, by a script that prints tags."""

from __future__ import annotations

from grange.plugins.parsers.generic import Generic


class Mayatomr(Generic):
    """Reads `FRAME: ` and `PROGRESS: `."""
