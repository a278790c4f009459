"""What the worker sees of plugins: load one for a run, feed it, ask for its verdict.

A fault in a plugin stays in its run. A service that cannot be loaded or prepared gives a
`PluginError`. A parser that cannot be loaded, or breaks, gives a warning, and the run goes
on without it.
"""

from __future__ import annotations

import signal as signals
from collections.abc import Sequence
from typing import Final

from grange.model.run import RunSpec
from grange.model.states import RunStatus
from grange.plugins import loading, service_apart
from grange.plugins.apart import Apart
from grange.plugins.companion import Lost, Threw
from grange.plugins.contract import Context, PluginError, Prepared, Reading, Stop, Verdict
from grange.plugins.parser import Parser
from grange.plugins.service import Service
from grange.plugins.service_apart import ServiceApart
from grange.plugins.watch import Watch

__all__ = [
    "Context",
    "PluginError",
    "Prepared",
    "Reading",
    "Stop",
    "TaskPlugin",
    "Verdict",
    "available",
    "known",
    "load",
]

FAULTS_LISTED_MAX: Final = 100  # bad files named in a log
GOOD: Final = (RunStatus.DONE, RunStatus.PARSER_SUCCESS)


class TaskPlugin:
    """The service and the parser of one run. Not for two threads at once."""

    def __init__(self, service: Service, prepared: Prepared, watch: Watch) -> None:
        self.prepared = prepared
        self._service = service
        self._watch = watch

    def tell(self, *, pid: int | None = None, host_resources: str | None = None) -> None:
        """Tell the parser what it may ask for.

        Args:
            pid: of the process.
            host_resources: JSON text `{"host_resources": {...}}`, the machine's load.
        """
        if pid is not None:
            self._watch.pid = pid
        if host_resources is not None:
            self._watch.host_resources = host_resources

    def feed(self, data: bytes) -> Reading:
        """Read a piece of the run's output, cut anywhere. Cost: O(piece)."""
        return self._watch.feed(data)

    def finish(self, exit_code: int | None, signal: int | None, *, stopped: int = 0) -> Verdict:
        """Judge the run once its process has ended and all its output was fed.

        What the parser sees in the last portion counts. It looks at the files on the disk.

        Args:
            exit_code: None when a signal ended it or it never started.
            signal: its number, None when none did.
            stopped: epoch second when somebody asked it to stop, 0 if nobody did.
        """
        code = -(signal or 0) if exit_code is None else exit_code
        self._watch.end(f"{code}:{stopped}")
        found = self._watch.findings
        try:
            status, message = self._judge(exit_code, signal)
        except (Exception, SystemExit) as fault:  # noqa: BLE001 (somebody else's code)
            status = RunStatus.FAILED
            message = f"service {self._service.run.service!r} broke: {fault!r}"
            self._watch.log.append(f"The service broke:\n{loading.last_lines(fault)}")
        thumbnails = self._thumbnails() if status in GOOD else ()
        self._service.close()
        return Verdict(
            status=status,
            message=message or found.messages.get("warning", ""),
            warning=found.has("warning"),
            report=found.report,
            resources=found.resources,
            files=tuple(map(self._service.context.paths.path_to_server, found.files)),
            thumbnails=thumbnails,
            log=self._watch.take_log(),
        )

    def _thumbnails(self) -> tuple[str, ...]:
        """What is to be shown small; a service that breaks at it costs its run nothing else."""
        try:
            return self._service.thumbnails(self._watch.findings.files, self.prepared.files)
        except (Exception, SystemExit) as fault:  # noqa: BLE001 (somebody else's code)
            trace = loading.last_lines(fault)
            self._watch.log.append(f"The service broke at thumbnails:\n{trace}")
            return ()

    def _judge(self, exit_code: int | None, signal: int | None) -> tuple[RunStatus, str]:
        found = self._watch.findings
        match found.stop:
            case "fatal":
                return RunStatus.FATAL, found.messages["fatalerror"]
            case "error":
                return RunStatus.PARSER_ERROR, found.messages["error"]
            case "success":
                return self._judge_files(RunStatus.PARSER_SUCCESS)
            case "":
                return self._judge_end(exit_code, signal)

    def _judge_end(self, exit_code: int | None, signal: int | None) -> tuple[RunStatus, str]:
        if signal is not None:
            line = self._watch.last_line()
            return RunStatus.KILLED, _with(f"ended by {_signal_name(signal)}", line)
        if exit_code is None:
            return RunStatus.START_FAILED, "the process never started"
        if not self._service.check_exit_status(exit_code):
            cause = self._watch.findings.cause or self._watch.last_line()
            return RunStatus.FAILED, _with(f"exit status {exit_code}", cause)
        if self._watch.findings.has("badresult"):
            return RunStatus.BAD_RESULT, self._watch.findings.messages["badresult"]
        return self._judge_files(RunStatus.DONE)

    def _judge_files(self, good: RunStatus) -> tuple[RunStatus, str]:
        faults = self._service.check_rendered_files(self.prepared.files)
        if not faults:
            doubts = self._service.doubts(self.prepared.files)
            for doubt in doubts[:1]:
                self._watch.findings.warn(doubt.replace("\n", " "))
            self._watch.log += doubts[:FAULTS_LISTED_MAX]
            return good, ""
        self._watch.log += faults[:FAULTS_LISTED_MAX]
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        return RunStatus.BAD_FILES, faults[0].replace("\n", " ") + more


