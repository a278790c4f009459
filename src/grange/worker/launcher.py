"""Commands that the farm launches beside its tasks: detached, with an end to their output."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO, Final

from grange.model.patterns import Command
from grange.worker.account import Account
from grange.worker.environment import WORKER_MARK

log = logging.getLogger(__name__)

FOLDER: Final = "launched"  # in the state folder: a file for what each command prints
LOGS_MAX: Final = 20  # of these files; the oldest are removed
LIVING_MAX: Final = 50  # launched commands that run at once
SHELL: Final = ("/bin/sh", "-c")


class CannotLaunch(Exception):
    """A command is not launched; the text says why."""


class Launcher:
    """Starts commands that outlive the worker. For one thread at a time.

    Such a command is the business of who launched it: neither the end of a lease nor that of
    the worker ends it. It gets what a task gets, its user, nice value and environment, but for
    the mark by which a worker finds the processes that it has to kill.

    Args:
        folder: the worker's state folder.
        environment: of every task.
        nice: of every task.
        account: whom tasks run as; None our own user.
        allowed: whether this machine's settings let the farm launch anything.
    """

    def __init__(
        self,
        folder: Path,
        environment: Mapping[str, str],
        *,
        nice: int,
        account: Account | None,
        allowed: bool,
    ) -> None:
        self._folder = folder / FOLDER
        self._environment = {
            name: value for name, value in environment.items() if name != WORKER_MARK
        }
        self._settings = (str(nice), account.ids() if account else "")
        self._allowed = allowed
        self._living: set[int] = set()

    def launch(self, command: Command) -> None:
        """Start a command and go on.

        Raises:
            CannotLaunch: it is not allowed, or no process or file can be made.
        """
        if not self._allowed:
            raise CannotLaunch("this machine's settings do not allow it (launch_commands)")
        if len(self._living) >= LIVING_MAX:
            raise CannotLaunch(f"{LIVING_MAX} launched commands run already")
        argv = (*SHELL, command) if isinstance(command, str) else command
        line = " ".join(argv)
        try:
            with self._new_log() as output:
                output.write(f"{line}\n".encode(errors="replace"))
                output.flush()
                process = self._start(argv, output)
        except (OSError, ValueError) as error:  # ValueError: a NUL byte
            raise CannotLaunch(f"{line}: {error}") from error
        log.info("process %d is launched: %s", process.pid, line)
        self._living.add(process.pid)
        threading.Thread(target=self._bury, args=(process,), daemon=True).start()

    def _new_log(self) -> BinaryIO:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        names = (path.stem for path in self._folder.glob("*.log"))
        numbers = sorted(int(name) for name in names if name.isdecimal())
        for number in numbers[: -LOGS_MAX + 1]:
            (self._folder / f"{number}.log").unlink()
        return (self._folder / f"{(numbers or [0])[-1] + 1}.log").open("xb")

    def _start(self, argv: tuple[str, ...], output: BinaryIO) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603 (an admin's word; the machine's owner allows it)
            (sys.executable, "-I", "-m", "grange.worker.detached", *self._settings, *argv),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd="/",
            env=self._environment,
            start_new_session=True,
        )

    def _bury(self, process: subprocess.Popen[bytes]) -> None:
        process.wait()
        self._living.discard(process.pid)
        log.info("launched process %d has ended", process.pid)
