"""Let a parser watch a run's output, and contain its faults."""

from __future__ import annotations

from typing import Final, NamedTuple

from grange.plugins import loading
from grange.plugins.companion import Lost
from grange.plugins.contract import Reading
from grange.plugins.findings import Findings
from grange.plugins.parser import Parser, clean
from grange.plugins.stream import Lines

RUNNING: Final = "RUN"  # the mode of `Parser.do` while the process runs
FAULTS_MAX: Final = 10  # faults of a parser in one run; after these it is not asked again
TAIL_MAX: Final = 4_096  # characters of the end of the output, kept for a message


class Heard(NamedTuple):
    """What a parser says of one portion."""

    put: str | None = None  #: to be stored instead of it
    message: str = ""  #: of a flag that it set for the first time
    progress_changed: bool = True
    files: tuple[str, ...] = ()  #: to be shown at once


class Watch:
    """A parser, or none, and the output of one run."""

    def __init__(self, parser: Parser | None) -> None:
        self.findings = Findings()
        self.pid = 0
        self.host_resources = "{}"
        self.log: list[str] = []  #: lines that the run's log is still to get
        self._parser = parser  # None also once it broke too often
        self._lines = Lines()
        self._tail = ""
        self._faults = 0

    def last_line(self) -> str:
        """Give the last line of the output that has something on it, fit to be quoted."""
        lines = (clean(line) for line in reversed(self._tail.splitlines()))
        return next((line for line in lines if line), "")

    def feed(self, data: bytes) -> Reading:
        """Read a piece, cut anywhere. Cost: O(piece) and the parser's own."""
        stored = len(self._lines.held)  # characters that the log has got already
        text = self._lines.push(data)
        held = self._lines.held
        self._tail = (self._tail + text)[-TAIL_MAX:]
        unfinished = bool(held) and self._wants_unfinished(held)
        if unfinished:
            text, held = text + held, ""
        heard = Heard(progress_changed=bool(data))
        if text:
            heard = self._ask(text, RUNNING, unfinished=unfinished)
        if heard.put is not None:
            put = heard.put.removeprefix(text[:stored]) + held
            return self._reading(put.encode("utf-8", "replace"), heard)
        return self._reading(data, heard)

    def end(self, mode: str) -> None:
        """Read what is left, whole or not, and hear the parser's last word."""
        rest = self._lines.end()
        self._tail = (self._tail + rest)[-TAIL_MAX:]
        put = self._ask(rest, mode).put
        if self._parser is not None:
            self._parser.close()
        if put is not None and (more := put.removeprefix(rest.rstrip("\n")).strip()):
            self.log.append(more)

    def take_log(self) -> str:
        """Hand over the lines for the run's log."""
        text = "".join(f"{entry.rstrip()}\n" for entry in self.log)
        self.log = []
        return text

    def _wants_unfinished(self, held: str) -> bool:
        """A program may wait for an answer to what it printed without ending the line."""
        if self._parser is None:
            return False
        try:
            return self._parser.partial_lines or self._parser.alarmed(held)
        except (Exception, SystemExit) as fault:  # noqa: BLE001 (somebody else's code)
            self._contain(fault)
            return False

    def _ask(self, text: str, mode: str, *, unfinished: bool = False) -> Heard:
        parser = self._parser
        if parser is None:
            return Heard()
        try:
            put = parser.parse(
                {
                    "data": text,
                    "mode": mode,
                    "pid": self.pid,
                    "resources": self.host_resources,
                }
            )
            message = self.findings.absorb(parser, text, unfinished=unfinished)
            if parser.log:
                self.log.append(str(parser.log))
            files = tuple(str(path) for path in parser.files_onthefly)
        except (Exception, SystemExit) as fault:  # noqa: BLE001 (somebody else's code)
            return Heard(message=self._contain(fault))
        return Heard(
            put if isinstance(put, str) else None, message, bool(parser.progress_changed), files
        )

    def _contain(self, fault: BaseException) -> str:
        """Count a fault; tell of the first."""
        if isinstance(fault, Lost):
            self._parser = None
            self.log.append(f"{str(fault).capitalize()}. Going on without it.")
            self.findings.warn(str(fault))
            return str(fault)
        self._faults += 1
        if self._faults == FAULTS_MAX:
            self._parser = None
            self.log.append(f"The parser broke {FAULTS_MAX} times. Going on without it.")
        if self._faults > 1:
            return ""
        message = f"the parser broke: {clean(repr(fault))}"
        self.log.append(f"The parser broke:\n{loading.last_lines(fault)}")
        self.findings.warn(message)
        return message

    def _reading(self, text: bytes, heard: Heard) -> Reading:
        found = self.findings
        log = self.take_log()
        return Reading(
            percent=found.percent,
            frame=found.frame,
            frame_percent=found.frame_percent,
            activity=found.activity,
            report=found.report,
            resources=found.resources,
            warning=found.has("warning"),
            progress_changed=heard.progress_changed,
            text=text,
            stop=found.stop,
            bad_result=found.has("badresult"),
            log=f"\n{log}" if log and not text.endswith(b"\n") else log,
            message=heard.message,
            files=heard.files,
        )
