"""Redshift inside Maya."""

from __future__ import annotations

from grange.plugins.parsers.maya import Maya
from grange.plugins.parsers.redshift import Redshift


class MayaRedshift(Maya, Redshift):
    """Reads what Maya and Redshift print."""
