"""Arnold's `kick`."""

from __future__ import annotations

import re

from typing_extensions import override

from grange.plugins.line_parser import LineParser

_DONE = re.compile(r"(\d{1,3})% done")
_PEAK = re.compile(r"peak CPU memory used +(\d{1,9}(?:\.\d{1,9})?)MB")


class Arnold(LineParser):
    """Reads the percentage, which is of the whole task, and the memory at the end."""

    def __init__(self) -> None:
        super().__init__()
        self.str_error += [
            "Error reading pixel data",
            "ERROR | [ass] can't open",
            "ERROR | [ass] can't read in",
            "[texturesys] unspecified OIIO error",
            "can't create file",
            "signal caught SIGABRT",
            "signal caught: SIGABRT",
            "[rlm] error initializing license system",
            "[alembic] invalid archive",
        ]
        self.str_warning += ["rendering with watermarks because of failed authorization"]

    @override
    def read(self, line: str) -> None:
        """Follow progress and memory."""
        super().read(line)
        if done := _DONE.search(line):
            self.show_all(done[1])
        elif peak := _PEAK.search(line):
            self.resources = f"arnold_gb:{round(float(peak[1]) / 1024, 2):g}"
