"""Cinema 4D."""

from __future__ import annotations

import re

from typing_extensions import override

from grange.plugins.line_parser import LineParser

_PROGRESS = re.compile(r"Progress: +(\d{1,3})%")
_FRAME = re.compile(r"Rendering frame +(-?\d{1,9})", re.IGNORECASE)


class C4d(LineParser):
    """Reads frames and the percentage of each."""

    def __init__(self) -> None:
        super().__init__()
        self.str_error += ["Files cannot be written", "Error rendering project"]

    @override
    def read(self, line: str) -> None:
        """Follow the frames."""
        if frame := _FRAME.search(line):
            self.enter_frame(frame[1])
        elif progress := _PROGRESS.search(line):
            self.show(progress[1])
