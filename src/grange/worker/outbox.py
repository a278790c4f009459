"""Results that outlive the daemon: one small file for each run, until acknowledged."""

from __future__ import annotations

import logging
import os
import shutil
from pathlib import Path
from typing import Final

import msgspec

from grange.model.ids import RunId
from grange.model.run import RunResult

log = logging.getLogger(__name__)

RECORD_MAX: Final = 16 * 1024 * 1024  # bytes of one result


class Outbox:
    """The folder of results. All methods block; call them from one thread.

    Args:
        folder: for the results.
        runs: the folder with a folder for each run; the log of a run lies there.
    """

    def __init__(self, folder: Path, runs: Path) -> None:
        self._folder = folder
        self._runs = runs
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder = msgspec.msgpack.Decoder(RunResult)

    def save(self, run_id: RunId, result: RunResult) -> None:
        """Make a result durable.

        Raises:
            OSError: the disk refuses.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / str(run_id)
        temporary = path.with_suffix(".new")
        with temporary.open("wb") as file:
            file.write(self._encoder.encode(result))
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(path)
        _sync_folder(self._folder)

    def drop(self, run_id: RunId) -> None:
        """Forget a result."""
        (self._folder / str(run_id)).unlink(missing_ok=True)

    def load(self) -> dict[RunId, RunResult]:
        """Read what a former life has left; a damaged file is put aside."""
        results: dict[RunId, RunResult] = {}
        if not self._folder.is_dir():
            return results
        for path in sorted(self._folder.iterdir()):
            if path.suffix or not path.name.isdigit():
                path.unlink()
                continue
            try:
                results[RunId(int(path.name))] = self._decoder.decode(path.read_bytes())
            except msgspec.MsgspecError:
                log.warning("result %s cannot be read: it is left out", path)
                path.rename(path.with_suffix(".bad"))
        return results

    def sweep_runs(self, keep: set[RunId]) -> None:
        """Remove the folders of all runs but these."""
        if not self._runs.is_dir():
            return
        for path in self._runs.iterdir():
            if not (path.name.isdigit() and int(path.name) in keep):
                remove_folder(path)


def remove_folder(path: str | Path) -> None:
    """Remove a run's folder; what cannot be removed is left and told."""
    try:
        os.rmdir(path)  # noqa: PTH106 (hot); mostly it is empty
    except FileNotFoundError:
        return
    except OSError:
        shutil.rmtree(path, onerror=_tell)


def _tell(_function: object, path: str, error: object) -> None:
    log.warning("%s cannot be removed: %s", path, error)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
