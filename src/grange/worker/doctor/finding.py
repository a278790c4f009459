"""What a check finds."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Grade(StrEnum):
    """How bad it is."""

    OK = "ok"  #: as it should be
    WARNING = "warning"  #: tasks run, and some may come to harm
    WRONG = "wrong"  #: tasks fail, or none comes


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was looked at."""

    name: str  #: of what was looked at
    grade: Grade
    text: str  #: one sentence
    advice: str = ""  #: what to do about it; "" nothing is to be done


def ok(name: str, text: str) -> Finding:
    """Find something as it should be."""
    return Finding(name=name, grade=Grade.OK, text=text)


def warning(name: str, text: str, advice: str) -> Finding:
    """Find what may do harm."""
    return Finding(name=name, grade=Grade.WARNING, text=text, advice=advice)


def wrong(name: str, text: str, advice: str) -> Finding:
    """Find what is wrong."""
    return Finding(name=name, grade=Grade.WRONG, text=text, advice=advice)
