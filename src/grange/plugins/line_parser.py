"""The base class of parsers that look at one line at a time."""

from __future__ import annotations

import re
from typing import Final

from typing_extensions import override

from grange.plugins.parser import Arguments, Parser

READ_MAX: Final = 4_096  # characters of a line that are looked at: patterns stay quick on any text


class LineParser(Parser):
    """Calls `read` with every line. Override that.

    A class that is derived from two parsers reads with both: `read` begins with
    `super().read(line)`.
    """

    def __init__(self) -> None:
        super().__init__()
        self._current = ""  # name or number of the frame under way, "" before the first
        self._frames_begun = 0

    @override
    def do(self, i_args: Arguments) -> str | None:
        """Read the portion line by line."""
        for line in i_args["data"].splitlines():
            self.read(line[:READ_MAX])
        return None

    def read(self, line: str) -> None:
        """Read one line, which may be the unfinished last one where `partial_lines` is set."""

    def end_frame(self) -> None:
        """Count the frame under way as done."""
        self.frame += 1
        self.percentframe = 0 if self.numframes > 1 else 100
        self.calculate()

    def enter_frame(self, name: str) -> None:
        """Count a frame as done when one of another name, or number, is under way."""
        if self._current not in ("", name):
            self.frame += 1
            self.show("0")
        self._current = name

    def enter_next_frame(self) -> None:
        """Count a frame as done when the next one begins; the first only begins."""
        self._frames_begun += 1
        self.enter_frame(str(self._frames_begun))

    def show(self, percent: str) -> None:
        """Tell how much of the frame under way is done."""
        self.percentframe = int(float(percent))
        self.calculate()

    def show_all(self, percent: str) -> None:
        """Tell how much of the whole task is done, whatever its frames."""
        self.percent = max(0, min(int(float(percent)), 100))

    def fail_on(self, pattern: re.Pattern[str], line: str) -> None:
        """End the run if a pattern is found."""
        if pattern.search(line):
            self.error = True
            self.message = line.strip()
