"""Results that outlive the daemon: one small file for each run, until acknowledged."""

from __future__ import annotations

import logging
import os
import re
from pathlib import Path
from typing import Final

import msgspec

from grange.model.ids import RunId
from grange.model.run import RunResult
from grange.model.unreadable import UNREADABLE
from grange.wire.worker import OFFSET_MAX

log = logging.getLogger(__name__)

NEW: Final = ".new"  # of a file that is not yet whole
_NUMBER: Final = re.compile(r"\d{1,19}", re.ASCII)


class Outbox:
    """The folder of results. All methods block; call them from one thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder = msgspec.msgpack.Decoder(RunResult)

    def save(self, run_id: RunId, result: RunResult) -> None:
        """Make a result durable.

        Raises:
            OSError: the disk refuses.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / str(run_id)
        temporary = path.with_suffix(NEW)
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
            if path.suffix == NEW:
                path.unlink()
            elif _NUMBER.fullmatch(path.name):
                result = self._read(path)
                if result is not None:
                    results[RunId(int(path.name))] = result
        return results

    def _read(self, path: Path) -> RunResult | None:
        try:
            result = self._decoder.decode(path.read_bytes())
        except (OSError, *UNREADABLE) as error:
            log.warning("result %s cannot be read: it is left out: %s", path, error)
        else:
            if 0 <= result.log_bytes <= OFFSET_MAX:
                return result
            log.warning("result %s is of no log that can be: it is left out", path)
        path.rename(path.with_suffix(".bad"))
        return None


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
