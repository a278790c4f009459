"""Clarisse: images, each with its progress."""

from __future__ import annotations

import re

from typing_extensions import override

from grange.plugins.line_parser import LineParser

_PROGRESS = re.compile(r"Progress for .*: +(\d{1,3})%")
_FILE = re.compile(r"File '([^']+)'")


class Clarisse(LineParser):
    """Reads the percentage of each image; one that is saved is a frame."""

    @override
    def read(self, line: str) -> None:
        """Follow the images."""
        if progress := _PROGRESS.search(line):
            self.show(progress[1])
        elif "Saving Image:" in line:
            self.frame += 1
            self.calculate()
        if file := _FILE.search(line):
            self.appendFile(file[1])
