"""Thumbnails of what runs make: which are made, one at a time, in nobody's way.

They are telemetry: one that cannot be made is missed by a line in the worker's log, and a run
neither waits for one nor fails for want of one.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, NamedTuple

from grange.model.ids import RunId
from grange.model.run import RunSpec
from grange.plugins.outputs import is_picture
from grange.plugins.pictures import thumbnail
from grange.plugins.pictures.child import Child, ChildLost
from grange.plugins.pictures.thumbnail import Made, Wish
from grange.wire.worker import Picture
from grange.worker.texts import clean

log = logging.getLogger(__name__)

ENDED_MAX: Final = 24  # pictures of ended runs that wait; of more the oldest are forgotten
RUNNING_MAX: Final = 64  # runs of which one waits that was made while they run
NAME_MAX: Final = 255  # characters of a file's name


class Shot(NamedTuple):
    """A picture of which a thumbnail is to be made."""

    run_id: RunId
    path: str


class Pictures:
    """Has thumbnails made by one process after the other, and sends them.

    Those of ended runs go first, the newest run before all, its pictures in their order; of a
    run that goes on only the latest picture is of interest, and each such run has its turn.

    Args:
        loop: of the daemon.
        wish: how thumbnails are to be.
        takes: tells whether somebody takes thumbnails just now.
        show: takes them.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        wish: Wish,
        *,
        takes: Callable[[], bool],
        show: Callable[[Picture], None],
    ) -> None:
        self._loop = loop
        self._wish = wish
        self._takes = takes
        self._show = show
        self._ended: deque[Shot] = deque(maxlen=ENDED_MAX)
        self._running: dict[RunId, str] = {}  # the longest waiting first
        self._thread = ThreadPoolExecutor(1, "grange-pictures")
        self._child: Child | None = None  # the last one
        self._busy = False
        self._closed = wish.side_px <= 0
        self._told = False  # what this machine lacks

    def of_running(self, run: RunSpec, paths: Sequence[str]) -> None:
        """A run has made pictures and goes on. May be called in any thread."""
        if paths and not run.skip_thumbnails:
            self._later(self._add_running, run.run_id, paths[-1])

    def of_ended(self, run: RunSpec, paths: Sequence[str]) -> None:
        """A run has ended well and these are to be shown. May be called in any thread."""
        if paths and not run.skip_thumbnails:
            self._later(self._add_ended, run.run_id, paths)

    def go_on(self) -> None:
        """Make the next one, if there is one and somebody takes it."""
        if self._busy or self._closed or not self._takes():
            return
        if self._child is not None and self._child.lives:
            return  # it does not even die: a mount is dead, and another one would hang there, too
        if not (self._ended or self._running) or self._lacks():
            return
        shot = self._next()
        self._busy = True
        self._thread.submit(self._make, shot)

    def close(self) -> None:
        """Make no more; the one under way is not awaited."""
        self._closed = True
        if self._child is not None:
            self._child.kill()
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _later(self, work: Callable[..., None], *arguments: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended while a thread still works
            self._loop.call_soon_threadsafe(work, *arguments)

    def _add_running(self, run_id: RunId, path: str) -> None:
        if not is_picture(path):
            return
        if run_id in self._running or len(self._running) < RUNNING_MAX:
            self._running[run_id] = path
        self.go_on()

    def _add_ended(self, run_id: RunId, paths: Sequence[str]) -> None:
        self._running.pop(run_id, None)  # a better one is here
        self._ended += [Shot(run_id, path) for path in reversed(paths)]  # the last is taken first
        self.go_on()

    def _lacks(self) -> bool:
        lacking = thumbnail.missing()
        if lacking and not self._told:
            self._told = True
            log.info("no thumbnails are made: this machine's Python has no %s", lacking)
        if lacking:
            self._ended.clear()
            self._running.clear()
        return bool(lacking)

    def _next(self) -> Shot:
        if self._ended:
            return self._ended.pop()
        run_id = next(iter(self._running))
        return Shot(run_id, self._running.pop(run_id))

    def _make(self, shot: Shot) -> None:
        """Make one; in the thread."""
        try:
            child = self._child = thumbnail.start(shot.path, self._wish)
            if self._closed:
                child.kill()
            made = thumbnail.made(child)
        except ChildLost as lost:
            made = Made(why=str(lost))
        self._later(self._made, shot, made)

    def _made(self, shot: Shot, made: Made) -> None:
        self._busy = False
        if made.data:
            name = clean(Path(shot.path).name, NAME_MAX)
            self._show(Picture(run_id=shot.run_id, name=name, data=made.data))
        else:
            log.info("run %d: no thumbnail of %s: %s", shot.run_id, clean(shot.path), made.why)
        self.go_on()
