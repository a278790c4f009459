"""RV's `rvio`."""

from __future__ import annotations

import re

from typing_extensions import override

from grange.plugins.line_parser import LineParser

_WRITING = re.compile(r"Writing frame .*\((\d{1,3}(?:\.\d{1,9})?)% done\)")


class Rvio(LineParser):
    """Reads how much of all frames is written."""

    @override
    def read(self, line: str) -> None:
        """Follow the frames."""
        if writing := _WRITING.search(line):
            self.calculate_share(float(writing[1]) / 100)
