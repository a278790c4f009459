"""3Delight inside Maya."""

from __future__ import annotations

from grange.plugins.parsers.maya import Maya
from grange.plugins.parsers.prman import Prman


class MayaDelight(Maya, Prman):
    """Reads the progress that 3Delight prints in RenderMan's way."""
