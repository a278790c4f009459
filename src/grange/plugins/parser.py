"""The base class of parsers: what can be learned from the output of any program.

Attribute and method names are those of Afanasy's documentation, so that a studio's parsers
move over with little change.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, TypedDict

from grange.model.run import RunSpec

FILES_MAX: Final = 10_000  # files that one run may name
WORD_MAX: Final = 1_000  # characters of an activity or a report
LINE_MAX: Final = 300  # characters of a line that is quoted

_ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")  # colours of a terminal
_IMAGE_TAG = re.compile(r"@IMAGE(!?)@([^\r\n]*)")
_IMAGE_LINE = re.compile(r"^Image: ([^\r\n]+)", re.MULTILINE)


class Arguments(TypedDict):
    """What `do` is given."""

    data: str  #: a portion of the output: whole lines, unless `partial_lines`
    mode: str  #: RUN, or at the end EXIT_CODE:STOP_TIME (0 when nobody stopped it)
    pid: int
    resources: str  #: JSON of the machine's load: {"host_resources": {...}}


class Parser:
    """Reads a program's output. Override `do`.

    Before `do` is called on a portion, activity, report, log, message, warning, error and
    badresult are reset, and the lists `str_...` are looked for, in any case of letters.
    fatalerror and finishedsuccess stay. The host remembers what was set, so that a warning
    or an activity of one portion is not lost with the next.
    """

    #: Give `do` an unfinished line at once; it comes again together with its rest.
    partial_lines: bool = False

    def __init__(self) -> None:
        self.percent = 0  #: of the whole task
        self.frame = 0  #: how many frames are done
        self.percentframe = 0  #: of the frame under way
        self.numframes = 1  #: frames of the task, at least 1
        self.progress_changed = False  #: set before `do`: the portion is not empty
        self.warning = False
        self.error = False  #: end the process, the run has failed
        self.fatalerror = False  #: the same, and no retry can mend it
        self.badresult = False  #: the run has failed, but let the process end by itself
        self.finishedsuccess = False  #: end the process, the run is done
        self.activity = ""
        self.resources = ""
        self.report = ""
        self.log = ""  #: to be put in the run's log
        self.message = ""  #: the line for which `do` set a flag; the last one if left empty
        self.cause = ""  #: the line to be quoted should the run end badly; the last one if empty
        self.files: list[str] = []  #: absolute paths of images seen written
        self.files_onthefly: list[str] = []  #: to be shown while the task still runs
        self.folder = ""  #: the working directory, for relative paths
        self.run: RunSpec | None = None
        self.str_warning: list[str] = []
        self.str_error: list[str] = []
        self.str_fatalerror: list[str] = []
        self.str_badresult: list[str] = []
        self.str_finishedsuccess: list[str] = []
        self._known_files: set[str] = set()
        self._lines_found: dict[str, str] = {}  # flag -> the line that has one of its strings

    def do(self, i_args: Arguments) -> str | None:
        """Read a portion of output; a returned string is stored instead of it."""
        return None

    def start(self, run: RunSpec, folder: str) -> None:
        """Learn which run is parsed, before the first portion."""
        self.run = run
        self.folder = folder
        self.numframes = max(1, run.frames_num)

    def parse(self, i_args: Arguments) -> str | None:
        """Look for what every parser looks for, then `do`. The host calls this."""
        data = i_args["data"]
        self.log = ""
        self.files_onthefly = []
        self.progress_changed = bool(data)
        if data:
            self._reset()
            self._find_words(data)
            self._find_tags(data)
        return self.do(i_args)

    def appendFile(self, i_file: str, i_onthefly: bool = False) -> None:  # noqa: N802 (Afanasy's documented name)
        """Note an image that was written. One that is not there, or known, is ignored.

        Args:
            i_file: its path, relative to the working directory or absolute.
            i_onthefly: show it while the task still runs.
        """
        path = str(Path(self.folder, i_file.strip()))
        if path in self._known_files or len(self._known_files) >= FILES_MAX:
            return
        try:
            if not Path(path).is_file():
                return
        except (
            OSError
        ):  # too long, or in a folder that is closed to us: not a path that we can use
            return
        self._known_files.add(path)
        (self.files_onthefly if i_onthefly else self.files).append(path)

    def calculate(self) -> None:
        """Bound frame and percentframe and compute percent of them."""
        self.frame = max(0, min(int(self.frame), self.numframes))
        self.percentframe = max(0, min(int(self.percentframe), 100))
        percent = self.percentframe
        if self.numframes > 1:
            percent = (100 * self.frame + self.percentframe) // self.numframes
        self.percent = min(percent, 100)

    def calculate_share(self, share: float) -> None:
        """Compute percent, frame and percentframe of how much of the task is done, 0 to 1."""
        done = max(0.0, min(share, 1.0)) * self.numframes
        self.frame = min(int(done), self.numframes - 1)
        self.percentframe = int(100 * (done - self.frame))
        self.percent = int(100 * done / self.numframes)

    def message_of(self, flag: str) -> str:
        """Give the line for which a flag was set in this portion; "" when unknown."""
        return self._lines_found.get(flag) or str(self.message)

    def close(self) -> None:
        """Give back what it holds, after its last word."""

    def strings(self) -> Iterator[str]:
        """Give all strings looked for."""
        for _, words in self._lists():
            yield from words

    def alarmed(self, text: str) -> bool:
        """Say whether a text holds one of the strings looked for."""
        lowered = text.lower()
        return any(word.lower() in lowered for word in self.strings())

    def _lists(self) -> Iterator[tuple[str, list[str]]]:
        """Give flags and their strings."""
        yield "fatalerror", self.str_fatalerror
        yield "error", self.str_error
        yield "badresult", self.str_badresult
        yield "finishedsuccess", self.str_finishedsuccess
        yield "warning", self.str_warning

    def _reset(self) -> None:
        self.activity = ""
        self.report = ""
        self.message = ""
        self._lines_found = {}
        self.warning = False
        self.error = False
        self.badresult = False

    def _find_words(self, data: str) -> None:
        lowered = data.lower()
        for flag, words in self._lists():
            found = [word.lower() for word in words if word.lower() in lowered]
            if found:
                setattr(self, flag, True)
                self._lines_found[flag] = _first_line_with(data, found)

    def _find_tags(self, data: str) -> None:
        self.activity = _after_last("ACTIVITY: ", data) or self.activity
        self.report = _after_last("REPORT: ", data) or self.report
        if "@IMAGE" in data:
            for match in _IMAGE_TAG.finditer(data):
                self.appendFile(match[2], i_onthefly=bool(match[1]))
        if "Image: " in data:
            for match in _IMAGE_LINE.finditer(data):
                self.frame += 1
                self.appendFile(match[1])
                self.calculate()


def clean(line: str) -> str:
    """Make a line fit to be quoted: no colours, no spaces around it, not too long."""
    return _ESCAPE.sub("", line).strip()[:LINE_MAX]


def line_at(data: str, place: int) -> str:
    """Give the line around a place of a text, fit to be quoted."""
    start = max(data.rfind("\n", 0, place), data.rfind("\r", 0, place)) + 1
    return clean(data[start:].splitlines()[0]) if start < len(data) else ""


def _after_last(tag: str, data: str) -> str:
    place = data.rfind(tag)
    if place < 0:
        return ""
    lines = data[place + len(tag) : place + len(tag) + WORD_MAX].splitlines()
    return lines[0].strip() if lines else ""


def _first_line_with(data: str, words: list[str]) -> str:
    for line in data.splitlines():
        lowered = line.lower()
        if any(word in lowered for word in words):
            return clean(line)
    return clean(data)  # a word that goes over the end of a line
