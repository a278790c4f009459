"""`services.service`: the base class of Afanasy's services."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any, Self

from typing_extensions import override

from grange.model.patterns import Command
from grange.model.run import RunSpec
from grange.plugins import programs
from grange.plugins.afanasy.task_info import TaskInfo
from grange.plugins.contract import Context, Prepared
from grange.plugins.service import Service

SKIPPED = "Skipped by service on render."
BAD_FILES = "The service says that the rendered files are not good."


class _Log(list[str]):
    """Lines, to which Afanasy's services add text."""

    def __iadd__(self, more: Any) -> Self:  # type: ignore[override, misc]  # text, too
        self.extend(more.splitlines() if isinstance(more, str) else more)
        return self


class service(Service):  # noqa: N801 (Afanasy's documented name)
    """A service that is made of Afanasy's dictionary of the task, and does its work in there.

    After the constructor `taskInfo` has command, wdir, files and environment as they are
    to be used. A studio's class may change them, or override what Afanasy's worker calls:
    getCommand, getWDir, getFiles, getEnvironment, skipTask, checkExitStatus,
    checkRenderedFiles, getLog.
    """

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        named = getattr(sys.modules.get(cls.__module__), "parser", None)
        if isinstance(named, str) and "parser" not in vars(cls):
            cls.parser = named  # a variable of the module, as Afanasy has it

    def __init__(self, taskInfo: TaskInfo, i_verbose: bool = False) -> None:  # noqa: N803
        super().__init__(taskInfo.run, taskInfo.context)
        self.taskInfo: dict[str, Any] = taskInfo
        self.verbose = i_verbose
        self.log = _Log()
        self._faults: list[str] = []
        self._skip = ""
        self.folder = taskInfo["wdir"] = super().working_directory()
        command = super().command()
        if not isinstance(command, str):
            command = programs.shell_words(command)
        taskInfo["command"] = command
        taskInfo["files"] = list(super().files())
        taskInfo["environment"] = super().environment()

    @override
    @classmethod
    def of(cls, run: RunSpec, context: Context) -> Self:
        """Make one by way of the dictionary."""
        return cls(TaskInfo(run, context), False)

    @override
    def prepare(self) -> Prepared:
        """Make ready, with the lines that `getLog` has."""
        ready = super().prepare()
        more = self.getLog()
        return Prepared(
            command=ready.command,
            working_directory=ready.working_directory,
            environment=ready.environment,
            files=ready.files,
            skip=ready.skip,
            log=f"{ready.log}{more.rstrip()}\n" if more else ready.log,
        )

    def getCommand(self) -> Command:  # noqa: N802
        """Give the command."""
        return str(self.taskInfo["command"])

    def getWDir(self) -> str:  # noqa: N802
        """Give the working directory."""
        return str(self.taskInfo["wdir"])

    def getFiles(self) -> Sequence[str]:  # noqa: N802
        """Give the files that the task is to write."""
        return [str(path) for path in self.taskInfo["files"]]

    def getEnvironment(self) -> Mapping[str, str]:  # noqa: N802
        """Give the variables to add."""
        return {str(name): str(text) for name, text in self.taskInfo["environment"].items()}

    def skipTask(self) -> bool:  # noqa: N802
        """Say whether there is nothing to do."""
        return bool(self._skip)

    def checkExitStatus(self, i_status: int) -> bool:  # noqa: N802
        """Say whether an exit status is good."""
        return super().check_exit_status(i_status)

    def checkRenderedFiles(self) -> bool:  # noqa: N802
        """Say whether the files are good after a good end."""
        self._faults = super().check_rendered_files(self.getFiles())
        return not self._faults

    def getLog(self) -> str:  # noqa: N802
        """Give text for the run's log, beside what was added to `log`."""
        return ""

    @override
    def working_directory(self) -> str:
        """Ask as Afanasy's worker does."""
        return self.getWDir()

    @override
    def command(self) -> Command:
        """Ask as Afanasy's worker does."""
        return self.getCommand()

    @override
    def files(self) -> tuple[str, ...]:
        """Ask as Afanasy's worker does."""
        return tuple(self.getFiles())

    @override
    def environment(self) -> dict[str, str]:
        """Ask as Afanasy's worker does."""
        return dict(self.getEnvironment())

    @override
    def skip(self, files: Sequence[str]) -> str:
        """Ask as Afanasy's worker does."""
        self._skip = super().skip(files)
        return (self._skip or SKIPPED) if self.skipTask() else ""

    @override
    def check_exit_status(self, status: int) -> bool:
        """Ask as Afanasy's worker does."""
        return bool(self.checkExitStatus(status))

    @override
    def check_rendered_files(self, files: Sequence[str]) -> list[str]:
        """Ask as Afanasy's worker does."""
        if self.checkRenderedFiles():
            return []
        return self._faults or [BAD_FILES]
