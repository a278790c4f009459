"""The watch feed: a WebSocket with JSON frames, a snapshot first and then patches.

The client sends one `Watch`. The server answers with a `Snapshot`, or with a `Patch` when it
still knows all that changed since `after`; then a `Patch` whenever something changed. A
patch holds whole objects, so that applying one twice is harmless.
"""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from grange.model.views import FarmView, JobView, TaskView, WorkerView

PATH: Final = "/api/v1/watch"


IDS_MAX: Final = 100  # jobs or runs followed by one watcher
Ids = Annotated[tuple[int, ...], Meta(max_length=IDS_MAX)]


class Watch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to watch. Sent once, may be sent again to change it."""

    jobs: bool = True
    workers: bool = True
    tasks_of: Ids = ()  #: jobs whose tasks are wanted
    logs_of: Ids = ()  #: runs whose new log text is wanted
    after: int = 0  #: number of the last message seen; 0 none


class LogText(msgspec.Struct, frozen=True, kw_only=True):
    """New text of a run's log."""

    run_id: int
    offset: int  #: of its first byte
    text: str


class Snapshot(msgspec.Struct, frozen=True, kw_only=True, tag="snapshot", tag_field="type"):
    """Everything that is watched, as it is now."""

    number: int
    farm: FarmView
    jobs: tuple[JobView, ...] = ()
    workers: tuple[WorkerView, ...] = ()
    tasks: tuple[TaskView, ...] = ()  #: at most `TASKS_MAX` a block; read the rest by request


class Patch(
    msgspec.Struct, frozen=True, kw_only=True, tag="patch", tag_field="type", omit_defaults=True
):
    """What changed since the message before."""

    number: int
    farm: FarmView | None = None
    jobs: tuple[JobView, ...] = ()
    jobs_gone: tuple[int, ...] = ()
    workers: tuple[WorkerView, ...] = ()
    workers_gone: tuple[int, ...] = ()
    tasks: tuple[TaskView, ...] = ()
    tasks_stale: tuple[tuple[int, int], ...] = ()  #: (job, block) to read anew by request
    logs: tuple[LogText, ...] = ()


class WatchError(msgspec.Struct, frozen=True, kw_only=True, tag="error", tag_field="type"):
    """The `Watch` could not be understood; the connection closes."""

    code: str
    message: str


FromServer = Snapshot | Patch | WatchError
TASKS_MAX: Final = 5_000  # tasks of a block in a snapshot
