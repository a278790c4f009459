"""Arnold inside Houdini."""

from __future__ import annotations

from typing_extensions import override

from grange.plugins.parsers.arnold import Arnold
from grange.plugins.parsers.hbatch import Hbatch


class Houdinitoarnold(Hbatch, Arnold):
    """Counts Houdini's frames; Arnold's percentage is of the one under way."""

    @override
    def show_all(self, percent: str) -> None:
        """Tell how much of the frame is done, if there are several."""
        if self.numframes > 1:
            self.show(percent)
        else:
            super().show_all(percent)
