"""Puts the Afanasy door together, as the settings say."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Final

from grange.doors.afanasy.access import Access
from grange.doors.afanasy.answering import Answering
from grange.doors.afanasy.binary.types import DATA_MAX
from grange.doors.afanasy.digest import Digest, Passwords
from grange.doors.afanasy.door import AfanasyDoor, Nodes
from grange.doors.afanasy.listener import AfanasyListener
from grange.doors.afanasy.numbers import Numbers
from grange.doors.afanasy.static import Static
from grange.model.states import Role
from grange.server.config import Settings
from grange.server.desk import Desk
from grange.server.gauges import Gauges
from grange.server.http import CannotListen

PORT: Final = 51_000  # where Afanasy's clients look for their server

log = logging.getLogger("grange.doors.afanasy")


def open_door(
    desk: Desk,
    gauges: Gauges,
    settings: Settings,
    *,
    nodes: Nodes | None,
    hosts: Iterable[str],
    monotonic: Callable[[], float],
) -> AfanasyDoor | None:
    """The door, its port taken.

    Args:
        desk: what it stands before.
        gauges: progress of runs, load of machines.
        settings: the server's.
        nodes: the render nodes, if any may join.
        hosts: names of this machine.
        monotonic: seconds that never go back.

    Returns:
        None: it is not wanted; or it has no port, for nobody has asked for one and the usual
        one is another program's.

    Raises:
        CannotListen: the port that was asked for is taken.
    """
    if not settings.afanasy:
        return None
    access = _access(settings, hosts, monotonic)
    listener = _listener(settings, access)
    if listener is None:
        return None
    numbers = Numbers()
    return AfanasyDoor(
        desk,
        listener=listener,
        access=access,
        answering=Answering(desk, gauges, numbers, cgru=settings.afanasy_cgru_folder),
        static=Static(settings.afanasy_cgru_folder, desk.album, desk.reading),
        nodes=nodes if settings.afanasy_workers else None,
    )


def _access(settings: Settings, hosts: Iterable[str], monotonic: Callable[[], float]) -> Access:
    file = settings.afanasy_digest_file
    return Access(
        allow=settings.afanasy_allow,
        digest=Digest(Passwords(file), monotonic) if file is not None else None,
        role=Role(settings.afanasy_role),
        hosts=hosts,
    )


def _listener(settings: Settings, access: Access) -> AfanasyListener | None:
    port = settings.afanasy_port
    if port is None:
        port = PORT if settings.port else 0
    try:
        return AfanasyListener(
            host=settings.afanasy_listen,
            port=port,
            admits=access.admits,
            message_max=min(settings.body_max_bytes, DATA_MAX),
            connections_max=settings.connections_max,
            stop_max_s=settings.stop_max_s,
        )
    except CannotListen as why:
        if settings.afanasy_port is not None:
            raise
        log.warning("no Afanasy client will be served: %s", why)
        return None
