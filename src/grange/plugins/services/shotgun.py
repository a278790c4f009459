"""Scripts that publish to Shotgun (Flow Production Tracking)."""

from __future__ import annotations

from typing import ClassVar

from grange.plugins.service import Service


class Shotgun(Service):
    """Runs a command that prints its progress as tags."""

    parser: ClassVar[str] = "shotgun"
