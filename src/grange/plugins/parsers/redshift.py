"""Redshift, alone or inside another program."""

from __future__ import annotations

import re

from typing_extensions import override

from grange.plugins.line_parser import LineParser

_BLOCK = re.compile(r"Block (\d{1,9})/(\d{1,9}) .*rendered by GPU")
_BEGINS = re.compile(r"Rendering .*frame -?\d{1,9}\.\.\.")
_ENDS = re.compile(r"Frame .*done|Skipping frame")
_TRIANGLES = re.compile(r"Total triangles: +(\d{1,18})")


class Redshift(LineParser):
    """Reads blocks of a frame, the ends of frames and the number of triangles."""

    def __init__(self) -> None:
        super().__init__()
        self.str_error += [
            "No devices found",
            "Rendering was internally aborted",
            "Bad node type",
            "illegal memory access",
            "License error",
        ]

    @override
    def read(self, line: str) -> None:
        """Follow frames and blocks."""
        super().read(line)
        if block := _BLOCK.search(line):
            self.show(str(100 * int(block[1]) / max(1, int(block[2]))))
        elif _BEGINS.search(line):
            self.show("0")
        elif _ENDS.search(line):
            self.end_frame()
        elif "Rendering done" in line:
            self.frame = self.numframes
            self.show("0" if self.numframes > 1 else "100")
        elif triangles := _TRIANGLES.search(line):
            self.resources = f"triangles:{triangles[1]}"
