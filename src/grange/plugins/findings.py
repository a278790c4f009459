"""What a parser has found in a run so far."""

from __future__ import annotations

from typing import Final

from grange.plugins.contract import Stop
from grange.plugins.parser import Parser, clean, line_at

#: Flags, the gravest first.
FLAGS: Final = ("fatalerror", "error", "badresult", "finishedsuccess", "warning")
_STOPS: Final[dict[str, Stop]] = {
    "fatalerror": "fatal",
    "error": "error",
    "finishedsuccess": "success",
}


class Findings:
    """Remembers a parser's flags and words from portion to portion."""

    def __init__(self) -> None:
        self.percent = -1
        self.frame = -1
        self.frame_percent = -1
        self.activity = ""
        self.report = ""
        self.resources = ""
        self.cause = ""  #: the line that tells why, should the run end badly
        self.stop: Stop = ""
        self.files: tuple[str, ...] = ()
        self.messages: dict[str, str] = {}  #: flag -> the line that set it first
        self._unfinished = False  # the last portion's last line was

    def absorb(self, parser: Parser, data: str, *, unfinished: bool = False) -> str:
        """Take over what a parser says after a portion; return the message of a new flag.

        Args:
            parser: which has read the portion.
            data: the portion.
            unfinished: its last line comes again with its rest.
        """
        self.percent = _bounded(parser.percent, 100)
        self.frame = max(0, int(parser.frame))
        self.frame_percent = _bounded(parser.percentframe, 100)
        self.activity = str(parser.activity or self.activity)
        self.report = str(parser.report or self.report)
        self.resources = str(parser.resources or self.resources)
        self.cause = clean(str(parser.cause))
        if len(parser.files) != len(self.files):
            self.files = tuple(str(path) for path in parser.files)
        if self.stop == "success":
            return ""  # the process is being ended: what it says now of that is no fault
        new = ""
        for flag in FLAGS:
            if getattr(parser, flag):
                message = self._note(flag, parser.message_of(flag) or _last_line(data))
                new = new or message
        self._unfinished = unfinished
        return new

    def warn(self, message: str) -> None:
        """Note a warning of the host's own."""
        self.messages.setdefault("warning", message)

    def has(self, flag: str) -> bool:
        """Say whether a flag was ever set."""
        return flag in self.messages

    def _note(self, flag: str, message: str) -> str:
        known = self.messages.get(flag)
        if known is None:
            self.messages[flag] = message
            stop = _STOPS.get(flag, "")
            if self.stop == "" or stop == "fatal":
                self.stop = stop
            return message
        if self._unfinished and message.startswith(known):
            self.messages[flag] = message  # its line has come whole
        return ""


def _bounded(value: float, most: int) -> int:
    return max(0, min(int(value), most))


def _last_line(data: str) -> str:
    return line_at(data, len(data.rstrip()))
