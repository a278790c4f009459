"""The shelf: logs of runs as files, appended to, read from an offset, dropped with the job.

A log is `logs/<job // 1000>/<job>/<run>.log`: numbers only, nothing that a client wrote. What
is acknowledged survives the death of the server, not that of the machine: a log is not worth
a wait for the disk at every piece.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections import OrderedDict
from io import FileIO
from pathlib import Path
from typing import Final, NamedTuple

from grange.store.store import StoreError

LOG_MAX: Final = 256 * 1024 * 1024  # bytes of one run's log
OPEN_MAX: Final = 256  # files kept open for appending
FOLDER: Final = "logs"  # below the state folder
JOBS_PER_FOLDER: Final = 1_000
CUT: Final = b"\n[grange: the log was cut here, it is longer than the farm keeps]\n"


class LogNotKept(StoreError):
    """The disk did not take a piece of a log. The sender may try again later."""


class _Log(NamedTuple):
    file: FileIO
    job_id: int


class Shelf:
    """Logs of runs below one folder. May be used from any thread.

    Args:
        folder: made when first needed; only its owner may look into it.
        log_max: bytes of one log that are kept.
        open_max: files kept open for appending.
    """

    def __init__(self, folder: Path, log_max: int = LOG_MAX, open_max: int = OPEN_MAX) -> None:
        self._folder = folder / FOLDER
        self._log_max = log_max
        self._open_max = open_max
        self._open: OrderedDict[int, _Log] = OrderedDict()  # the longest unused first
        self._turn = threading.Lock()  # of the files that are open for appending

    def append(self, job_id: int, run_id: int, offset: int, data: bytes) -> int:
        """Add a piece to a log.

        What is there already is left as it is, so a piece may come twice. A piece beyond the
        end is not taken: the length that is returned says from where to send again. A log
        that has reached its bound takes everything and keeps nothing more.

        Returns:
            How many bytes of the log the sender may forget; may be more than it has sent when
            the log was cut.

        Raises:
            LogNotKept: the disk is full or broken; the log is as long as `size` says.
        """
        with self._turn:
            try:
                file = self._opened(job_id, run_id)
                return self._extend(file, offset, data)
            except OSError as error:
                self._close(run_id)
                raise LogNotKept(f"log of run {run_id}: {error.strerror}") from error

    def size(self, job_id: int, run_id: int) -> int:
        """Length of a log in bytes; 0 when there is none."""
        try:
            return self._path(job_id, run_id).stat().st_size
        except FileNotFoundError:
            return 0

    def last_run(self) -> int:
        """The highest run that has a log or thumbnails; 0 when none has. Cost: O(files)."""
        stems = (name.partition(".")[0] for _, _, names in os.walk(self._folder) for name in names)
        return max((int(stem) for stem in stems if stem.isdecimal()), default=0)

    def read(self, job_id: int, run_id: int, offset: int, limit: int) -> bytes:
        """Read at most `limit` bytes of a log; nothing beyond its end."""
        try:
            with self._path(job_id, run_id).open("rb", buffering=0) as file:
                file.seek(offset)
                return file.read(limit)
        except FileNotFoundError:
            return b""

    def drop_job(self, job_id: int) -> None:
        """Remove the logs of a job. Harmless when there is none. Cost: O(its runs)."""
        with self._turn:
            for run_id in [run for run, log in self._open.items() if log.job_id == job_id]:
                self._close(run_id)
        try:
            shutil.rmtree(folder_of_job(self._folder, job_id))
        except FileNotFoundError:
            return
        except OSError as error:
            raise StoreError(f"logs of job {job_id} stay: {error.strerror}") from error

    def close(self) -> None:
        """Close all files."""
        with self._turn:
            for run_id in list(self._open):
                self._close(run_id)

    def _path(self, job_id: int, run_id: int) -> Path:
        return folder_of_job(self._folder, job_id) / f"{run_id:d}.log"

    def _opened(self, job_id: int, run_id: int) -> FileIO:
        log = self._open.get(run_id)
        if log is None:
            while len(self._open) >= self._open_max:
                self._close(next(iter(self._open)))
            log = self._open[run_id] = _Log(_open_log(self._path(job_id, run_id)), job_id)
        self._open.move_to_end(run_id)
        return log.file

    def _close(self, run_id: int) -> None:
        log = self._open.pop(run_id, None)
        if log is not None:
            log.file.close()

    def _extend(self, file: FileIO, offset: int, data: bytes) -> int:
        size = file.seek(0, os.SEEK_END)
        end = offset + len(data)
        if size >= self._log_max:  # full: nothing more is kept
            return max(size, end)
        if offset > size or end <= size:  # a gap, or all of it is there
            return size
        room = max(0, self._log_max - len(CUT) - size)
        fresh = memoryview(data)[size - offset :]
        if len(fresh) <= room:
            _write(file, fresh)
            return end
        _write(file, fresh[:room])
        _write(file, memoryview(CUT))
        return max(end, self._log_max)


def folder_of_job(logs: Path, job_id: int) -> Path:
    """Name the folder of a job below that of all logs."""
    return logs / f"{job_id // JOBS_PER_FOLDER:d}" / f"{job_id:d}"


def _open_log(path: Path) -> FileIO:
    try:
        return FileIO(path, "r+", opener=_private)
    except FileNotFoundError:
        make_folder(path.parent)
        return FileIO(path, "r+", opener=_private)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CREAT, 0o600)


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, each for its owner only."""
    missing = [folder]
    while not missing[-1].parent.exists():
        missing.append(missing[-1].parent)
    for each in reversed(missing):
        each.mkdir(mode=0o700, exist_ok=True)


def _write(file: FileIO, data: memoryview) -> None:
    while data:
        data = data[file.write(data) or 0 :]
