"""A server that may die: an engine on a disk, a loop of its own, and what holds of each commit."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

from hypothesis.stateful import RuleBasedStateMachine
from typing_extensions import override

from grange.core.effects import Effect
from grange.core.farm import Farm
from grange.core.records import Changes, RunRecord
from grange.model.states import RunStatus
from grange.server.engine import Engine
from grange.server.gauges import Gauges
from grange.store.files import Shelf
from grange.store.store import AuditRecord
from tests.build import Disk

T = TypeVar("T")


class Door(Protocol):
    """Who carries out what the farm decides."""

    def perform(self, effects: Sequence[Effect]) -> None: ...


class MortalServer(RuleBasedStateMachine):
    """What stays when a server dies, and what begins anew.

    Attributes:
        door: set by `serve` of who builds on this.
        heal: a rule: when the trouble is over all that was asked for is done.
    """

    door: Door
    heal: Callable[[], None]

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.loop = asyncio.new_event_loop()
        self.now = 1_000.0
        self.disk = Disk()
        self.shelf = self.new_shelf()
        self.tasks: list[asyncio.Task[Any]] = []
        self.serve(Farm())

    def new_shelf(self) -> Shelf:
        return Shelf(self.folder)

    def check_done(self, row: RunRecord) -> None:
        """A run that ended well is about to be on the disk."""

    def serve(self, farm: Farm) -> None:
        self.farm = farm
        self.gauges = Gauges()
        self.engine = Engine(
            farm,
            commit=self.commit,
            perform=lambda effects: self.door.perform(effects),
            publish=self.gauges.forget,
            clock=lambda: self.now,
        )
        self.tasks = [self.loop.create_task(self.engine.run())]

    async def commit(self, changes: Changes, audit: Sequence[AuditRecord]) -> None:
        await asyncio.sleep(0)
        for row in changes.put:
            if isinstance(row, RunRecord) and row.result is not None:
                before = self.disk.rows.get((RunRecord, row.run_id))
                assert before is None or before.result is None, f"run {row.run_id} ended twice"
                if row.result.status is RunStatus.DONE:
                    self.check_done(row)
        self.disk.commit(changes)

    def wait(self, work: Awaitable[T]) -> T:
        return self.loop.run_until_complete(work)

    def end_server(self) -> None:
        for task in self.tasks:
            task.cancel()
        ended = asyncio.gather(*self.tasks, return_exceptions=True)
        for answer in self.wait(ended):
            assert answer is None or isinstance(answer, asyncio.CancelledError), repr(answer)

    @override
    def teardown(self) -> None:
        try:
            self.heal()
        finally:
            self.end_server()
            self.loop.close()
            self.shelf.close()
            shutil.rmtree(self.folder)
