"""Results that outlive the daemon: one small file for each run, until acknowledged."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import msgspec

from grange.model.ids import RunId
from grange.model.run import RunResult

log = logging.getLogger(__name__)


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


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
