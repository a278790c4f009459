"""A studio's own service, in a process of its own, as `grange.plugins.apart` has its parsers.

The object lives there from the command that it makes to the files that it judges. One that
hangs, eats memory or crashes fails its run, and nothing else.
"""

from __future__ import annotations

import atexit
import time
from collections.abc import Sequence
from typing import Final

import msgspec
from typing_extensions import override

from grange.model.run import RunSpec
from grange.plugins.companion import Hired, Spares, Threw
from grange.plugins.contract import Context, PluginError, Prepared
from grange.plugins.service import Service

HANG_S: Final = 60.0  # for a service to answer; it may look for its program on a cold disk
JUDGE_S: Final = 90.0  # for all that it is asked after the end; the worker itself waits for 120 s
START_S: Final = 30.0  # for its process to start, on a busy machine and a cold disk


class Find(msgspec.Struct, tag=True):
    """Say what this machine has for a service."""

    name: str
    folders: tuple[str, ...]


class Begin(msgspec.Struct, tag=True):
    """Make a service for a run, and let it prepare."""

    run: RunSpec
    context: Context


class Ended(msgspec.Struct, tag=True):
    """Judge an exit status."""

    status: int


class Written(msgspec.Struct, tag=True):
    """Say what is wrong with the files, or in doubt."""

    files: tuple[str, ...]
    doubts: bool


class Shown(msgspec.Struct, tag=True):
    """Choose what to show small."""

    seen: tuple[str, ...]
    files: tuple[str, ...]


Request = Find | Begin | Ended | Written | Shown


class Answer(msgspec.Struct, omit_defaults=True):
    """What the service says after any of these."""

    problem: str = ""  #: a sentence: why it cannot run here
    fault: str = ""  #: what it threw
    trace: str = ""  #: the end of its traceback
    found: str = ""
    prepared: Prepared | None = None
    parser: str = ""  #: that reads the output when the task names none
    good: bool = False  #: the exit status
    lines: tuple[str, ...] = ()  #: about files, or paths of pictures


SPARES: Final = Spares("grange.plugins.service_main", "the service", Answer)
atexit.register(SPARES.end)


class ServiceApart(Service):
    """Stands for a service in another process.

    Raises:
        PluginError: the service says that it cannot run here.
        Threw: the service has thrown; it can be asked again.
        Lost: there is no service any more.
    """

    def __init__(self, run: RunSpec, context: Context) -> None:
        super().__init__(run, context)
        self.own_parser = ""  #: name of its default parser, once prepared
        self._process: Hired[Answer] | None = None
        self._judge_until = 0.0  # monotonic

    @override
    def prepare(self) -> Prepared:
        """Let a process make the service, and ask it for all that starting the run takes."""
        self._process = Hired(SPARES)
        try:
            answer = self._ask(Begin(self.run, self.context), START_S + HANG_S)
        except (PluginError, Threw):
            self.close()  # the process is as good as before
            raise
        assert answer.prepared is not None  # or there would be a problem
        self.own_parser = answer.parser
        return answer.prepared

    @override
    def check_exit_status(self, status: int) -> bool:
        """Let it judge an exit status."""
        self._judge_until = time.monotonic() + JUDGE_S
        return self._ask(Ended(status), HANG_S).good

    @override
    def check_rendered_files(self, files: Sequence[str]) -> list[str]:
        """Let it look at the files."""
        return list(self._judge(Written(tuple(files), doubts=False)).lines)

    @override
    def doubts(self, files: Sequence[str]) -> list[str]:
        """Let it look at the files again."""
        return list(self._judge(Written(tuple(files), doubts=True)).lines)

    @override
    def thumbnails(self, seen: Sequence[str], files: Sequence[str]) -> tuple[str, ...]:
        """Let it choose."""
        return self._ask(Shown(tuple(seen), tuple(files)), HANG_S).lines

    @override
    def close(self) -> None:
        """Give the process back."""
        if self._process is not None:
            self._process.give_back()

    def _judge(self, request: Written) -> Answer:
        """Ask within the time that is left for judging."""
        return self._ask(request, max(0.1, round(self._judge_until - time.monotonic(), 1)))

    def _ask(self, request: Request, seconds: float) -> Answer:
        assert self._process is not None  # it has prepared
        return told(self._process.ask(request, seconds))


def found(name: str, folders: Sequence[str]) -> str:
    """Ask a studio's service what this machine has to run it with; "" when it cannot.

    Raises:
        PluginError: it cannot be loaded.
        Threw: it has thrown.
        Lost: it hangs or has crashed.
    """
    process = Hired(SPARES)
    answer = process.ask(Find(name, tuple(folders)), START_S + HANG_S)
    process.give_back()
    return told(answer).found


def told(answer: Answer) -> Answer:
    """Raise what an answer tells of.

    Raises:
        PluginError: the service says that it cannot run here.
        Threw: it has thrown.
    """
    if answer.problem:
        raise PluginError(answer.problem)
    if answer.fault:
        raise Threw(answer.fault, answer.trace)
    return answer
