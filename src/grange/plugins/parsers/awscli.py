"""Amazon's command line: parts of a transfer."""

from __future__ import annotations

import re

from typing_extensions import override

from grange.plugins.line_parser import LineParser

_PARTS = re.compile(r"(\d{1,9}) of (\d{1,9}) part")


class Awscli(LineParser):
    """Reads how many parts are done."""

    @override
    def read(self, line: str) -> None:
        """Follow the transfer."""
        if parts := _PARTS.search(line):
            self.calculate_share(int(parts[1]) / max(1, int(parts[2])))
