"""Requests about the farm as a whole: its figures, its health, its audit."""

from __future__ import annotations

import msgspec

from grange.client.requests.message import Request, get, reads, reads_member
from grange.model.views import AuditView, FarmView


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was looked at."""

    name: str
    ok: bool
    text: str  #: what was found, and what to do


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """What an examination of the farm found."""

    faults: tuple[str, ...] = ()  #: broken invariants: bugs
    checks: tuple[Check, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults and all(check.ok for check in self.checks)


def summary() -> Request[FarmView]:
    """Ask for the farm in one line."""
    return get("/farm", reads(FarmView))


def health() -> Request[Health]:
    """Have the farm examined."""
    return get("/doctor", reads(Health))


def audit(*, limit: int | None = None) -> Request[tuple[AuditView, ...]]:
    """Ask who changed what, the newest first.

    Args:
        limit: at most so many.
    """
    return get("/audit", reads_member("audit", tuple[AuditView, ...]), limit=limit)
