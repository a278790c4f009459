"""POV-Ray 3.7."""

from __future__ import annotations

import re

from typing_extensions import override

from grange.plugins.line_parser import LineParser
from grange.plugins.parser import Arguments, clean

_FRAME = re.compile(r"Rendering frame (\d{1,9}) of \d{1,9}")
_PIXELS = re.compile(r"Rendered \d{1,18} of \d{1,18} pixels \((\d{1,3})%\)")
_FILE = re.compile(r"  Output file\.+(.+), \d{1,3} bpp ")
_CAUSE = re.compile(r"Parse Error: |^Cannot |^Fatal error|^Could not ")


class Povray(LineParser):
    """Reads frames, pixels (with option `+V`), files, and why a scene cannot be rendered."""

    def __init__(self) -> None:
        super().__init__()
        self._file = ""  # named before it is written

    @override
    def do(self, i_args: Arguments) -> str | None:
        """Read the portion; the last file is there at the end."""
        super().do(i_args)
        if i_args["mode"] != "RUN":
            self._note_file()
        return None

    @override
    def read(self, line: str) -> None:
        """Follow the frames."""
        if pixels := _PIXELS.search(line):
            self.show(pixels[1])
        elif frame := _FRAME.search(line):
            self.enter_frame(frame[1])
            self._note_file()
        elif file := _FILE.match(line):
            self._file = file[1]
        elif "POV-Ray finished" in line:
            self.show("100")
        elif not self.cause and _CAUSE.search(line):
            self.cause = clean(line)

    def _note_file(self) -> None:
        if self._file:
            self.appendFile(self._file)
            self._file = ""
