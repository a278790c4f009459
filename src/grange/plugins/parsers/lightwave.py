"""LightWave."""

from __future__ import annotations

import re

from typing_extensions import override

from grange.plugins.line_parser import LineParser

_COMPLETE = re.compile(r"Render Complete +(\d{1,3})%")


class Lightwave(LineParser):
    """Reads the percentage of a frame, and the ends of frames."""

    @override
    def read(self, line: str) -> None:
        """Follow the frames."""
        if complete := _COMPLETE.search(line):
            self.show(complete[1])
        elif "Beginning frame: " in line:
            self.show("0")
        elif "Finished frame: " in line:
            self.end_frame()
