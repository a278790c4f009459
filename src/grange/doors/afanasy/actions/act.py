"""Any action: its envelope, and to whom it goes (specification 2.4)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from grange.doors.afanasy import reply as r
from grange.doors.afanasy.actions import jobs, monitors, nodes, renders
from grange.doors.afanasy.actions.outcome import NotDone
from grange.doors.afanasy.actions.targets import NO_TARGET
from grange.doors.afanasy.asked import Action, read
from grange.doors.afanasy.parts import Parts
from grange.doors.afanasy.reply import Reply
from grange.server.caller import Caller

NOTHING_ASKED: Final = 'Action should have an "operation" or(and) "params" object.'

ON: Final[dict[str, Callable[[Parts, Caller, Action], Awaitable[Reply]]]] = {
    "jobs": jobs.act,
    "renders": renders.act,
    "users": nodes.on_users,
    "branches": nodes.on_branches,
    "pools": nodes.on_pools,
    "monitors": monitors.act,
}


async def act(parts: Parts, caller: Caller, raw: object) -> Reply:
    """Do what is asked, and say what was done.

    Raises:
        NotUnderstood: the action cannot be read.
    """
    action = read(raw, Action, "action")
    for name in ("user_name", "host_name"):
        if not getattr(action, name):
            return r.error(f'Action should have a not empty "{name}" string.')
    if not action.type:
        return r.error("Invalid action.")
    on = ON.get(action.type)
    if on is None:
        return r.error(f"Action has unknown type: '{action.type[:80]}'")
    if not action.ids and not action.mask:
        return r.error(NO_TARGET)
    if action.operation is None and action.params is None:
        return r.error(NOTHING_ASKED)
    try:
        return await on(parts, caller, action)
    except NotDone as why:
        return r.error(str(why))
