"""After Effects, by `aerender`."""

from __future__ import annotations

import re

from typing_extensions import override

from grange.plugins.line_parser import LineParser

_PROGRESS = re.compile(r"PROGRESS: [^(]*\((\d{1,9})\): [^(]*Seconds")


class Afterfx(LineParser):
    """Reads which frame, counted from 1, is under way."""

    def __init__(self) -> None:
        super().__init__()
        self.str_error += ["aerender Error", "After Effects error", "Unable to Render"]

    @override
    def read(self, line: str) -> None:
        """Follow the frames."""
        if progress := _PROGRESS.search(line):
            self.frame = int(progress[1]) - 1
            self.calculate()
