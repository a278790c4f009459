"""A studio's own parser, in a process of its own.

A parser may hang, eat memory or crash, and Python's `re` lets nothing else run in its
process while it searches. What ships is tested for that; what a studio has written is kept
apart: it can be ended at any moment, and costs its run nothing but its progress.
"""

from __future__ import annotations

import atexit
import threading
import weakref
from collections.abc import Sequence
from typing import Final

import msgspec
from typing_extensions import override

from grange.model.run import RunSpec
from grange.plugins.companion import Companion, Lost
from grange.plugins.parser import Arguments, Parser

HANG_S: Final = 5.0  # for a parser to answer
START_S: Final = 30.0  # for its process to start, on a busy machine and a cold disk
IDLE_MAX: Final = 4  # processes kept for the next runs
FLAGS: Final = ("warning", "error", "fatalerror", "badresult", "finishedsuccess")


class Begin(msgspec.Struct, tag=True):
    """Make a parser for a run."""

    name: str
    folders: tuple[str, ...]
    run: RunSpec
    folder: str


class Piece(msgspec.Struct, tag=True):
    """Read a portion of output."""

    data: str
    mode: str
    pid: int
    resources: str


class Answer(msgspec.Struct, omit_defaults=True):
    """What the parser says after either."""

    fault: str = ""  #: what it threw
    trace: str = ""  #: the end of its traceback
    put: str | None = None  #: to be stored instead of the portion
    percent: float = 0
    frame: float = 0
    percentframe: float = 0
    flags: tuple[str, ...] = ()
    messages: dict[str, str] = {}  #: flag -> its line
    activity: str = ""
    resources: str = ""
    report: str = ""
    log: str = ""
    cause: str = ""
    progress_changed: bool = False
    files: tuple[str, ...] = ()  #: since the last answer
    files_onthefly: tuple[str, ...] = ()
    partial_lines: bool = False
    alarms: tuple[str, ...] = ()  #: strings looked for, told at the beginning


class ParserThrew(Exception):
    """A parser has thrown in its process.

    Args:
        fault: what, as `repr` writes it.
        trace: the end of its traceback.
    """

    def __init__(self, fault: str, trace: str) -> None:
        super().__init__(fault)
        self.trace = trace

    @override
    def __repr__(self) -> str:
        return str(self)


class Apart(Parser):
    """Stands for a parser in another process.

    Raises:
        ParserThrew: the parser has thrown; it can be asked again.
        Lost: there is no parser any more.
    """

    def __init__(self, name: str, folders: Sequence[str]) -> None:
        super().__init__()
        self._name = name
        self._folders = tuple(folders)
        self._child: Companion[Answer] | None = None
        self._messages: dict[str, str] = {}
        self._alarms: tuple[str, ...] = ()

    @override
    def start(self, run: RunSpec, folder: str) -> None:
        """Let a process make the parser."""
        super().start(run, folder)
        child = _take()
        self._child = child
        self._finalizer = weakref.finalize(self, child.end)
        try:
            answer = self._ask(Begin(self._name, self._folders, run, folder), START_S)
        except ParserThrew:
            self.close()  # the process is as good as before
            raise
        self._alarms = answer.alarms
        self.partial_lines = answer.partial_lines

    @override
    def parse(self, i_args: Arguments) -> str | None:
        """Let the parser read a portion."""
        self.log = ""
        self.files_onthefly = []
        return self._ask(Piece(**i_args), HANG_S).put

    @override
    def message_of(self, flag: str) -> str:
        """Give the line for which a flag was set."""
        return self._messages.get(flag, "")

    @override
    def alarmed(self, text: str) -> bool:
        """Say whether a text holds one of the strings looked for."""
        lowered = text.lower()
        return any(word in lowered for word in self._alarms)

    @override
    def close(self) -> None:
        """Give the process back."""
        child, self._child = self._child, None
        if child is not None:
            self._finalizer.detach()
            _give_back(child)

    def _ask(self, request: Begin | Piece, seconds: float) -> Answer:
        if self._child is None:
            raise Lost("the parser's process is gone")
        try:
            answer = self._child.ask(request, seconds)
        except Lost:
            self._child.end()
            self._child = None
            raise
        if answer.fault:
            raise ParserThrew(answer.fault, answer.trace)
        self._learn(answer)
        return answer

    def _learn(self, answer: Answer) -> None:
        for flag in FLAGS:
            setattr(self, flag, flag in answer.flags)
        for name in ("percent", "frame", "percentframe"):
            setattr(self, name, int(getattr(answer, name)))
        for name in ("activity", "resources", "report", "log", "cause", "progress_changed"):
            setattr(self, name, getattr(answer, name))
        self._messages = answer.messages
        self.files += answer.files
        self.files_onthefly = list(answer.files_onthefly)


_idle: list[Companion[Answer]] = []
_lock = threading.Lock()


def _take() -> Companion[Answer]:
    with _lock:
        while _idle:
            child = _idle.pop()
            if child.lives:
                return child
            child.end()
    return Companion("grange.plugins.apart_main", "the parser", Answer)


def _give_back(child: Companion[Answer]) -> None:
    with _lock:
        if len(_idle) < IDLE_MAX:
            _idle.append(child)
            return
    child.end()


@atexit.register
def _end_idle() -> None:
    with _lock:
        while _idle:
            _idle.pop().end()
