"""What the native door is put together from."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Protocol

from grange.server.auth import Gate, Principal
from grange.server.doctor import Doctor
from grange.server.engine import Engine
from grange.server.page import Page
from grange.server.socket import Socket
from grange.server.views import Views
from grange.store.files import Shelf
from grange.store.store import AuditRecord, CredentialRecord


class WorkerLinks(Protocol):
    """Holds the workers' links."""

    async def serve(self, socket: Socket, credential: CredentialRecord, address: str) -> None:
        """Hold one link until it ends.

        The socket is accepted. The credential is active, and of a worker or, from this
        machine, of an admin; one of a worker is good only for the worker of its name.
        """


class WatchFeed(Protocol):
    """Serves those who watch."""

    async def serve(self, socket: Socket, principal: Principal) -> None:
        """Serve one watcher until it leaves. The socket is accepted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Joining:
    """What a join code says of the server, and how machines that use one are treated."""

    host: str  #: "" the one that the request for a code was sent to
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
        reading: threads that read logs.
        doctor: examines the farm.
        audit: keeps what was done besides commands.
        clock: epoch seconds.
    """

    engine: Engine
    views: Views
    gate: Gate
    logs: Shelf
    reading: Executor
    doctor: Doctor
    links: WorkerLinks
    feed: WatchFeed
    page: Page
    joining: Joining
    audit: Callable[[AuditRecord], Awaitable[None]]
    clock: Callable[[], float]
