"""FFmpeg: time against duration, or frames against a number told before."""

from __future__ import annotations

import re

from typing_extensions import override

from grange.plugins.parser import Arguments, Parser

_CLOCK = r"(\d{1,9}):(\d\d):(\d\d(?:\.\d{1,9})?)"
_DURATION = re.compile(r"Duration: " + _CLOCK)
_TIME = re.compile(r"time=\s*" + _CLOCK)
_FRAMES = re.compile(r"Frames: (\d{1,9})")
_FRAME = re.compile(r"frame=\s*(\d{1,9})")
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

    @override
    def do(self, i_args: Arguments) -> str | None:
        """Follow the position in the output."""
        data = i_args["data"]
        if found := _DURATION.findall(data):
            self._open([_seconds(*clock) for clock in found])
        if frames := _FRAMES.findall(data):
            self._frames = int(frames[-1])
        self._ended = self._ended or _END in data
        self._share = 1.0 if self._ended else self._read_share(data)
        self.calculate_share(self._share)
        return None

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


def _seconds(hours: str, minutes: str, seconds: str) -> float:
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
