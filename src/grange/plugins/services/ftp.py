"""Transfers by FTP."""

from __future__ import annotations

from grange.plugins.service import Service


class Ftp(Service):
    """Runs a command that prints its progress as tags."""
