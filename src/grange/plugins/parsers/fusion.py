"""Fusion: its output or, on Windows, the log file that it writes instead."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Final

from typing_extensions import override

from grange.model.run import RunSpec
from grange.plugins.line_parser import LineParser
from grange.plugins.parser import Arguments

LOG: Final = "fusion_render.log"  # in the machine's folder for temporary files
PIECE_MAX: Final = 64 * 1024  # bytes of it that are read at once

_FRAME = re.compile(r"Rendered frame -?\d{1,9} \((\d{1,9}) of (\d{1,9})\)")


class Fusion(LineParser):
    """Reads which of how many frames is rendered. What lay in the log before is not read."""

    def __init__(self) -> None:
        super().__init__()
        self.str_error += ["Error "]
        self.str_finishedsuccess += ["Closing outstanding documents"]
        self._log = Path(tempfile.gettempdir(), LOG)
        self._offset = 0  # bytes of the log that were read

    @override
    def start(self, run: RunSpec, folder: str) -> None:
        """Learn what is in the log already."""
        super().start(run, folder)
        self._offset = self._size()

    @override
    def parse(self, i_args: Arguments) -> str | None:
        """Read the log's news with the portion."""
        news = self._news()
        super().parse({**i_args, "data": i_args["data"] + news})
        return i_args["data"] + news if news else None

    @override
    def read(self, line: str) -> None:
        """Follow the frames."""
        if frame := _FRAME.search(line):
            self.calculate_share(int(frame[1]) / max(1, int(frame[2])))
        elif "Render completed" in line:
            self.calculate_share(1.0)

    def _size(self) -> int:
        try:
            return self._log.stat().st_size
        except OSError:
            return 0

    def _news(self) -> str:
        size = self._size()
        if size < self._offset:
            self._offset = 0  # begun anew
        if size == self._offset:
            return ""
        with self._log.open("rb") as file:
            file.seek(self._offset)
            data = file.read(PIECE_MAX)
        whole = data[: data.rfind(b"\n") + 1] or data[:PIECE_MAX] * (len(data) == PIECE_MAX)
        self._offset += len(whole)
        return whole.decode("utf-8", "replace")
