"""Any command."""

from __future__ import annotations

from grange.plugins.service import Service


class Generic(Service):
    """Runs a command as it is."""
