"""FFmpeg: time against duration, or frames against a number told before."""

from __future__ import annotations

import re

from typing_extensions import override

from grange.plugins.parser import Arguments, Parser, line_at

_CLOCK = r"(\d{1,9}):(\d\d):(\d\d(?:\.\d{1,9})?)"
_DURATION = re.compile(r"Duration: " + _CLOCK)
_TIME = re.compile(r"time=\s*" + _CLOCK)
_FRAMES = re.compile(r"Frames: (\d{1,9})")
_FRAME = re.compile(r"frame=\s*(\d{1,9})")
#: Words of a line that complains.
COMPLAINTS = (
    *("error", "invalid", "unknown", "unrecognized", "undefined", "unable", "fail", "denied"),
    *("cannot", "could not", "could find no", "not found", "not supported", "not permitted"),
    *("no such", "no space", "does not", "doesn't"),
)
#: What ffmpeg says at the end of any failure: the cause stands above it.
SUMMARIES = (
    "conversion failed!",
    "error opening input file",
    "error opening output file",
    "error splitting the argument list",
    "error while opening encoder",
    "error sending frames to consumers",
    "error selecting an encoder",
    "could not open encoder before eof",
    "task finished with error code",
    "terminating thread with return code",
    "nothing was written into output file",
)
_NEW_PART = re.compile(r"Stream mapping:|Output #|frame=|size=|ffmpeg version")
_END = "muxing overhead"  # said once an output is whole; the last figures may fall short of it


class Ffmpeg(Parser):
    """Reads `Duration:` and `time=`, or `Frames: N` (of a script) and `frame=`.

    Of several inputs the longest counts. Where the duration is unknown the task's own
    number of frames is what there is to do.
    """

    def __init__(self) -> None:
        super().__init__()
        self.str_warning = ["invalid", "error while decoding"]
        self.str_error = [
            "impossible to open",
            "no such file or directory",
            "error opening input",
            "error opening output",
            "unknown encoder",  # another machine's ffmpeg may have it
            "unknown decoder",
            "no such filter",
            "conversion failed!",
            "no space left on device",
        ]
        self.str_fatalerror = [
            "error splitting the argument list",
            "unrecognized option",
            "unable to choose an output format",
            "already exists. exiting",
            "not overwriting - exiting",
        ]
        self.str_badresult = ["output file is empty"]
        self._duration_s = 0.0
        self._frames = 0
        self._share = 0.0  #: of all there is to do
        self._ended = False
        self._complaining = False  # the lines just read are about one failure

    @override
    def do(self, i_args: Arguments) -> str | None:
        """Follow the position in the output."""
        data = i_args["data"]
        for line in data.splitlines(keepends=True):
            if line[-1] in "\r\n" and not line[0].isspace():  # whole, and no stream's description
                self._look_for_cause(line)
        if found := _DURATION.findall(data):
            self._open([_seconds(*clock) for clock in found])
        if frames := _FRAMES.findall(data):
            self._frames = int(frames[-1])
        self._ended = self._ended or _END in data
        self._share = 1.0 if self._ended else self._read_share(data)
        self.calculate_share(self._share)
        return None

    @override
    def message_of(self, flag: str) -> str:
        """Give the cause of a failure rather than its summary."""
        return (flag in ("error", "fatalerror") and self.cause) or super().message_of(flag)

    def _look_for_cause(self, line: str) -> None:
        """Keep the first complaint of the last failure."""
        if _NEW_PART.match(line):
            self._complaining = False
        elif not self._complaining and is_cause(line.lower()):
            self._complaining = True
            self.cause = line_at(line, 0)

    def _open(self, durations: list[float]) -> None:
        if self._ended:  # the next ffmpeg of a shell's line
            self._ended = False
            self._duration_s = self._share = 0.0
        self._duration_s = max(self._duration_s, *durations)

    def _read_share(self, data: str) -> float:
        total = self._frames or (0 if self._duration_s else self.numframes)
        if total > 1:
            frames = _FRAME.findall(data)
            return int(frames[-1]) / total if frames else self._share
        times = _TIME.findall(data) if self._duration_s else []
        return _seconds(*times[-1]) / self._duration_s if times else self._share


def is_cause(lowered: str) -> bool:
    """Say whether a line, in small letters, complains and is no summary."""
    return any(word in lowered for word in COMPLAINTS) and not any(
        summary in lowered for summary in SUMMARIES
    )


def _seconds(hours: str, minutes: str, seconds: str) -> float:
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
