"""The base class of services: how a task's command is run on a machine, and judged."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import ClassVar, Final, Self

from grange.model.frames import TaskFrames
from grange.model.patterns import Command, fill_command, fill_files
from grange.model.run import RunSpec
from grange.plugins import outputs, programs
from grange.plugins.contract import Context, PluginError, Prepared

CAPACITY: Final = "@AF_CAPACITY@"
HOSTS: Final = "@AF_HOSTS@"


class Service:
    """One run of a program. Made anew for each run; override what differs.

    `prepare` asks in this order: `working_directory`, `command` (which calls `fill`,
    `transfer`, `insert_capacity`, `insert_hosts`, `program`), `files`, `environment`, `skip`.
    After a good end `check_exit_status`, `check_rendered_files`, `doubts` and `thumbnails` are
    asked.
    """

    #: Name of the parser that reads the output when the task names none; "" for none.
    parser: ClassVar[str] = "generic"
    #: Words that, first in a command, stand for a program which `program` knows to find.
    program_names: ClassVar[tuple[str, ...]] = ()
    #: The program wants / in paths on Windows, too.
    unix_separators: ClassVar[bool] = False

    def __init__(self, run: RunSpec, context: Context) -> None:
        self.run = run
        self.context = context
        self.folder = context.work_folder  #: the working directory, once prepared
        self.hosts = run.hosts  #: captured for a task of many hosts
        self.log: list[str] = []  #: lines for the run's log
        self._before: dict[str, outputs.State] = {}  # the files, before the run

    @classmethod
    def of(cls, run: RunSpec, context: Context) -> Self:
        """Make one for a run."""
        return cls(run, context)

    @classmethod
    def found(cls) -> str:
        """Say what this machine has to run the service with; "" when it cannot."""
        return "any command"

    def prepare(self) -> Prepared:
        """Make ready all that starting the run takes.

        Raises:
            PluginError: the machine lacks what the run needs.
        """
        self.folder = self.working_directory()
        command = self.command()
        files = self.files()
        environment = self.environment()
        skip = self.skip(files)
        if self.run.check_rendered_files:
            self._before = outputs.states(files)
        if not command and not skip:
            raise PluginError(
                f"the command of {self.run.task_name!r} is empty: give its block a command"
            )
        return Prepared(
            command=command,
            working_directory=self.folder,
            environment=environment,
            files=files,
            skip=skip,
            log="".join(f"{line}\n" for line in self.log),
        )

    def working_directory(self) -> str:
        """Give the folder to run in; the run's own work folder where none is asked for.

        Raises:
            PluginError: there is no such folder on this machine. Rendering elsewhere would
                lose the pictures silently.
        """
        asked = self.transfer(self.run.working_directory)
        if not asked:
            return self.context.work_folder
        if not Path(asked).is_absolute():
            asked = str(Path(self.context.work_folder, asked))
        if not Path(asked).is_dir():
            raise PluginError(
                f"there is no working directory {asked!r} on this machine: make it, mount it, "
                "or give the job another one"
            )
        return asked

    def command(self) -> Command:
        """Give the command, ready to run."""
        command = self._each_word(self.fill(self.run.command))
        command = self.insert_hosts(self.insert_capacity(command))
        word = programs.leading_word(command)
        if word in self.program_names:
            return programs.replace_program(command, self.program(word))
        return command

    def files(self) -> tuple[str, ...]:
        """Give the absolute paths of what the task is to write."""
        files: Iterable[str] = self.run.files
        if self.run.numeric:
            files = fill_files(self.run.files, self.frames())
        return tuple(str(Path(self.folder, self.transfer(item))) for item in files)

    def environment(self) -> dict[str, str]:
        """Give the variables to add. The worker itself tells the task's ids and its GPUs."""
        return {name: self.transfer(value) for name, value in self.run.environment.items()}

    def skip(self, files: Sequence[str]) -> str:
        """Say why there is nothing to do, or "" where there is."""
        if not self.run.skip_existing_files:
            return ""
        all_exist, lines = outputs.existing(files, self.run)
        self.log += lines
        if not all_exist:
            return ""
        self.log.append(outputs.SKIPPED)
        return outputs.SKIPPED

    def frames(self) -> TaskFrames:
        """Give the task's frames."""
        run = self.run
        return TaskFrames(run.frame_first, run.frame_last, run.frame_inc, run.frames_num)

    def fill(self, command: Command) -> Command:
        """Fill the patterns of a command with the task's frames."""
        if not self.run.numeric:
            return command
        return fill_command(command, self.frames(), self.run.task)

    def transfer(self, text: str) -> str:
        """Turn the server's paths in a text into this machine's."""
        return self.context.paths.to_client(text, unix_separators=self.unix_separators)

    def insert_capacity(self, command: Command) -> Command:
        """Tell the program its multiple of the capacity, at `@AF_CAPACITY@`."""
        if self.run.capacity_coeff <= 0:
            return command
        coefficient = str(self.run.capacity_coeff)
        if isinstance(command, str):
            return command.replace(CAPACITY, coefficient)
        return tuple(word.replace(CAPACITY, coefficient) for word in command)

    def insert_hosts(self, command: Command) -> Command:
        """Tell the program its captured hosts, at `@AF_HOSTS@`."""
        if not self.hosts:
            return command
        words = self.hosts_arguments(self.hosts)
        if isinstance(command, str):
            return command.replace(HOSTS, programs.shell_words(words))
        out: list[str] = []
        for word in command:
            out += words if word == HOSTS else [word.replace(HOSTS, " ".join(words))]
        return tuple(out)

    def hosts_arguments(self, hosts: Sequence[str]) -> list[str]:
        """Write hosts as the program wants them."""
        return ["-H", ",".join(hosts)]

    def program(self, name: str) -> list[str]:
        """Give this machine's way of running one of `program_names`, as an argument list.

        Raises:
            PluginError: it is not here.
        """
        return [name]

    def search_path(self) -> str | None:
        """Give the PATH that the run will have; None: the worker's."""
        said = self.run.environment.get("PATH")
        return None if said is None else self.transfer(said)

    def check_exit_status(self, status: int) -> bool:
        """Say whether a process that ended with a status has ended well."""
        return status == 0

    def check_rendered_files(self, files: Sequence[str]) -> list[str]:
        """Say what is wrong with the files after a good end; nothing when all is well."""
        if not self.run.check_rendered_files:
            return []
        return list(outputs.faults(files, self.run))

    def doubts(self, files: Sequence[str]) -> list[str]:
        """Say what looks wrong with files that are there: the run is done, with a warning."""
        if not self.run.check_rendered_files:
            return []
        return list(outputs.doubts(files, self._before))

    def thumbnails(self, seen: Sequence[str], files: Sequence[str]) -> tuple[str, ...]:
        """Choose what to show small after a good end.

        Of many files the first, the middle and the last. Whether they are there is not asked.

        Args:
            seen: absolute paths of pictures that the parser saw written.
            files: what the task was to write; it counts where nothing was seen.
        """
        if self.run.skip_thumbnails:
            return ()
        chosen = outputs.few(seen or files)
        return tuple(path for path in chosen if outputs.is_picture(path))

    def close(self) -> None:
        """Give back what it holds, when the run is judged."""

    def _each_word(self, command: Command) -> Command:
        if isinstance(command, str):
            return self.transfer(command)
        return tuple(self.transfer(word) for word in command)
