"""Every message that holds data, by its kind."""

from __future__ import annotations

from typing import Any, Final

from grange.doors.afanasy.binary import blocks, jobs, monitors, nodes, renders, tasks, traffic
from grange.doors.afanasy.binary.primitives import (
    I32,
    NUMBERS,
    TEXT,
    TEXTS,
    Broken,
    Field,
    Many,
)
from grange.doors.afanasy.binary.record import Record, whole
from grange.doors.afanasy.binary.types import Kind, framed
from grange.doors.afanasy.shapes.event import UserJobsOrder

_ORDER: Final = Record(
    (
        ("user_name", TEXT),
        ("host_name", TEXT),
        ("name", TEXT),
        ("text", TEXT),
        ("number", I32),
        ("id", I32),
        ("jobs", NUMBERS),
    ),
    lambda **found: UserJobsOrder(id=found["id"], jobs=found["jobs"]),
    lambda order, name: {"id": order.id, "jobs": order.jobs, "number": 0}.get(name, ""),
)

FIELDS: Final[dict[Kind, Field[Any]]] = {
    Kind.STRING_LIST: TEXTS,
    Kind.MONITOR: monitors.MONITOR,
    Kind.MONITORS_LIST: Many(monitors.MONITOR),
    Kind.MONITOR_EVENTS: monitors.MONITOR_EVENTS,
    Kind.RENDER_REGISTER: renders.REGISTER,
    Kind.RENDER_UPDATE: traffic.RENDER_UPDATE,
    Kind.RENDER_EVENTS: traffic.RENDER_EVENTS,
    Kind.RENDERS_LIST: Many(renders.RENDER),
    Kind.RENDERS_RESOURCES: Many(renders.LOAD),
    Kind.USERS_LIST: Many(nodes.USER),
    Kind.USER_JOBS_ORDER: _ORDER,
    Kind.BRANCHES_LIST: Many(nodes.BRANCH),
    Kind.POOLS_LIST: Many(nodes.POOL),
    Kind.JOBS_LIST: Many(jobs.LISTED),
    Kind.JOB_PROGRESS: jobs.JOB_PROGRESS,
    Kind.JOB: Many(jobs.FULL),
    Kind.BLOCKS_PROGRESS: Many(blocks.PROGRESS),
    Kind.BLOCKS_PROPERTIES: Many(blocks.PROPERTIES),
    Kind.BLOCKS: Many(blocks.FULL),
    Kind.TASK: tasks.TASK,
    Kind.TASK_FILES: traffic.TASK_UPDATE,
}
#: What each message is made of: a shape, or a tuple of shapes where it is a list.
_PLAIN: Final = frozenset({Kind.DATA, Kind.JSON, Kind.JSON_BINARY})


def encode(kind: Kind, value: Any) -> bytes:
    """A message that holds data, with its header.

    Args:
        kind: of `FIELDS`; or one that holds plain bytes.
        value: the shape, or several where the message is a list.
    """
    if kind in _PLAIN:
        return framed(kind, value)
    out = bytearray()
    FIELDS[kind].write(out, value)
    return framed(kind, out)


def decode(kind: Kind, data: bytes) -> Any:
    """The shape, or the shapes, of a message's data.

    Raises:
        Broken: it is not that message, or one that nobody sends.
    """
    if kind in _PLAIN:
        return data
    field = FIELDS.get(kind)
    if field is None:
        raise Broken(f"a message of type {kind.name} has nothing to say here")
    return whole(field, data)
