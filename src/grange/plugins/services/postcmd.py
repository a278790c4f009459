"""Commands that a job leaves for after its deletion."""

from __future__ import annotations

from grange.plugins.service import Service


class Postcmd(Service):
    """Runs a command as it is."""
