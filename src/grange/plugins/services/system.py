"""Commands of the farm's own: events, clean-ups."""

from __future__ import annotations

from grange.plugins.service import Service


class System(Service):
    """Runs a command as it is."""
