"""RED's `REDline`."""

from __future__ import annotations

import re

from typing_extensions import override

from grange.plugins.line_parser import LineParser

_SHARE = re.compile(r"\b ([01]\.\d{2,9})")


class Redline(LineParser):
    """Reads how much is done, a fraction that follows a word or a number."""

    @override
    def read(self, line: str) -> None:
        """Follow the export."""
        if share := _SHARE.search(line):
            self.calculate_share(float(share[1]))
