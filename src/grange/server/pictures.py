"""Takes thumbnails from workers to the album, by a thread that makes nobody wait."""

from __future__ import annotations

import logging
from concurrent.futures import Executor
from threading import BoundedSemaphore
from typing import Final

from grange.model.ids import JobId, RunId
from grange.store.pictures import Album, PictureNotKept, PictureRefused

log = logging.getLogger(__name__)

WAITING_MAX: Final = 64  # thumbnails that wait for the disk; more are dropped


class Pictures:
    """What is between the links and the album. All is lossy: nobody is answered.

    Args:
        album: where thumbnails are kept.
        filing: one thread, which also removes the files of deleted jobs: in order.
    """

    def __init__(self, album: Album, filing: Executor) -> None:
        self._album = album
        self._filing = filing
        self._room = BoundedSemaphore(WAITING_MAX)
        self._trouble = ""  # of the disk, that was told

    def take(self, job_id: JobId, run_id: RunId, name: str, data: bytes) -> None:
        """Have a thumbnail kept, if it is one and the disk keeps up."""
        if self._room.acquire(blocking=False):
            self._filing.submit(self._keep, job_id, run_id, name, data)

    def _keep(self, job_id: JobId, run_id: RunId, name: str, data: bytes) -> None:
        trouble = ""
        try:
            self._album.keep(job_id, run_id, name, data)
        except PictureRefused as why:
            log.info("run %d: what should be a thumbnail is refused: %s", run_id, why)
        except PictureNotKept as why:
            trouble = str(why)
        finally:
            self._room.release()
        if trouble and not self._trouble:
            log.warning("thumbnails are lost: %s", trouble)
        self._trouble = trouble
