"""The state folder of a worker: one daemon's alone."""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
from pathlib import Path
from types import TracebackType
from typing import Self

from grange.model.ids import RunId
from grange.worker.errors import HomeInUse
from grange.worker.outbox import Outbox


class Home:
    """Folder, lock and mark; a context, in which the folder is ours.

    lock          held while a daemon lives
    mark          random id, in the environment of every process of this worker
    outbox/<run>  result that the server has not acknowledged
    runs/<run>/   the run's own folder: its log, and what its service puts there
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self.mark = ""
        self.outbox = Outbox(self.folder / "outbox", self.folder / "runs")
        self._runs = str(self.folder / "runs")
        self._lock: int | None = None

    def __enter__(self) -> Self:
        """Take the folder.

        Raises:
            HomeInUse: another daemon has it.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
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

    def run_folder(self, run_id: RunId) -> str:
        """Name the folder of a run."""
        return f"{self._runs}/{run_id}"

    def log_of(self, run_id: RunId) -> str:
        """Name the file of a run's log."""
        return f"{self._runs}/{run_id}/log"

    def sweep(self, keep: set[RunId]) -> None:
        """Remove what a former life has left of other runs than these."""
        self.outbox.sweep_runs(keep)
