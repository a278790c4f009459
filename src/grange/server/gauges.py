"""Telemetry in memory: progress of runs, load of machines. Lossy; gone at a restart."""

from __future__ import annotations

from collections.abc import Sequence

from grange.core.events import Event, RunEnded, WorkerDeleted
from grange.model.ids import RunId, WorkerId
from grange.model.run import Progress, Resources


class Gauges:
    """The last that was heard of each run and worker."""

    def __init__(self) -> None:
        self.progress: dict[RunId, Progress] = {}
        self.resources: dict[WorkerId, Resources] = {}

    def note_progress(self, item: Progress) -> None:
        """Keep a run's progress."""
        self.progress[item.run_id] = item

    def note_resources(self, worker_id: WorkerId, resources: Resources) -> None:
        """Keep a machine's load."""
        self.resources[worker_id] = resources

    def forget(self, events: Sequence[Event]) -> None:
        """Drop what is known of runs that ended and of workers that were deleted."""
        for event in events:
            if isinstance(event, RunEnded):
                self.progress.pop(event.run_id, None)
            elif isinstance(event, WorkerDeleted):
                self.resources.pop(event.worker_id, None)
