"""Walks through folders, to count what is in them."""

from __future__ import annotations

from grange.plugins.service import Service


class Walk(Service):
    """Runs a command that prints its progress as tags."""
