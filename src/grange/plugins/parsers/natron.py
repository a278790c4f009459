"""Natron: frames that it has rendered."""

from __future__ import annotations

import re

from typing_extensions import override

from grange.plugins.line_parser import LineParser

_RENDERED = re.compile(r"Frame rendered: *(-?\d{1,9})")


class Natron(LineParser):
    """Reads `Frame rendered: N`; one that is told again, for another view, counts once."""

    def __init__(self) -> None:
        super().__init__()
        self.str_error += ["Worker process failed"]

    @override
    def read(self, line: str) -> None:
        """Count frames."""
        rendered = _RENDERED.search(line)
        if rendered and rendered[1] != self._current:
            self._current = rendered[1]
            self.end_frame()
