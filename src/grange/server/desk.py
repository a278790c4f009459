"""What every door stands before."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from dataclasses import dataclass

from grange.server.engine import Engine
from grange.server.views import Views
from grange.store.files import Shelf
from grange.store.pictures import Album
from grange.store.store import AuditRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What a door takes orders to, and has answers from.

    Attributes:
        engine: takes the commands.
        views: gives the answers.
        logs: the runs' logs.
        album: the runs' thumbnails.
        reading: threads that read logs and thumbnails.
        audit: keeps what was done besides commands.
        clock: epoch seconds.
    """

    engine: Engine
    views: Views
    logs: Shelf
    album: Album
    reading: Executor
    audit: Callable[[AuditRecord], Awaitable[None]]
    clock: Callable[[], float]
