"""One request's sender at the native door."""

from __future__ import annotations

from grange.doors.native.parts import Parts
from grange.server import caller
from grange.server.auth import Principal


class Caller(caller.Caller):
    """A request's sender and the parts of the door.

    Args:
        parts: of the door.
        principal: who asks.
    """

    def __init__(self, parts: Parts, principal: Principal) -> None:
        super().__init__(parts, principal)
        self.parts = parts
