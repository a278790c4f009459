"""Mental Ray alone."""

from __future__ import annotations

import re

from typing_extensions import override

from grange.plugins.line_parser import LineParser

PROGRESS = re.compile(r"JOB .*progr: +(\d{1,3}(?:\.\d{1,9})?)% +rendered on")


class Mentalray(LineParser):
    """Reads the percentage of the job, which is the whole task."""

    @override
    def read(self, line: str) -> None:
        """Follow the job."""
        if progress := PROGRESS.search(line):
            self.show_all(progress[1])
