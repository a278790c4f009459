"""Amounts as people write them, and as they read them."""

from __future__ import annotations

import datetime as dt
import re
from typing import Final

_SIZE: Final = re.compile(r"(\d{1,15}(?:\.\d{1,15})?)\s*([kmgt]?)(i?b)?", re.ASCII | re.IGNORECASE)
_MB: Final = {"": 1.0, "k": 1 / 1024, "m": 1.0, "g": 1024.0, "t": 1024.0 * 1024}
_SPAN: Final = re.compile(
    "".join(rf"(?:(\d{{1,15}}){unit})?" for unit in ("w", "d", "h", "m", "s?")), re.ASCII
)
_UNITS_S: Final = (604_800, 86_400, 3_600, 60, 1)
_DAY_S: Final = 86_400


class BadAmount(ValueError):
    """A text that is no amount; it says what would be right."""


def megabytes(text: str) -> int:
    """Read an amount of memory, such as 8G, 512M or 2048; in MB without a unit.

    Raises:
        BadAmount: it is none.
    """
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise BadAmount(f"{text!r} is no amount of memory; write 8G or 512M")
    return round(float(match[1]) * _MB[match[2].lower()])


def seconds(text: str) -> int:
    """Read a length of time, such as 90, 5m, 1h30m or 7d; in seconds without a unit.

    Raises:
        BadAmount: it is none.
    """
    match = _SPAN.fullmatch(text.strip())
    if match is None or not text.strip():
        raise BadAmount(f"{text!r} is no length of time; write 90, 5m, 1h30m or 7d")
    return sum(int(part or 0) * unit for part, unit in zip(match.groups(), _UNITS_S, strict=True))


def duration(span_s: float) -> str:
    """Write a length of time in two units at most: 45s, 12m 05s, 3h 20m, 2d 4h."""
    whole = max(0, round(span_s))
    if whole < 60:
        return f"{whole}s"
    if whole < 3_600:
        return f"{whole // 60}m {whole % 60:02d}s"
    if whole < _DAY_S:
        return f"{whole // 3_600}h {whole % 3_600 // 60:02d}m"
    return f"{whole // _DAY_S}d {whole % _DAY_S // 3_600}h"


def work_time(span_s: float) -> str:
    """Write how long a task took; of a short one, tenths of seconds too."""
    return f"{max(0.0, span_s):.1f}s" if span_s < 9.95 else duration(span_s)


def age(at: float, now: float) -> str:
    """Write how long ago something was; "" when it never was."""
    return duration(now - at) if at > 0 else ""


def moment(at: float, now: float) -> str:
    """Write when something was, in local time: 14:03:22 of today, else with its date."""
    if at <= 0:
        return ""
    local = dt.datetime.fromtimestamp(at, tz=dt.UTC).astimezone()
    today = dt.datetime.fromtimestamp(now, tz=dt.UTC).astimezone().date()
    return f"{local:%H:%M:%S}" if local.date() == today else f"{local:%Y-%m-%d %H:%M:%S}"


def iso(at: float) -> str | None:
    """Write a time for programs; None when it never was."""
    if at <= 0:
        return None
    found = dt.datetime.fromtimestamp(at, tz=dt.UTC)
    return found.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def memory(amount_mb: float) -> str:
    """Write an amount of memory: 512 MB, 64 GB."""
    return f"{amount_mb / 1024:.0f} GB" if amount_mb >= 1024 else f"{amount_mb:.0f} MB"


def size(amount_mb: float) -> str:
    """Write an amount of data, to be compared with others: 512 MB, 5.1 GB; "" for none."""
    if amount_mb < 1024:
        return f"{amount_mb:.0f} MB" if amount_mb else ""
    return f"{amount_mb / 1024:.1f} GB"


def count(number: int, noun: str) -> str:
    """Write a number of things: 1 task, 1,200 tasks."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
