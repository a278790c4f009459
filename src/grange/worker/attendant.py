"""The attendant of one run: feeds its output to the parser and keeps its log."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeVar

from grange.model.run import RunSpec
from grange.model.states import RunStatus
from grange.plugins.contract import Reading, Verdict
from grange.worker import posix
from grange.worker.crew import Crew
from grange.worker.effects import Judge
from grange.worker.home import Home
from grange.worker.inputs import Input, Judged, Logged, Parsed, Prepared, Unprepared
from grange.worker.pace import Pace
from grange.worker.pictures import Pictures
from grange.worker.pipes import Pipes
from grange.worker.plugin import Plugins, TaskPlugin
from grange.worker.runlog import RunLog
from grange.worker.texts import clean, clean_all

log = logging.getLogger(__name__)

PIECE_MAX: Final = 64 * 1024  # bytes of output given to a parser at once
SMALL_MAX: Final = 4 * 1024  # bytes of output that may be parsed without a thread
EOF_MAX_S: Final = 2.0  # for the output to end once all processes have

ACTIVITY_MAX: Final = 250  # characters; it goes with every beat

STOPS: Final = {
    "error": RunStatus.PARSER_ERROR,
    "fatal": RunStatus.FATAL,
    "success": RunStatus.PARSER_SUCCESS,
}

T = TypeVar("T")


@dataclass(slots=True)
class Aids:
    """What all attendants share."""

    home: Home  #: where runs have their folders and logs
    log_max: int  #: bytes of one log
    crew: Crew  #: threads to work in
    pipes: Pipes  #: watches outputs
    pace: Pace  #: tells what needs no thread
    pictures: Pictures  #: makes thumbnails
    load: str | None = None  #: of the machine, as parsers read it


class Attendant:
    """Everything that the daemon holds for one run.

    The plugin and the log are used by one thread of the crew at a time: while it works,
    the pipe is not read, and a task that writes faster waits.

    Args:
        run: what to execute.
        aids: what all attendants share.
        tell: takes inputs for the core.
    """

    def __init__(self, run: RunSpec, aids: Aids, tell: Callable[[Input], None]) -> None:
        self.run = run
        self.log = RunLog(aids.home.log_of(run.run_id), aids.log_max)
        self.notes: list[str] = []  #: lines to begin the log with
        self.pid: int | None = None  #: of the process, once it lives
        self._aids = aids
        self._crew = aids.crew
        self._pipes = aids.pipes
        self._pace = aids.pace
        self._tell = tell
        self._plugin: TaskPlugin | None = None
        self._pipe: int | None = None
        self._busy = False
        self._has_folder = False
        self._faulted = False  # the parser has thrown; told once
        self._exit: Judge | None = None  # to be judged

    def load(self, plugins: Plugins, worker_name: str) -> None:
        """Let the service make the command."""
        self._do(partial(self._load, plugins, worker_name), self._tell)

    def _do(self, work: Callable[[], T], then: Callable[[T], None]) -> None:
        """Do what is surely quick at once, all else in a thread."""
        began = posix.clock()
        if not self._pace.is_quick(self.run, began):
            self._crew.do(work, then)
            return
        result = work()
        ended = posix.clock()
        self._pace.took(ended - began, ended)
        then(result)

    def _load(self, plugins: Plugins, worker_name: str) -> Input:
        run_id = self.run.run_id
        try:
            own = self._aids.home.make_run_folder(run_id)
        except OSError as error:
            return Unprepared(run_id, clean(f"no folder can be made for the run: {error}"))
        self._has_folder = True
        try:
            return self._prepare(plugins.load(self.run, own, worker_name), own)
        except Exception as error:  # noqa: BLE001 (a plugin may throw anything)
            log.info("run %d: service %s: %s", run_id, self.run.service, error)
            return Unprepared(run_id, clean(str(error) or type(error).__name__))

    def _prepare(self, plugin: TaskPlugin, own_folder: str) -> Prepared:
        self._plugin = plugin
        ready = plugin.prepared
        self._write(*self.notes, ready.log)
        self._pace.learn(self.run, ready.working_directory or own_folder, posix.clock())
        return Prepared(
            run_id=self.run.run_id,
            command=ready.command,
            working_directory=ready.working_directory or own_folder,
            environment=dict(ready.environment),
            skip=clean(ready.skip),
            log_bytes=self.log.size,
        )

    def attach(self, pipe: int) -> None:
        """Read the output of the process that is being started."""
        self._pipe = pipe
        self._pipes.watch(pipe, self._read)

    def _read(self) -> None:
        """Take a piece of output to the parser; watch the pipe again when it is done."""
        if self._pipe is None or self._busy:
            return
        self._pipes.unwatch(self._pipe)
        try:
            data = os.read(self._pipe, PIECE_MAX)
        except BlockingIOError:
            self._pipes.watch(self._pipe, self._read)
            return
        if not data:
            self._close_pipe()
            return
        self._busy = True
        if len(data) <= SMALL_MAX:
            self._do(partial(self._feed, data), partial(self._fed, self._watch))
        else:
            self._crew.do(partial(self._feed, data), partial(self._fed, self._read))

    def _watch(self) -> None:
        """Read on when more has come together, or at once if no more will come."""
        if self._exit is not None:
            self._read()
        elif self._pipe is not None:
            self._pipes.watch(self._pipe, self._read)

    def _feed(self, data: bytes) -> Parsed | None:
        if self._plugin is None:
            return None
        try:
            self._plugin.tell(pid=self.pid, host_resources=self._aids.load)
            reading = self._plugin.feed(data)
            parsed = _parsed(self.run, reading)
        except Exception as error:  # a parser may throw anything; the log is to be whole
            self.log.append(data)
            if not self._faulted:
                self._faulted = True
                log.info("run %d: parser fault", self.run.run_id, exc_info=True)
                self._write(f"\nparser fault: {type(error).__name__}: {error}")
            return None
        self.log.append(reading.text)
        self._write(reading.log)
        self._aids.pictures.of_running(self.run, reading.files)
        return parsed

    def _fed(self, go_on: Callable[[], None], parsed: Parsed | None) -> None:
        self._busy = False
        self._tell(Logged(self.run.run_id, self.log.size))
        if parsed is not None:
            self._tell(parsed)
        go_on()
        self._judge_when_quiet()

    def _write(self, *texts: str) -> None:
        """Add lines of others than the task to its log."""
        for text in texts:
            if text:
                self.log.append(text.encode(errors="replace").rstrip(b"\n") + b"\n")

    def judge(self, exit_: Judge) -> None:
        """Read what is left of the output, then let the plugin judge."""
        self._exit = exit_
        self._read()
        if self._pipe is not None:
            asyncio.get_running_loop().call_later(EOF_MAX_S, self._give_up_reading)
        self._judge_when_quiet()

    def _give_up_reading(self) -> None:
        """Close a pipe that somebody outside of the tree holds open."""
        if self._busy:
            asyncio.get_running_loop().call_later(EOF_MAX_S, self._give_up_reading)
        else:
            self._close_pipe()

    def _judge_when_quiet(self) -> None:
        if self._exit is None or self._busy or self._pipe is not None:
            return
        exit_, self._exit = self._exit, None
        self._do(partial(self._judge, exit_), self._tell)

    def _judge(self, exit_: Judge) -> Judged:
        verdict = self._verdict(exit_)
        self._write(verdict.log)
        self.log.close()
        self._aids.pictures.of_ended(self.run, verdict.thumbnails)
        self._has_folder = not self._aids.home.take_back_if_empty(self.run.run_id)
        return Judged(
            run_id=self.run.run_id,
            status=verdict.status,
            message=clean(verdict.message or self.log.fault),
            warning=verdict.warning or self._faulted or bool(self.log.fault),
            report=clean(verdict.report),
            resources=clean(verdict.resources),
            files=clean_all(verdict.files),
            log_bytes=self.log.size,
        )

    def _verdict(self, exit_: Judge) -> Verdict:
        if self._plugin is None:
            return Verdict(status=RunStatus.FAILED)
        try:
            stopped = int(time.clock_gettime(time.CLOCK_REALTIME)) if exit_.stopped else 0
            return self._plugin.finish(exit_.exit_code, exit_.signal, stopped=stopped)
        except Exception as error:  # a service may throw anything
            log.info("run %d: service fault", self.run.run_id, exc_info=True)
            message = f"service {self.run.service} fault: {type(error).__name__}: {error}"
            return Verdict(status=RunStatus.FAILED, message=message)

    def _close_pipe(self) -> None:
        pipe, self._pipe = self._pipe, None
        if pipe is not None:
            self._pipes.unwatch(pipe)
            os.close(pipe)
            self._judge_when_quiet()

    @property
    def leaves_files(self) -> bool:
        """Something of it is on disk: its folder or its log."""
        return self._has_folder or self.log.is_on_disk

    def close(self) -> None:
        """Give everything back."""
        self._exit = None
        self._close_pipe()
        self.log.release()


def _parsed(run: RunSpec, reading: Reading) -> Parsed:
    return Parsed(
        run_id=run.run_id,
        percent=reading.percent,
        frame=reading.frame,
        frame_percent=reading.frame_percent,
        activity=clean(reading.activity, ACTIVITY_MAX),
        warning=reading.warning,
        moved=reading.progress_changed,
        stop=STOPS.get(reading.stop),
        message=clean(reading.message),
    )
