"""What tasks say on render nodes, into the logs of their runs."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Final

from grange.core.objects import Run
from grange.doors.afanasy.renders.render import Held
from grange.model.ids import JobId, RunId
from grange.store.files import LogNotKept, Shelf

TAIL: Final = 4_096  # bytes by which the end of a log is known again
AGAIN: Final = b"\n[grange: a part was lost on the way; here is all that the render kept]\n"


class Logs:
    """Puts output on the shelf. What the disk does not take comes again with the task's end.

    Args:
        shelf: where logs are.
        grew: told of each piece: job id, run id, offset, data.
    """

    def __init__(self, shelf: Shelf, grew: Callable[[JobId, RunId, int, bytes], None]) -> None:
        self._shelf = shelf
        self._grew = grew

    def piece(self, run: Run, data: bytes) -> None:
        """Add what a task has said since the last time."""
        if not data:
            return
        offset = self._shelf.size(run.job_id, run.run_id)
        with suppress(LogNotKept):
            end = self._shelf.append(run.job_id, run.run_id, offset, data)
            if end == offset + len(data):
                self._grew(run.job_id, run.run_id, offset, data)

    def whole(self, run: Run, held: Held, data: bytes) -> None:
        """Take all that a task has said so far, or the beginning and end of it.

        What is there already is not written again. Where the pieces that came before are not
        its beginning, for one was lost, all of it follows them.
        """
        size = self._shelf.size(run.job_id, run.run_id)
        there = self._shelf.read(run.job_id, run.run_id, held.base, len(data))
        if data.startswith(there):
            self.piece(run, data[len(there) :])
        elif not self._ends_alike(run, size, data):
            held.base = size + len(AGAIN)
            self.piece(run, AGAIN + data)

    def size(self, run: Run) -> int:
        """Bytes of a run's log."""
        return self._shelf.size(run.job_id, run.run_id)

    def _ends_alike(self, run: Run, size: int, data: bytes) -> bool:
        """Whether a log ends as all output does, which is cut in its middle where it is long."""
        tail = data[-TAIL:]
        begin = max(0, size - len(tail))
        return self._shelf.read(run.job_id, run.run_id, begin, len(tail)) == tail
