"""Any get: to whom it goes (specification 2.1)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from grange.doors.afanasy import reply as r
from grange.doors.afanasy.asked import Get, read
from grange.doors.afanasy.gets import jobs, nodes, site, watching
from grange.doors.afanasy.parts import Parts
from grange.doors.afanasy.reply import Reply
from grange.server.caller import Caller

OF: Final[dict[str, Callable[[Parts, Caller, Get], Awaitable[Reply]]]] = {
    "jobs": jobs.get,
    "renders": nodes.renders,
    "users": nodes.users,
    "branches": nodes.branches,
    "pools": nodes.pools,
    "monitors": nodes.monitors,
    "files": site.files,
    "config": site.config,
}


async def get(parts: Parts, caller: Caller, raw: object) -> Reply:
    """Show what is asked for.

    Raises:
        NotUnderstood: the request cannot be read.
    """
    asked = read(raw, Get, "get")
    if asked.type == "monitors" and asked.mode == "events":
        number = asked.ids[0] if asked.ids else 0
        return await watching.poll(parts, caller, number, binary=asked.binary)
    of = OF.get(asked.type)
    if of is None:
        return r.error(f"Invalid get type = '{asked.type[:80]}'")
    return await of(parts, caller, asked)
