"""FumeFX inside Maya."""

from __future__ import annotations

from typing_extensions import override

from grange.plugins.line_parser import LineParser


class Mayafumefx(LineParser):
    """Counts the frames of a simulation."""

    def __init__(self) -> None:
        super().__init__()
        self.str_error += ["FumeFX is not authorized"]

    @override
    def read(self, line: str) -> None:
        """A frame that begins ends the one before it."""
        if "FumeFX: Frame: " in line:
            self.enter_next_frame()
