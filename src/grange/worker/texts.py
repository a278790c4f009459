"""Texts of others, made fit to be sent: bounded, and with no half characters."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Final

TEXT_MAX: Final = 4_000  # characters of a message, a report or the figures
FILES_MAX: Final = 1_000_000  # characters of all files of a result


def clean(text: str, limit: int = TEXT_MAX) -> str:
    """Cut a text, and replace what stands for bytes of a file name that are no text."""
    return text[:limit].encode(errors="replace").decode()


def clean_all(texts: Iterable[str]) -> tuple[str, ...]:
    """As many texts as a result can carry."""
    cleaned = [clean(text) for text in texts]
    sizes = itertools.accumulate(len(text) for text in cleaned)
    return tuple(text for text, size in zip(cleaned, sizes, strict=True) if size <= FILES_MAX)
