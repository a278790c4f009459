"""Slips of the pen: which known word was meant?"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

NAME_MAX: Final = 255  # characters that are compared: what is meant is never so long


def nearest(name: str, known: Iterable[str]) -> str:
    """The end of a sentence that names the nearest known word; "" when none is near."""
    close = get_close_matches(name[:NAME_MAX], sorted(known), 1)
    return f"; did you mean {close[0]!r}?" if close else ""
