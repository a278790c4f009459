"""Movies made of pictures by a studio's script."""

from __future__ import annotations

from grange.plugins.service import Service


class Movgen(Service):
    """Runs a command that prints its progress as tags."""
