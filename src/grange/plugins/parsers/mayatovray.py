"""Scenes that Maya exports for V-Ray, layer by layer."""

from __future__ import annotations

import re

from typing_extensions import override

from grange.plugins.line_parser import LineParser

_PROGRESS = re.compile(r"PROGRESS: (\d{1,3})%")


class Mayatovray(LineParser):
    """Counts the frames of each layer; the next layer begins anew."""

    def __init__(self) -> None:
        super().__init__()
        self._layer = 1
        self._began = False  # the layer has

    @override
    def read(self, line: str) -> None:
        """Follow layers and frames."""
        if "Appending " in line:
            self._append()
        elif "Render complete" in line:
            self._layer += 1
            self._began = False
        elif progress := _PROGRESS.search(line):
            self.show(progress[1])

    def _append(self) -> None:
        if self._began:
            self.end_frame()
            self.activity = f"Layer {self._layer}:"
        else:
            self.frame = self.percentframe = 0
            self.calculate()
        self._began = True
