"""What the native door is put together from."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from dataclasses import dataclass

from grange.server.auth import Gate
from grange.server.doctor import Doctor
from grange.server.engine import Engine
from grange.server.feed import Feed
from grange.server.links import Links
from grange.server.page import Page
from grange.server.views import Views
from grange.store.files import Shelf
from grange.store.pictures import Album
from grange.store.store import AuditRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Joining:
    """What a join code says of the server, and how machines that use one are treated."""

    host: str  #: "" as well as it can be told
    port: int
    fingerprint: str  #: "" without TLS
    code_s: float  #: seconds that a code is good for
    accept: bool  #: whether a code is enough, without a person's word


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """All that the native door needs.

    Attributes:
        engine: takes the commands.
        views: gives the answers.
        gate: tells who asks.
        logs: the runs' logs.
        album: the runs' thumbnails.
        reading: threads that read logs and thumbnails.
        doctor: examines the farm.
        links: holds the workers' links.
        feed: serves those who watch.
        page: the web page.
        joining: what a join code says.
        audit: keeps what was done besides commands.
        clock: epoch seconds.
    """

    engine: Engine
    views: Views
    gate: Gate
    logs: Shelf
    album: Album
    reading: Executor
    doctor: Doctor
    links: Links
    feed: Feed
    page: Page
    joining: Joining
    audit: Callable[[AuditRecord], Awaitable[None]]
    clock: Callable[[], float]
