"""The album: thumbnails of what runs have made, as files beside the logs, dropped with the job.

A thumbnail is `logs/<job // 1000>/<job>/<run>.<number>.jpg`: numbers only, nothing that a worker
wrote. The name of the file that it shows is a comment in the JPEG. `newest` in the same folder
says which of a job's are the newest. Like logs they are not forced to disk.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
from pathlib import Path
from typing import Final, NamedTuple

from grange.plugins.pictures import jpeg
from grange.plugins.pictures.reading import Broken, File
from grange.store.files import FOLDER, folder_of_job, make_folder
from grange.store.store import StoreError
from grange.wire.worker import PICTURE_MAX

OF_RUN_MAX: Final = 8  # thumbnails of one run; the newest replaces the oldest
OF_JOB_MAX: Final = 8  # newest of a job that are known
SIDE_MAX: Final = 1_024  # pixels: a small file may stand for a picture that fills a memory
NAME_MAX: Final = 255  # bytes
NEWEST: Final = "newest"  # file of lines: run number
_LINE: Final = re.compile(rb"([0-9]{1,16}) ([1-9])\n")
_SOI, _COMMENT = b"\xff\xd8", b"\xff\xfe"  # JPEG: where it starts, and a comment's marker


class PictureRefused(StoreError):
    """What should be a thumbnail is none, or too large. The same one need not come again."""


class PictureNotKept(StoreError):
    """The disk did not take a thumbnail."""


class Thumbnail(NamedTuple):
    """One that is kept."""

    run_id: int
    number: int  #: in its run, from 1 on; a newer one may take it over
    name: str  #: of the file that it shows, as the worker said
    size_bytes: int
    made: float  #: epoch seconds, when it came


class Album:
    """Thumbnails below one folder. `keep` is for one thread, all else for any.

    Args:
        folder: the state folder, whose logs are on the `Shelf`.
    """

    def __init__(self, folder: Path) -> None:
        self._logs = folder / FOLDER

    def keep(self, job_id: int, run_id: int, name: str, data: bytes) -> int:
        """Keep a thumbnail, whole or not at all. Returns its number.

        Raises:
            PictureRefused: it is none.
            PictureNotKept: the disk is full or broken.
        """
        check(data)
        folder = folder_of_job(self._logs, job_id)
        try:
            make_folder(folder)
            number = _free_number(folder, run_id)
            _write(folder / _file(run_id, number), _with_name(data, name))
            self._note(folder, run_id, number)
        except OSError as error:
            raise PictureNotKept(f"thumbnail of run {run_id}: {error.strerror}") from error
        return number

    def of_run(self, job_id: int, run_id: int) -> tuple[Thumbnail, ...]:
        """Those of a run, the newest first."""
        folder = folder_of_job(self._logs, job_id)
        found = [_look(folder, run_id, number) for number in range(1, OF_RUN_MAX + 1)]
        there = [thumbnail for thumbnail in found if thumbnail is not None]
        return tuple(sorted(there, key=lambda item: (item.made, item.number), reverse=True))

    def of_job(self, job_id: int) -> tuple[Thumbnail, ...]:
        """The newest of a job, the newest first."""
        folder = folder_of_job(self._logs, job_id)
        found = (_look(folder, run_id, number) for run_id, number in reversed(_newest(folder)))
        return tuple(thumbnail for thumbnail in found if thumbnail is not None)

    def read(self, job_id: int, run_id: int, number: int) -> bytes:
        """Give a JPEG; nothing where there is none."""
        try:
            with _open(folder_of_job(self._logs, job_id) / _file(run_id, number)) as file:
                return file.read(PICTURE_MAX + NAME_MAX + 16)
        except FileNotFoundError:
            return b""

    def _note(self, folder: Path, run_id: int, number: int) -> None:
        known = [item for item in _newest(folder) if item != (run_id, number)]
        last = [*known, (run_id, number)][-OF_JOB_MAX:]
        _write(folder / NEWEST, b"".join(b"%d %d\n" % item for item in last))


def check(data: bytes) -> None:
    """Refuse what is no small JPEG. Nothing is decoded.

    Raises:
        PictureRefused: it is not.
    """
    if len(data) > PICTURE_MAX:
        raise PictureRefused(f"{len(data)} bytes; at most {PICTURE_MAX}")
    if not data.startswith(jpeg.MAGIC):
        raise PictureRefused("it is no JPEG")
    try:
        size = jpeg.size_of(File(io.BytesIO(data), len(data)))
    except Broken as why:
        raise PictureRefused(str(why)) from why
    if not (0 < size.width <= SIDE_MAX and 0 < size.height <= SIDE_MAX):
        raise PictureRefused(f"it is {size}; at most {SIDE_MAX} x {SIDE_MAX}")


def _file(run_id: int, number: int) -> str:
    return f"{run_id:d}.{number:d}.jpg"


def _open(path: Path) -> io.FileIO:
    return io.FileIO(path, "r")


def _free_number(folder: Path, run_id: int) -> int:
    """The first number that no thumbnail of a run has, else that of the oldest."""
    made: dict[int, int] = {}
    for number in range(1, OF_RUN_MAX + 1):
        try:
            made[number] = (folder / _file(run_id, number)).stat().st_mtime_ns
        except FileNotFoundError:
            return number
    return min(made, key=lambda number: (made[number], number))


def _look(folder: Path, run_id: int, number: int) -> Thumbnail | None:
    try:
        with _open(folder / _file(run_id, number)) as file:
            state = os.fstat(file.fileno())
            name = _name_in(file.read(NAME_MAX + 6))
    except FileNotFoundError:
        return None
    return Thumbnail(run_id, number, name, state.st_size, state.st_mtime)


def _with_name(data: bytes, name: str) -> bytes:
    """Put a name into a JPEG, as its first segment."""
    text = name.encode(errors="replace")[:NAME_MAX]
    return b"".join((_SOI, _COMMENT, (len(text) + 2).to_bytes(2, "big"), text, data[2:]))


def _name_in(beginning: bytes) -> str:
    """Read the name that `_with_name` has put in."""
    if beginning[2:4] != _COMMENT:
        return ""
    end = 4 + int.from_bytes(beginning[4:6], "big")
    return beginning[6:end].decode(errors="replace")


def _newest(folder: Path) -> list[tuple[int, int]]:
    """Runs and numbers of a job's newest, the oldest first."""
    try:
        with _open(folder / NEWEST) as file:
            lines = _LINE.findall(file.read(OF_JOB_MAX * 20))
    except FileNotFoundError:
        return []
    return [(int(run_id), int(number)) for run_id, number in lines][-OF_JOB_MAX:]


def _write(path: Path, data: bytes) -> None:
    """Write a file whole, or leave the one that is there."""
    new = path.with_name(f"{path.name}.new")
    try:
        with io.FileIO(new, "w", opener=_private) as file:
            left = memoryview(data)
            while left:
                left = left[file.write(left) or 0 :]
        new.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            new.unlink()
        raise


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
