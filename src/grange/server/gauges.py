"""Telemetry in memory: progress of runs, load of machines. Lossy; gone at a restart."""

from __future__ import annotations

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

    def forget_run(self, run_id: RunId) -> None:
        """A run ended."""
        self.progress.pop(run_id, None)

    def forget_worker(self, worker_id: WorkerId) -> None:
        """A worker was deleted."""
        self.resources.pop(worker_id, None)
