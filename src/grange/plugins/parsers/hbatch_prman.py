"""Prman inside Houdini's batch mode."""

from __future__ import annotations

from grange.plugins.parsers.hbatch import Hbatch
from grange.plugins.parsers.prman import Prman


class HbatchPrman(Hbatch, Prman):
    """Reads what Houdini and RenderMan print."""
