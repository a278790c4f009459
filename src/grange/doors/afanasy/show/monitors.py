"""Monitors in Afanasy's shape."""

from __future__ import annotations

from grange.doors.afanasy.monitors import Monitor
from grange.doors.afanasy.numbers import shown_job
from grange.doors.afanasy.shapes import monitor as shapes
from grange.doors.afanasy.shapes.event import KINDS
from grange.doors.afanasy.show import addresses

PRIORITY = 99  # of all monitors; it means nothing


def monitor(found: Monitor) -> shapes.Monitor:
    """A monitor."""
    return shapes.Monitor(
        name=found.name,
        id=found.number,
        priority=PRIORITY,
        user_name=found.user,
        time_register=int(found.registered),
        time_launch=int(found.registered),
        time_update=int(found.seen),
        os="",
        address=addresses.address(found.address),
        engine=found.engine,
        uid=found.uid,
        time_activity=int(found.changed),
        events=tuple(kind for kind in KINDS if kind.partition("_")[0] in found.classes),
        jobs_ids=tuple(shown_job(job_id) for job_id in found.jobs),
    )
