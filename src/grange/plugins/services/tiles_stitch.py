"""Tiles of a picture that are put together."""

from __future__ import annotations

from grange.plugins.service import Service


class TilesStitch(Service):
    """Runs a command that prints its progress as tags."""
