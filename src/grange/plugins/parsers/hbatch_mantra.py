"""Mantra inside Houdini's batch mode."""

from __future__ import annotations

from grange.plugins.parsers.hbatch import Hbatch
from grange.plugins.parsers.mantra import Mantra


class HbatchMantra(Hbatch, Mantra):
    """Reads what Houdini and Mantra print."""
