"""V-Ray alone."""

from __future__ import annotations

import re

from typing_extensions import override

from grange.plugins.line_parser import LineParser

_PERCENT = re.compile(r"Rendering image.*: +(\d{1,3}\.\d{1,9})")
_WRITTEN = re.compile(r'Successfully written image file "([^"]+)"')


class Vray(LineParser):
    """Reads the percentage, which is of the whole task, and the files."""

    @override
    def read(self, line: str) -> None:
        """Follow the image."""
        if percent := _PERCENT.search(line):
            self.show_all(percent[1])
        elif written := _WRITTEN.search(line):
            self.appendFile(written[1])
