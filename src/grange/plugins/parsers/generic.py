"""Tags that any script can print to tell its progress and its end."""

from __future__ import annotations

import re

from typing_extensions import override

from grange.plugins.parser import Arguments, Parser

_TAG = re.compile(r"FRAME: |PROGRESS: (\d{1,3})%")


class Generic(Parser):
    """Reads `FRAME: `, `PROGRESS: 50%` and `[ PARSER ERROR ]` and its like.

    Each `FRAME: ` but the first ends the frame before it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.str_warning = ["[ PARSER WARNING ]"]
        self.str_error = ["[ PARSER ERROR ]"]
        self.str_fatalerror = ["[ PARSER FATAL ERROR ]"]
        self.str_badresult = ["[ PARSER BAD RESULT ]"]
        self.str_finishedsuccess = ["[ PARSER FINISHED SUCCESS ]"]
        self.framed = False  #: a first `FRAME: ` was seen

    @override
    def do(self, i_args: Arguments) -> str | None:
        """Count frames and read the progress of the last one."""
        data = i_args["data"]
        if "FRAME: " not in data and "PROGRESS: " not in data:
            return None
        for match in _TAG.finditer(data):
            if match[1] is not None:
                self.percentframe = int(match[1])
                continue
            if self.framed:
                self.frame += 1
            self.framed = True
            self.percentframe = 0
        self.calculate()
        return None
