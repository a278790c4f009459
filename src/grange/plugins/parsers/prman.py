"""RenderMan's `prman`."""

from __future__ import annotations

import re

from typing_extensions import override

from grange.plugins.line_parser import LineParser

_FILE = re.compile(r'"([^"]+)".*mode = rgba')
_PERCENT = re.compile(r"\s*\S.*\s(\d{1,3})%\s*$")


class Prman(LineParser):
    """Reads lines that end with a percentage, and files of displays."""

    @override
    def read(self, line: str) -> None:
        """Follow the image."""
        super().read(line)
        if percent := _PERCENT.match(line):
            self.show(percent[1])
        elif "mode = rgba" in line and (file := _FILE.search(line)):
            self.appendFile(file[1])
