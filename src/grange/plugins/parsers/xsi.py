"""Softimage."""

from __future__ import annotations

import re
from typing import ClassVar

from typing_extensions import override

from grange.plugins.line_parser import LineParser

_FRAME = re.compile(r"Rendering frame +-?\d{1,9}")


class Xsi(LineParser):
    """Counts frames as they begin; parsers of renderers in Softimage are derived from it."""

    progress: ClassVar[re.Pattern[str]] = re.compile(
        r"progr: +(\d{1,3}(?:\.\d{1,9})?)% +rendered"
    )  #: finds how much of the frame is done

    @override
    def read(self, line: str) -> None:
        """Follow the frames."""
        if _FRAME.search(line):
            self.begin()
        elif progress := self.progress.search(line):
            self.show(progress[1])

    def begin(self) -> None:
        """Count a frame as it begins; the first only begins."""
        if self._current:
            self.frame += 1
            self.calculate()
        self._current = "first or later"
