"""Mitsuba 3: its own command line and Grange's runner."""

from __future__ import annotations

import re

from typing_extensions import override

from grange.plugins.parser import Arguments
from grange.plugins.parsers.generic import Generic

_BAR = re.compile(r"Rendering \[(=*)( *)\]")
_DEVELOPING = re.compile(r'Developing "([^"\r\n]+)"')
_SAVED = re.compile(r"Saved: '([^\r\n]*)'")


class Mitsuba(Generic):
    """Reads `FRAME: `, `PROGRESS: ` and `Saved: ` of the runner, and Mitsuba's progress bar."""

    def __init__(self) -> None:
        super().__init__()
        self.str_error += ["Caught a critical exception:"]
        self._developing: list[str] = []  # named before it is written

    @override
    def do(self, i_args: Arguments) -> str | None:
        """Follow frames, bars and files."""
        data = i_args["data"]
        for path in self._developing:
            self.appendFile(path)
        self._developing = []
        super().do(i_args)
        for match in _SAVED.finditer(data):
            self.appendFile(match[1])
        if "Rendering [" in data or 'Developing "' in data:
            self._read_bars(data)
        if i_args["mode"] != "RUN":
            for path in self._developing:
                self.appendFile(path)
        return None

    def _read_bars(self, data: str) -> None:
        for line in data.splitlines():
            if bar := _BAR.search(line):
                self.percentframe = 100 * len(bar[1]) // max(1, len(bar[1]) + len(bar[2]))
            elif developing := _DEVELOPING.search(line):
                self._developing.append(developing[1])
                self._end_scene()
        self.calculate()

    def _end_scene(self) -> None:
        """End a scene of Mitsuba's own command line: it tells no frames, but may get many."""
        if self.framed or self.numframes == 1:
            self.percentframe = 100
        else:
            self.frame += 1
            self.percentframe = 0
