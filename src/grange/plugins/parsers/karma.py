"""Houdini's Karma, by `husk`."""

from __future__ import annotations

from typing import ClassVar

from grange.plugins.parsers.mantra import Mantra


class Karma(Mantra):
    """Reads what Mantra prints too; images are named by `Image: `."""

    figure: ClassVar[str] = "karma_gb"
    warnings: ClassVar[tuple[str, ...]] = (*Mantra.warnings, "karma:")
