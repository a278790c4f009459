"""curl's table of progress."""

from __future__ import annotations

import re

from typing_extensions import override

from grange.plugins.line_parser import LineParser

_ROW = re.compile(r"\s*(\d{1,3})\s+[\d.]+[kMGTP]?\s+\d{1,3}\s")


class Curl(LineParser):
    """Reads the first number of a row."""

    @override
    def read(self, line: str) -> None:
        """Follow the transfer."""
        if row := _ROW.match(line):
            self.calculate_share(int(row[1]) / 100)
