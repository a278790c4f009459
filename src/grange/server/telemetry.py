"""What workers tell of their machines and runs: kept for people, and acted upon."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from grange.core.commands import EditWorker, InstructWorker, MeasureWorker, NoteTrouble
from grange.core.errors import Rejected
from grange.core.objects import Worker
from grange.model.ids import WorkerId
from grange.model.run import Resources
from grange.model.states import Nimby
from grange.server.engine import Engine
from grange.server.gauges import Gauges
from grange.server.idleness import Change, Idleness
from grange.server.troubles import Trouble, Troubles
from grange.wire import worker as wire

MEASURE_STEP = 0.05  # part of the whole by which free memory or disk must change to be noted


class Measured(Protocol):
    """A worker that is linked, whatever the protocol.

    Attributes:
        worker_id: its own.
        measured: its free memory and disk, as the farm was told of them last.
    """

    worker_id: WorkerId
    measured: tuple[int, int]


class Telemetry:
    """Takes the figures in beats.

    Args:
        engine: the farm's.
        gauges: where they are kept.
        touched: told of each worker with new ones.
        monotonic: seconds that never jump.
    """

    def __init__(
        self,
        engine: Engine,
        gauges: Gauges,
        *,
        touched: Callable[[WorkerId], None],
        monotonic: Callable[[], float],
    ) -> None:
        self._engine = engine
        self._gauges = gauges
        self._touched = touched
        self._monotonic = monotonic
        self._idleness = Idleness()
        self._troubles = Troubles()

    def forget(self, worker_id: WorkerId) -> None:
        """A worker's link is down."""
        self._idleness.forget(worker_id)
        self._troubles.forget(worker_id)
        self._gauges.note_trouble(worker_id, "")

    async def take(self, link: Measured, worker: Worker, beat: wire.Beat) -> None:
        """Take the figures of a worker that is linked."""
        for item in beat.progress:
            if item.run_id in worker.runs:
                self._gauges.note_progress(item)
        if beat.resources is not None:
            at = self._engine.clock()
            self._gauges.note_resources(link.worker_id, beat.resources, at)
            await self._measure(link, beat.resources)
            pools = self._engine.farm.state.pool_chain(worker.pool)
            now = self._monotonic()
            change = self._idleness.look(worker, pools, beat.resources, now)
            if change is not None:
                await self._change(link.worker_id, change)
            for trouble in self._troubles.look(worker, pools, beat.resources, now):
                await self._tell(link.worker_id, trouble)
            self._gauges.note_trouble(link.worker_id, self._troubles.of(link.worker_id))
        if beat.progress or beat.resources:
            self._touched(link.worker_id)

    async def _measure(self, link: Measured, found: Resources) -> None:
        """Tell the farm of free memory and disk when they changed by more than a little."""
        new = (found.mem_free_mb, found.hdd_free_gb)
        whole = (found.mem_total_mb, found.hdd_total_gb)
        near = all(
            old >= 0 and abs(old - now) <= MEASURE_STEP * total
            for old, now, total in zip(link.measured, new, whole, strict=True)
        )
        if near:
            return
        link.measured = new
        await self._engine.do(
            MeasureWorker(worker_id=link.worker_id, free_memory_mb=new[0], free_hdd_gb=new[1])
        )

    async def _change(self, worker_id: WorkerId, change: Change) -> None:
        """Do what the pool's settings say of a machine that is busy or idle."""
        command: InstructWorker | EditWorker
        if change.to in ("sleep", "exit"):
            command = InstructWorker(worker_id=worker_id, what=change.to, why=change.why)
        else:
            nimby = Nimby.NOBODY if change.to == "nimby" else Nimby.FREE
            command = EditWorker(worker_id=worker_id, changes={"nimby": nimby}, why=change.why)
        with suppress(Rejected):  # it was given a task meanwhile
            await self._engine.do(command)

    async def _tell(self, worker_id: WorkerId, trouble: Trouble) -> None:
        with suppress(Rejected):  # it was deleted meanwhile
            await self._engine.do(
                NoteTrouble(worker_id=worker_id, what=trouble.what, text=trouble.text)
            )
