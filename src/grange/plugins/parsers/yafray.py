"""YafaRay: a bar of 13 marks."""

from __future__ import annotations

import re
from typing import Final

from typing_extensions import override

from grange.plugins.line_parser import LineParser

MARKS: Final = 13  # of a whole bar
PASS = re.compile(r"Render pass: \[(#*)")


class Yafray(LineParser):
    """Reads the bar of a render pass."""

    @override
    def read(self, line: str) -> None:
        """Count the bar's marks."""
        if bar := PASS.search(line):
            self.show(str(100 * share(bar)))


def share(bar: re.Match[str]) -> float:
    """Say how much of a bar is there, 0 to 1."""
    return min(1.0, len(bar[1]) / MARKS)
