"""The state folder of a worker: one daemon's alone."""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import secrets
import shutil
from pathlib import Path
from types import TracebackType
from typing import Self

from grange.model.ids import RunId
from grange.worker.account import Account
from grange.worker.errors import HomeInUse
from grange.worker.outbox import Outbox

log = logging.getLogger(__name__)


class Home:
    """Folder, lock and mark; a context, in which the folder is ours.

    Args:
        folder: where.
        account: whose a run's own folder is to be; None our own user's.

    lock          held while a daemon lives
    mark          random id, in the environment of every process of this worker
    outbox/<run>  result that the server has not acknowledged
    runs/<run>/   the run's own folder: its log, and what its service puts there
    """

    def __init__(self, folder: Path, account: Account | None = None) -> None:
        self.account = account
        self.folder = folder.absolute()
        self.mark = ""
        self.outbox = Outbox(self.folder / "outbox")
        self.runs = str(self.folder / "runs")  #: where runs have their folders
        self._logs = str(self.folder / "logs")
        self._lock: int | None = None

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
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _read_mark(self) -> str:
        path = self.folder / "mark"
        with contextlib.suppress(FileNotFoundError):
            if mark := path.read_text(encoding="ascii").strip():
                return mark
        mark = secrets.token_hex(16)
        path.write_text(mark, encoding="ascii")
        return mark

    def make_run_folder(self, run_id: RunId) -> str:
        """Make the folder of a run and name it."""
        folder = f"{self.runs}/{run_id}"
        try:
            os.mkdir(folder, 0o700)  # noqa: PTH102 (hot)
        except FileExistsError:
            return folder
        if self.account is not None:
            os.chown(folder, self.account.uid, self.account.gid)
        return folder

    def remove_if_empty(self, run_id: RunId) -> bool:
        """Remove the folder of a run that has put nothing there; true if it is gone."""
        try:
            os.rmdir(f"{self.runs}/{run_id}")  # noqa: PTH106 (hot)
        except FileNotFoundError:
            return True
        except OSError:
            return False
        return True

    def log_of(self, run_id: RunId) -> str:
        """Name the file of a run's log: not in its folder, where a task could put a link."""
        return f"{self._logs}/{run_id}"

    def remove(self, run_id: RunId) -> None:
        """Remove all that is kept of a run."""
        self.outbox.drop(run_id)
        Path(self.log_of(run_id)).unlink(missing_ok=True)
        if not self.remove_if_empty(run_id):
            shutil.rmtree(f"{self.runs}/{run_id}", onerror=_tell)

    def sweep(self, keep: set[RunId]) -> None:
        """Remove what a former life has left of other runs than these."""
        for folder in (self.runs, self._logs):
            for path in Path(folder).iterdir():
                if path.name.isdigit() and RunId(int(path.name)) not in keep:
                    self.remove(RunId(int(path.name)))


def _tell(_function: object, path: str, error: object) -> None:
    """Leave what cannot be removed, and say so."""
    log.warning("%s cannot be removed: %s", path, error)
