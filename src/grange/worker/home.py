"""The state folder of a worker: one daemon's alone."""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import secrets
import shutil
import stat
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from grange.model.ids import RunId
from grange.worker.account import Account
from grange.worker.errors import HomeInUse
from grange.worker.outbox import Outbox

log = logging.getLogger(__name__)

FOLDER_MODE: Final = 0o700  # of a run's own folder


class Home:
    """Folder, lock and mark; a context, in which the folder is ours.

    Args:
        folder: where.
        account: whose a run's own folder is to be; None our own user's.

    lock          held while a daemon lives
    mark          random id, in the environment of every process of this worker
    outbox/<run>  result that the server has not acknowledged
    logs/<run>    log of a run, once it is long or its result is kept
    runs/<n>/     a run's own folder, where it works and its service puts files; one that
                  was left empty is the next run's, for making and removing folders waits
                  for the disk
    """

    def __init__(self, folder: Path, account: Account | None = None) -> None:
        self.account = account
        self.folder = folder.absolute()
        self.mark = ""
        self.outbox = Outbox(self.folder / "outbox")
        self.runs = str(self.folder / "runs")  #: where runs have their folders
        self._logs = str(self.folder / "logs")
        self._lock: int | None = None
        self._numbers = count(1)
        self._folders: dict[RunId, str] = {}  # of the runs that have one
        self._spare: list[str] = []  # empty ones

    def __enter__(self) -> Self:
        """Take the folder.

        Raises:
            HomeInUse: another daemon has it.
        """
        mode = 0o711 if self.account else 0o700  # the tasks' user passes through
        self.folder.mkdir(mode=mode, parents=True, exist_ok=True)
        Path(self.runs).mkdir(mode=mode, exist_ok=True)
        Path(self._logs).mkdir(mode=0o700, exist_ok=True)
        self._lock = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._lock)
            raise HomeInUse(f"another worker uses the state folder {self.folder}") from None
        self.mark = self._read_mark()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give the folder back."""
        for folder in self._spare:
            with contextlib.suppress(OSError):
                Path(folder).rmdir()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _read_mark(self) -> str:
        path = self.folder / "mark"
        with contextlib.suppress(FileNotFoundError, UnicodeDecodeError):
            mark = path.read_text(encoding="ascii").strip()
            if mark.isalnum():
                return mark
        mark = secrets.token_hex(16)
        path.write_text(mark, encoding="ascii")
        return mark

    def make_run_folder(self, run_id: RunId) -> str:
        """Give a run an empty folder of its own and name it.

        Raises:
            OSError: none can be made.
        """
        folder = self._folders.get(run_id)
        if folder is None:
            try:
                folder = self._spare.pop()
            except IndexError:
                folder = self._new_folder()
            self._folders[run_id] = folder
        return folder

    def _new_folder(self) -> str:
        for number in self._numbers:
            folder = f"{self.runs}/{number}"
            try:
                os.mkdir(folder, FOLDER_MODE)  # noqa: PTH102 (hot)
            except FileExistsError:
                continue  # a former life has left it, and it could not be removed
            if self.account is not None:
                os.chown(folder, self.account.uid, self.account.gid)
            return folder
        raise AssertionError("numbers do not end")

    def take_back_if_empty(self, run_id: RunId) -> bool:
        """Keep the folder of a run for another one, if it is as it was given; true then."""
        folder = self._folders.get(run_id)
        if folder is None:
            return True
        try:
            as_given = self._is_untouched(folder)
        except FileNotFoundError:
            del self._folders[run_id]  # the run has removed it
            return True
        except OSError:
            return False
        if as_given:
            del self._folders[run_id]
            self._spare.append(folder)
        return as_given

    def _is_untouched(self, folder: str) -> bool:
        found = os.lstat(folder)
        owner = os.geteuid() if self.account is None else self.account.uid
        if found.st_mode != stat.S_IFDIR | FOLDER_MODE or found.st_uid != owner:
            return False
        with os.scandir(folder) as entries:
            return next(entries, None) is None

    def log_of(self, run_id: RunId) -> str:
        """Name the file of a run's log: not in its folder, where a task could put a link."""
        return f"{self._logs}/{run_id}"

    def remove(self, run_id: RunId) -> None:
        """Remove all that is kept of a run."""
        self.outbox.drop(run_id)
        Path(self.log_of(run_id)).unlink(missing_ok=True)
        if not self.take_back_if_empty(run_id):
            _remove_folder(self._folders.pop(run_id))

    def sweep(self, keep: set[RunId]) -> None:
        """Remove what a former life has left, but for the logs of these runs."""
        for path in Path(self._logs).iterdir():
            if path.name.isdigit() and RunId(int(path.name)) not in keep:
                self.remove(RunId(int(path.name)))
        for path in Path(self.runs).iterdir():
            _remove_folder(str(path))


def _remove_folder(folder: str) -> None:
    if Path(folder).is_symlink():  # a task may put one in its place
        Path(folder).unlink()
    else:
        shutil.rmtree(folder, onerror=_tell)


def _tell(_function: object, path: str, error: object) -> None:
    """Leave what cannot be removed, and say so."""
    log.warning("%s cannot be removed: %s", path, error)
