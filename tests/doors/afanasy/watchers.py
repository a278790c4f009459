"""Monitors of tests: how they register, what they are told."""

from __future__ import annotations

from typing import Any

from tests.doors.afanasy.stand import Stand

ME = {"user_name": "artist", "host_name": "ws1", "engine": "spec"}
UNKNOWN = {"monitor": {"id": 0}}


def register(stand: Stand, *classes: str, uid: int | None = 0, **who: Any) -> int:
    """A monitor that watches. Its number."""
    number: int = stand.ask({"monitor": ME}, **who)["monitor"]["id"]
    if uid is not None:
        watch(stand, number, "perm", uid=uid)
    for name in classes:
        watch(stand, number, name)
    poll(stand, number)
    return number


def watch(stand: Stand, number: int, name: str, status: str = "subscribe", **more: Any) -> Any:
    """What is said when a monitor watches something."""
    asked = {"class": name, "status": status, **more}
    return stand.operate("monitors", number, "watch", **asked)


def poll(stand: Stand, number: int) -> Any:
    """What a monitor is told."""
    said = stand.get("monitors", ids=[number], mode="events")
    return said.get("events", said)
