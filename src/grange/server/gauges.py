"""Telemetry in memory: progress of runs, load of machines. Lossy; gone at a restart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from grange.core.events import Event, RunEnded, WorkerDeleted
from grange.model.ids import RunId, WorkerId
from grange.model.run import Dial, Progress, Resources

TEXT_MAX: Final = 250  # characters of a text that a worker sends; it goes to every watcher
TOOLTIP_MAX: Final = 2_000  # characters of the longer text of a custom resource
USERS_MAX: Final = 100  # people who are signed in at one machine
GPUS_MAX: Final = 64  # told of one machine
DIALS_MAX: Final = 16  # custom resources of one machine


class Gauges:
    """The last that was heard of each run and worker."""

    def __init__(self) -> None:
        self.progress: dict[RunId, Progress] = {}
        self.resources: dict[WorkerId, Resources] = {}
        self.updated: dict[WorkerId, float] = {}  # when these came, epoch seconds
        self.troubles: dict[WorkerId, str] = {}  # of those that have some

    def note_progress(self, item: Progress) -> None:
        """Keep a run's progress."""
        activity = item.activity[:TEXT_MAX]
        self.progress[item.run_id] = replace(item, activity=activity)

    def note_resources(self, worker_id: WorkerId, resources: Resources, now: float) -> None:
        """Keep a machine's load."""
        self.updated[worker_id] = now
        users = resources.logged_in_users[:USERS_MAX]
        self.resources[worker_id] = replace(
            resources,
            gpu_string=resources.gpu_string[:TEXT_MAX],
            gpus=tuple(
                replace(gpu, name=gpu.name[:TEXT_MAX]) for gpu in resources.gpus[:GPUS_MAX]
            ),
            logged_in_users=tuple(name[:TEXT_MAX] for name in users),
            custom=tuple(_clipped(dial) for dial in resources.custom[:DIALS_MAX]),
        )

    def note_trouble(self, worker_id: WorkerId, text: str) -> None:
        """Keep what people are told of a machine; "" nothing."""
        if text:
            self.troubles[worker_id] = text
        else:
            self.troubles.pop(worker_id, None)

    def forget(self, events: Sequence[Event]) -> None:
        """Drop what is known of runs that ended and of workers that were deleted."""
        for event in events:
            if isinstance(event, RunEnded):
                self.progress.pop(event.run_id, None)
            elif isinstance(event, WorkerDeleted):
                self.resources.pop(event.worker_id, None)
                self.updated.pop(event.worker_id, None)
                self.troubles.pop(event.worker_id, None)


def _clipped(dial: Dial) -> Dial:
    return replace(
        dial,
        name=dial.name[:TEXT_MAX],
        label=dial.label[:TEXT_MAX],
        tooltip=dial.tooltip[:TOOLTIP_MAX],
        fault=dial.fault[:TOOLTIP_MAX],
    )
