"""Scripts that publish to ftrack."""

from __future__ import annotations

from grange.plugins.parsers.generic import Generic


class Ftrack(Generic):
    """Reads the tags that any script can print."""
