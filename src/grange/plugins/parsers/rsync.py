"""rsync with `--progress` or `--info=progress2`."""

from __future__ import annotations

import re

from typing_extensions import override

from grange.plugins.line_parser import LineParser

_PERCENT = re.compile(r"\b(\d{1,3})%")


class Rsync(LineParser):
    """Reads the percentage: of the file, or of all with `--info=progress2`."""

    @override
    def read(self, line: str) -> None:
        """Follow the transfer."""
        if percent := _PERCENT.search(line):
            self.calculate_share(int(percent[1]) / 100)
