"""Scenes that Maya exports for Arnold."""

from __future__ import annotations

from typing_extensions import override

from grange.plugins.line_parser import LineParser


class Mayatoarnold(LineParser):
    """Counts scenes, one for each frame."""

    @override
    def read(self, line: str) -> None:
        """Count a scene."""
        if "writing scene to" in line:
            self.end_frame()
