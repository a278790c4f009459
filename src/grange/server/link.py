"""One connection of one worker: what waits to be sent, what was heard."""

from __future__ import annotations

import asyncio
from collections import OrderedDict

from msgspec.structs import replace

from grange.core.objects import Run
from grange.model.ids import JobId, RunId, WorkerId
from grange.model.run import RunResult
from grange.server.clocks import Clocks
from grange.server.socket import Socket
from grange.wire import worker as wire
from grange.wire.codec import PACK_MAX

OUTBOX_MAX = 10_000  # messages to one worker; a link that is slower is cut
TEXT_MAX = 4_096  # characters of each text of a result
FILES_MAX = 1_000  # files that a result names
BOOKED_MAX = 256  # results of one worker that wait for their commit; more slow it down
ENDED_MAX = 64  # ended runs of a link whose late log text and thumbnails are still taken


def clipped(result: RunResult) -> RunResult:
    """A result whose texts are no longer than the farm keeps."""
    return replace(
        result,
        message=result.message[:TEXT_MAX],
        report=result.report[:TEXT_MAX],
        resources=result.resources[:TEXT_MAX],
        files=tuple(name[:TEXT_MAX] for name in result.files[:FILES_MAX]),
    )


class Link:
    """One connection of one worker.

    Args:
        worker_id: whose.
        socket: the connection.
        version: of the protocol, as the worker speaks it.
        clocks: as the worker is told them in the first message.
        granted: monotonic; how long a lease may run that it has of an earlier connection.
    """

    def __init__(
        self, worker_id: WorkerId, socket: Socket, version: int, clocks: Clocks, granted: float
    ) -> None:
        self.worker_id = worker_id
        self._version = version
        self._clocks = clocks  # as the worker was told
        self._granted = granted  # monotonic: how long a lease may run that it had before
        self.pack_max = PACK_MAX if version >= wire.PACKED_SINCE else 1  # messages of a frame
        self.socket = socket
        self.outbox: asyncio.Queue[wire.ToWorker] = asyncio.Queue(OUTBOX_MAX)
        self.heard = 0.0  # monotonic
        self.measured = (-1, -1)
        self.left = False  # said good-bye
        self.ended: OrderedDict[RunId, JobId] = OrderedDict()  # runs that ended a while ago
        self.refused: set[RunId] = set()  # runs of whose log a piece was not kept
        self.gone = asyncio.Event()
        self._booked: dict[asyncio.Future[object], RunId] = {}  # results that are being committed
        self._taken = asyncio.Event()  # one of them has been

    @property
    def until(self) -> float:
        """When the worker has surely killed its runs, if nothing more is heard of it."""
        return max(self._granted, self.heard + self._clocks.lease_s)

    def renew(self, number: int, clocks: Clocks) -> None:
        """Answer a beat that was just heard, with the times that now hold for the worker."""
        if clocks == self._clocks or self._version < wire.TIMES_SINCE:
            self.tell(wire.BeatAck(number=number, lease_s=self._clocks.worker_lease_s))
            return
        self._granted = self.until  # the answer may be lost
        self._clocks = clocks
        self.tell(
            wire.BeatAck(
                number=number,
                lease_s=clocks.worker_lease_s,
                heartbeat_s=clocks.heartbeat_s,
                resources_s=clocks.resources_s,
            )
        )

    async def room_for_result(self) -> None:
        """Wait until another result may be committed."""
        while len(self._booked) >= BOOKED_MAX:
            await self._next_taken()

    async def all_taken(self) -> None:
        """Wait until all results are committed."""
        while self._booked:
            await self._next_taken()

    async def _next_taken(self) -> None:
        self._taken.clear()
        await self._taken.wait()

    def await_booking(self, run_id: RunId, done: asyncio.Future[object]) -> None:
        """Acknowledge a result when it is on disk; if that fails, the link is of no use."""
        self._booked[done] = run_id
        done.add_done_callback(self._taken_in)

    def _taken_in(self, done: asyncio.Future[object]) -> None:
        run_id = self._booked.pop(done)
        self._taken.set()
        if done.cancelled() or done.exception() is not None:
            self.gone.set()
        else:
            self.tell(wire.EndedAck(run_ids=(run_id,)))

    def note_end(self, run: Run) -> None:
        """Remember whose log may still come in pieces."""
        self.ended[run.run_id] = run.job_id
        if len(self.ended) > ENDED_MAX:
            self.ended.popitem(last=False)

    def job_of(self, run_id: RunId, run: Run | None) -> JobId | None:
        """The job of a run that this worker has, or has had on this link a while ago."""
        ours = run is not None and run.worker_id == self.worker_id
        return run.job_id if run is not None and ours else self.ended.get(run_id)

    def note_kept(self, run_id: RunId, *, kept: bool) -> None:
        """Remember whose log has a gap, so that its result waits for it."""
        if kept:
            self.refused.discard(run_id)
        else:
            self.refused.add(run_id)

    def tell(self, message: wire.ToWorker) -> None:
        """Have a message sent; a link that does not keep up is cut."""
        try:
            self.outbox.put_nowait(message)
        except asyncio.QueueFull:
            self.gone.set()
