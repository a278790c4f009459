"""Answers the requests of this door that are JSON, whatever framing they came in."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from grange.core.commands import EditUser
from grange.core.errors import Rejected
from grange.core.events import Event
from grange.doors.afanasy import orders
from grange.doors.afanasy import reply as r
from grange.doors.afanasy.actions.act import act
from grange.doors.afanasy.asked import Json, NotUnderstood, field, read
from grange.doors.afanasy.events import Changes
from grange.doors.afanasy.gets import watching
from grange.doors.afanasy.gets.get import get
from grange.doors.afanasy.monitors import Monitors
from grange.doors.afanasy.numbers import Numbers
from grange.doors.afanasy.parts import Parts
from grange.doors.afanasy.reply import Reply
from grange.doors.afanasy.show import work
from grange.doors.afanasy.show.tally import tally
from grange.server.caller import Caller
from grange.server.desk import Desk
from grange.server.engine import Stopped
from grange.server.gauges import Gauges
from grange.server.permissions import Act
from grange.server.refusal import Refusal

INVALID: Final = "Invalid action."
ANNOUNCE_MAX: Final = 10_000  # characters
NAME_MAX: Final = 255  # characters of a user's name

log = logging.getLogger("grange.afanasy")


class Answering:
    """Answers requests. One per door.

    Args:
        desk: what every door stands before.
        gauges: progress of runs, load of machines.
        numbers: of users, branches and pools.
        cgru: the folder of a CGRU installation; None: there is none.
    """

    def __init__(
        self, desk: Desk, gauges: Gauges, numbers: Numbers, *, cgru: Path | None = None
    ) -> None:
        farm = desk.engine.farm
        changes = Changes(farm, numbers, gauges.progress)
        self.parts = Parts(
            desk=desk,
            gauges=gauges,
            numbers=numbers,
            monitors=Monitors(farm.state, numbers, changes),
            cgru=cgru,
        )

    def publish(self, events: Sequence[Event]) -> None:
        """Note what changed, for the monitors."""
        self.parts.monitors.publish(events, self.parts.now())

    async def answer(self, root: Mapping[str, Any], caller: Caller) -> Reply:
        """Answer a request.

        Args:
            root: as it was decoded.
            caller: who asks.
        """
        member = next((name for name in ROOTS if name in root), None)
        if member is None:
            return r.error(INVALID)
        return await self._safely(ROOTS[member](self.parts, caller, root[member]))

    async def poll(self, number: int, caller: Caller) -> Reply:
        """Tell a binary monitor what is new."""
        return await self._safely(watching.poll(self.parts, caller, number, binary=True))

    def leave(self, number: int, caller: Caller) -> None:
        """A binary monitor says good-bye."""
        caller.may(Act.WATCH)
        self.parts.monitors.drop(number)

    async def _safely(self, answer: Coroutine[None, None, Reply]) -> Reply:
        """Do some work on what is on disk by now; what is refused is said."""
        try:
            await self.parts.desk.engine.settled()
            return await answer
        except (NotUnderstood, Rejected, Refusal, Stopped) as why:
            return r.error(str(why))


async def _submit(_: Parts, caller: Caller, raw: object) -> Reply:
    return await orders.submit(raw, caller)


async def _user(parts: Parts, caller: Caller, raw: object) -> Reply:
    """Register a user."""
    asked = read(raw, Json, "user")
    name = field(asked, "name", str, "user")
    if not name or len(name) > NAME_MAX or not name.isprintable():
        return r.error("user.name should be a not empty string of printable characters")
    if name not in parts.state.users:
        await caller.do(EditUser(user=name, changes={}))
    caller.may(Act.SEE_FARM)
    found = parts.state.users.get(name)
    if found is None:
        return r.error(f"user '{name}' was deleted at this moment")
    shown = work.user(parts.state, parts.numbers, found, tally(parts.state))
    return Reply(body={"user": shown})


async def _announce(_: Parts, caller: Caller, raw: object) -> Reply:
    """Write a text into the server's log."""
    text = read(raw, str, "announce")[:ANNOUNCE_MAX]
    await caller.audit("announce", "farm", {"text": text})
    log.warning("%s announces: %r", caller.principal.signature, text)
    return _status("announce", "OK")


async def _reload(parts: Parts, caller: Caller, _: object) -> Reply:
    """Settings of CGRU are read whenever they are asked for; Grange's own need a restart."""
    caller.may(Act.SEE_FARM)
    where = "there is no CGRU folder" if parts.cgru is None else "they are read anew each time"
    return _status("reload_config", f"Nothing to reload: {where}.")


async def _save(_: Parts, __: Caller, ___: object) -> Reply:
    """Refuse to write files for a client."""
    text = "Grange writes no files for its clients."
    return Reply(body={"status": "error", "save": text, "error": text})


def _status(what: str, text: str) -> Reply:
    return Reply(body={"status": "success", what: text, "success": text})


#: Members of a request, in the order in which they are looked for.
ROOTS: Final[dict[str, Callable[[Parts, Caller, Any], Coroutine[None, None, Reply]]]] = {
    "get": get,
    "action": act,
    "job": _submit,
    "user": _user,
    "monitor": watching.register,
    "announce": _announce,
    "reload_config": _reload,
    "save": _save,
}
