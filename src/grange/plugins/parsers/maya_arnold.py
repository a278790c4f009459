"""Arnold inside Maya."""

from __future__ import annotations

import re

from typing_extensions import override

from grange.plugins.parsers.maya import Maya

_DONE = re.compile(r"(\d{1,3})% done")


class MayaArnold(Maya):
    """Reads `45% done` of each frame; 100 ends it."""

    def __init__(self) -> None:
        super().__init__()
        self.str_error += ["[mtoa] Failed batch render"]

    @override
    def read(self, line: str) -> None:
        """Follow the frame under way."""
        super().read(line)
        done = _DONE.search(line)
        if done is None:
            return
        if int(done[1]) >= 100 and self.numframes > 1:
            self.end_frame()
        else:
            self.show(done[1])
