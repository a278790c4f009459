"""3ds Max, by `3dsmaxcmd`."""

from __future__ import annotations

import re

from typing_extensions import override

from grange.plugins.line_parser import LineParser

_FRAME = re.compile(r"Frame +-?\d{1,9} +completed", re.IGNORECASE)
_PROGRESS = re.compile(r"progr: +(\d{1,3}(?:\.\d{1,9})?)%.*rendered")


class Max(LineParser):
    """Counts the frames that are completed, and reads Mental Ray's percentage of one."""

    def __init__(self) -> None:
        super().__init__()
        self.str_error += [
            "An unexpected exception has occurred",
            "Error initializing",
            "Error opening",
            "Error rendering",
        ]

    @override
    def read(self, line: str) -> None:
        """Follow the frames."""
        if _FRAME.search(line):
            self.end_frame()
        elif progress := _PROGRESS.search(line):
            self.show(progress[1])
