"""Houdini's Mantra."""

from __future__ import annotations

import os
import re
from typing import ClassVar, Final

from typing_extensions import override

from grange.plugins.line_parser import LineParser
from grange.plugins.parser import Arguments

_PROGRESS = re.compile(r"ALF_PROGRESS +(\d{1,3})%")
_GENERATING = re.compile(r"Generating Image: (.*) \(\d{1,9}x\d{1,9}\)")
_PEAK = re.compile(r"Peak Memory Usage: +(\d{1,9}(?:\.\d{1,9})?) +([KMGT])B")
_GEOMETRY = re.compile(r"Error loading geometry .* from stdin")
_VARIABLE = re.compile(r"__([A-Z][A-Z0-9_]{0,60}?)__")
_GB: Final = {"K": 1 / 1024**2, "M": 1 / 1024, "G": 1.0, "T": 1024.0}

LICENCES: Final = (
    "No licenses could be found to run this application",
    "Failed to acquire a license",
    "Unable to find a valid license",
)


class Mantra(LineParser):
    """Reads progress, images, peak memory and what a PDG item has written."""

    figure: ClassVar[str] = "mantra_gb"  #: name of the peak memory in `resources`
    warnings: ClassVar[tuple[str, ...]] = (
        "mantra: warning",
        "Unable to load texture",
        "Unknown parameter",
    )

    def __init__(self) -> None:
        super().__init__()
        self.str_error += [*LICENCES, "Failed to create file"]
        self.str_warning += self.warnings
        self._generating = ""  # named before it is written

    @override
    def do(self, i_args: Arguments) -> str | None:
        """Read the portion; the last image is there at the end."""
        super().do(i_args)
        if i_args["mode"] != "RUN":
            self._note_image()
        return None

    @override
    def read(self, line: str) -> None:
        """Follow the frame under way."""
        super().read(line)
        self.fail_on(_GEOMETRY, line)
        if progress := _PROGRESS.search(line):
            self.show(progress[1])
            self._note_image()
        elif image := _GENERATING.search(line):
            self._note_image()
            self._generating = image[1]
        elif peak := _PEAK.search(line):
            self.resources = f"{self.figure}:{round(float(peak[1]) * _GB[peak[2]], 2):g}"
        elif "PDG_RESULT:" in line:
            for field in line.split(";")[1:]:
                self.appendFile(self._expand(field))

    def _note_image(self) -> None:
        if self._generating:
            self.appendFile(self._generating)

    def _expand(self, text: str) -> str:
        """Put variables in the place of names such as `__PDG_DIR__`."""
        known = self.run.environment if self.run else {}
        return _VARIABLE.sub(lambda name: known.get(name[1], os.getenv(name[1], name[0])), text)
