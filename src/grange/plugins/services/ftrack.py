"""Scripts that publish to ftrack."""

from __future__ import annotations

from typing import ClassVar

from grange.plugins.service import Service


class Ftrack(Service):
    """Runs a command that prints its progress as tags."""

    parser: ClassVar[str] = "ftrack"
