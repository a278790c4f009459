"""A studio's own parser, in a process of its own.

A parser may hang, eat memory or crash, and Python's `re` lets nothing else run in its
process while it searches. What ships is tested for that; what a studio has written is kept
apart: it can be ended at any moment, and costs its run nothing but its progress.
"""

from __future__ import annotations

import atexit
from collections.abc import Sequence
from typing import Final

import msgspec
from typing_extensions import override

from grange.model.run import RunSpec
from grange.plugins.companion import Hired, Spares, Threw
from grange.plugins.parser import Arguments, Parser

HANG_S: Final = 5.0  # for a parser to answer
START_S: Final = 30.0  # for its process to start, on a busy machine and a cold disk
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


SPARES: Final = Spares("grange.plugins.apart_main", "the parser", Answer)
atexit.register(SPARES.end)


class Apart(Parser):
    """Stands for a parser in another process.

    Raises:
        Threw: the parser has thrown; it can be asked again.
        Lost: there is no parser any more.
    """

    def __init__(self, name: str, folders: Sequence[str]) -> None:
        super().__init__()
        self._name = name
        self._folders = tuple(folders)
        self._process: Hired[Answer] | None = None
        self._messages: dict[str, str] = {}
        self._alarms: tuple[str, ...] = ()

    @override
    def start(self, run: RunSpec, folder: str) -> None:
        """Let a process make the parser."""
        super().start(run, folder)
        self._process = Hired(SPARES)
        try:
            answer = self._ask(Begin(self._name, self._folders, run, folder), START_S)
        except Threw:
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
        if self._process is not None:
            self._process.give_back()

    def _ask(self, request: Begin | Piece, seconds: float) -> Answer:
        assert self._process is not None  # it was started
        answer = self._process.ask(request, seconds)
        if answer.fault:
            raise Threw(answer.fault, answer.trace)
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
