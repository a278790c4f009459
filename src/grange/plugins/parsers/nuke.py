"""Nuke: files that it writes, with a tail of tenths."""

from __future__ import annotations

import re

from typing_extensions import override

from grange.plugins.line_parser import LineParser
from grange.plugins.parser import Arguments

_TENTH = re.compile(r"(?:^|\n)[\d.]*\.(\d)\Z")  # printed apart from its file's name
_TAIL = re.compile(r"\.(\d)\s*$")
_VIEW = re.compile(r'EXECUTING VIEW "([^"]*)"')
_LICENCE = re.compile(r"Invalid .* license key\.")


class Nuke(LineParser):
    """Reads `Writing <file> .1.2.3`: a file of another name is the next frame."""

    partial_lines = True  # the tenths come one by one

    def __init__(self) -> None:
        super().__init__()
        self.str_error += [
            "Worker process failed",
            "Segmentation fault",
            "Node execution error:",
        ]

    @override
    def do(self, i_args: Arguments) -> str | None:
        """Read files and views, then a tenth at the very end."""
        super().do(i_args)
        if tenth := _TENTH.search(i_args["data"]):
            self.show(f"{tenth[1]}0")
        return None

    @override
    def read(self, line: str) -> None:
        """Follow the files."""
        super().read(line)
        self.fail_on(_LICENCE, line)
        if view := _VIEW.search(line):
            self.activity = view[1]
        self._read_file(line)

    def _read_file(self, line: str) -> None:
        _, writing, rest = line.partition("Writing ")
        name, took, _ = rest.partition(" took ")
        if not took:
            name, writing, _ = rest.partition(" .")  # else the name may not be whole yet
        if writing and name:
            self.enter_frame(name)
            if took:
                self.appendFile(name)
            elif tail := _TAIL.search(rest):
                self.show(f"{tail[1]}0")
