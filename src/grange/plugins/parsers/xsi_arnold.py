"""Arnold inside Softimage."""

from __future__ import annotations

import re
from typing import ClassVar

from typing_extensions import override

from grange.plugins.parsers.xsi import Xsi


class XsiArnold(Xsi):
    """Tells also what is done: loading, rendering, finalizing, skipping."""

    progress: ClassVar[re.Pattern[str]] = re.compile(r"(\d{1,3})% done")

    @override
    def read(self, line: str) -> None:
        """Follow the frames."""
        if "Skipping Frame" in line:
            self.begin()
            self.activity = "skipping frames.."
        elif "Render completed " in line:
            self.percentframe = 100
            self.calculate()
        else:
            super().read(line)

    @override
    def begin(self) -> None:
        """A frame that begins is being loaded."""
        super().begin()
        self.activity = "loading.."

    @override
    def show(self, percent: str) -> None:
        """Show the percentage and what it means."""
        super().show(percent)
        self.activity = "rendering.." if self.percentframe < 100 else "finalizing.."
