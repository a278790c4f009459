"""Redshift inside Maya."""

from __future__ import annotations

from typing import ClassVar

from grange.plugins.services.maya import Maya


class MayaRedshift(Maya):
    """Runs `Render -r redshift ...`."""

    parser: ClassVar[str] = "maya_redshift"
