"""Karma inside Houdini's batch mode."""

from __future__ import annotations

from grange.plugins.parsers.hbatch import Hbatch
from grange.plugins.parsers.karma import Karma


class HbatchKarma(Hbatch, Karma):
    """Reads what Houdini and Karma print."""
