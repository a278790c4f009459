"""Blender's own words: frames, saved files, errors."""

from __future__ import annotations

import re
from typing import Final

from typing_extensions import override

from grange.plugins.parser import Arguments, Parser

_FRAME = re.compile(r"Fra:\s*(-?\d+)")  # "Fra:7 Mem:" to Blender 4, "Fra: 7 | " since 5
_SAVED = re.compile(r"Saved: '(.*)'")

#: Blender goes on after most of these and ends with status 0.
ERRORS: Final = (
    "Warning: Unable to open",
    "Render error: cannot save",
    "Error: Render error (",
    "Error: Cannot render, no camera",
    "Error: Cannot read file",
    "Error: CUDA error",
    "Error: HIP error",
    "Error: OptiX error",
    "Out of memory in CUDA",
    "System is out of GPU memory",
)
WARNINGS: Final = ("Error: Python: ", "Error: Python script failed")


class Blender(Parser):
    """Counts frames by a change of `Fra:`, or by saved files where Blender prints no `Fra:`."""

    def __init__(self) -> None:
        super().__init__()
        self.str_error = list(ERRORS)
        self.str_warning = list(WARNINGS)
        self._current = ""  # number of the frame under way, "" where none was told

    @override
    def do(self, i_args: Arguments) -> str | None:
        """Follow the frames and note the files."""
        data = i_args["data"]
        if "Fra:" in data or "Saved: '" in data:
            for line in data.splitlines():
                self._read(line)
            self.calculate()
        return None

    def frame_share(self, line: str) -> float | None:
        """Say how much of its frame a `Fra:` line shows done, 0 to 1; None: nothing new.

        For a parser of one render engine to override.
        """
        return None

    def _read(self, line: str) -> None:
        if frame := _FRAME.search(line):
            self._enter(frame[1])
            share = self.frame_share(line)
            if share is not None:
                self.percentframe = int(100 * share)
        elif saved := _SAVED.search(line):
            self.appendFile(saved[1])
            self._saved()

    def _enter(self, number: str) -> None:
        if self._current not in ("", number):
            self.frame += 1
            self.percentframe = 0
        self._current = number

    def _saved(self) -> None:
        if self._current or self.numframes == 1:
            self.percentframe = 100
        else:
            self.frame += 1
