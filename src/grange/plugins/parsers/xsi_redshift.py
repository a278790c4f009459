"""Redshift inside Softimage."""

from __future__ import annotations

import re
from typing import ClassVar

from typing_extensions import override

from grange.plugins.parsers.xsi_arnold import XsiArnold

_BLOCK = re.compile(r"Block (\d{1,9})/(\d{1,9})")


class XsiRedshift(XsiArnold):
    """Reads the blocks of a frame."""

    progress: ClassVar[re.Pattern[str]] = _BLOCK

    @override
    def read(self, line: str) -> None:
        """Follow frames and blocks."""
        if block := _BLOCK.search(line):
            self.show(str(100 * int(block[1]) / max(1, int(block[2]))))
        else:
            super().read(line)