def load(run: RunSpec, context: Context) -> TaskPlugin:
    """Load the service and the parser of a run and prepare it. It looks at the disk.

    Raises:
        PluginError: the service is unknown, broken, or cannot run on this machine.
    """
    try:
        service = _service(run, context)
        prepared = service.prepare()
    except PluginError:
        raise
    except (Exception, SystemExit) as fault:
        raise PluginError(
            f"service {run.service!r} cannot prepare the run:\n{loading.last_lines(fault)}"
        ) from fault
    parser, problem = _parser(run, service, prepared, context.folders)
    watch = Watch(parser)
    if problem:
        watch.log.append(f"{problem}\nGoing on without a parser.")
        watch.findings.warn(problem.splitlines()[0])
    return TaskPlugin(service, prepared, watch)


def known(folders: Sequence[str] = ()) -> tuple[str, ...]:
    """Name every service that ships or lies in the folders."""
    return loading.names("services", folders)


def available(folders: Sequence[str] = ()) -> dict[str, str]:
    """Say what this machine can run: service -> what was found for it.

    Starts the programs it finds to ask for their versions: seconds. A broken service is not
    available.
    """
    found: dict[str, str] = {}
    for name in known(folders):
        try:
            text = _found(name, folders)
        except (Exception, SystemExit):  # noqa: BLE001, S112 (somebody else's code; `load` tells the fault)
            continue
        if text:
            found[name] = text
    return found


def _service(run: RunSpec, context: Context) -> Service:
    """Make a service: what ships here, a studio's own in another process."""
    if loading.is_of_a_studio("services", run.service, context.folders):
        return ServiceApart(run, context)
    return loading.service_class(run.service, context.folders).of(run, context)


def _found(name: str, folders: Sequence[str]) -> str:
    if loading.is_of_a_studio("services", name, folders):
        return service_apart.found(name, folders)
    return loading.service_class(name, folders).found()


def _parser(
    run: RunSpec, service: Service, prepared: Prepared, folders: Sequence[str]
) -> tuple[Parser | None, str]:
    """Make a run's parser, or say why it has none."""
    own = service.own_parser if isinstance(service, ServiceApart) else service.parser
    name = run.parser or own
    if not name:
        return None, ""
    try:
        parser = _make(name, folders)
        parser.start(run, prepared.working_directory)
    except (PluginError, Lost) as problem:
        return None, str(problem)
    except Threw as fault:
        if not fault.trace:
            return None, str(fault)  # it could not be loaded
        return None, f"parser {name!r} cannot start:\n{fault.trace}"
    except (Exception, SystemExit) as fault:  # noqa: BLE001 (somebody else's code)
        return None, f"parser {name!r} cannot start:\n{loading.last_lines(fault)}"
    return parser, ""


def _make(name: str, folders: Sequence[str]) -> Parser:
    """Make a parser: what ships here, a studio's own in another process."""
    if loading.is_of_a_studio("parsers", name, folders):
        return Apart(name, folders)
    return loading.parser_class(name, folders)()


def _with(text: str, line: str) -> str:
    return f"{text}: {line}" if line else text


def _signal_name(number: int) -> str:
    try:
        return f"signal {number} ({signals.Signals(number).name})"
    except ValueError:
        return f"signal {number}"
