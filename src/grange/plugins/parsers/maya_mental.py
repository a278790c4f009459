"""Mental Ray inside Maya."""

from __future__ import annotations

import re

from typing_extensions import override

from grange.plugins.parsers.maya import Maya
from grange.plugins.parsers.mentalray import PROGRESS

_SCENE = re.compile(r"SCEN .*frame (-?\d{1,9})")


class MayaMental(Maya):
    """Reads the number of the frame and the percentage of each job."""

    @override
    def read(self, line: str) -> None:
        """Follow the frames; the scene of a frame is read at its end."""
        super().read(line)
        if scene := _SCENE.search(line):
            first = self.run.frame_first if self.run else 1
            self.frame = int(scene[1]) - first + 1
            self.percentframe = 0
            self.calculate()
        elif progress := PROGRESS.search(line):
            self.show(progress[1])
