"""Redshift inside Houdini's batch mode."""

from __future__ import annotations

from grange.plugins.parsers.redshift import Redshift


class HbatchRedshift(Redshift):
    """Reads Redshift, which tells its frames itself."""
