"""Houdini's batch mode."""

from __future__ import annotations

import re

from typing_extensions import override

from grange.plugins.line_parser import LineParser
from grange.plugins.parsers.mantra import LICENCES

_ALEMBIC = re.compile(r"ABC_PROGRESS +(\d{1,3})")


class Hbatch(LineParser):
    """Counts the frames of a render node; parsers of renderers in Houdini are derived from it."""

    def __init__(self) -> None:
        super().__init__()
        self.str_error += LICENCES
        self.str_warning += ["OpenCL Exception", "Failed to create"]

    @override
    def read(self, line: str) -> None:
        """Follow the node."""
        super().read(line)
        if "RopNode.render: frame " in line:
            self.enter_next_frame()
        elif progress := _ALEMBIC.search(line):
            self.show(progress[1])
