"""Scripts that publish to Shotgun (Flow Production Tracking)."""

from __future__ import annotations

from grange.plugins.parsers.generic import Generic


class Shotgun(Generic):
    """Reads the tags that any script can print."""
