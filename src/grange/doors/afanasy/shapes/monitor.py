"""Monitors: the windows of clients that watch."""

from __future__ import annotations

from grange.doors.afanasy.shapes.node import Address, Node


class Monitor(Node, frozen=True, kw_only=True, omit_defaults=True):
    """A monitor."""

    user_name: str
    time_register: int
    time_launch: int
    time_update: int
    os: str
    address: Address
    engine: str
    uid: int  #: -1: the user is not known yet; 0: it sees the jobs of all
    time_activity: int
    events: tuple[str, ...]  #: names out of `event.KINDS`
    jobs_ids: tuple[int, ...] = ()  #: whose tasks it watches
