"""Sums of files, to compare them later."""

from __future__ import annotations

from grange.plugins.service import Service


class Checksum(Service):
    """Runs a command that prints its progress as tags."""
