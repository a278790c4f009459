"""Masks over names of hosts, jobs and blocks, and lists of wanted words.

Regular expressions are matched by RE2, which takes time linear in the text: no mask can
stall the farm. Semantics: Afanasy 3.4 (specification 5.5).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

import re2

from grange.core.errors import InvalidField

CACHE = 20_000  # masks kept compiled
RE2_MEMORY = 1 << 20  # bytes for one compiled mask

_PIECES = re.compile(r"[|;,: ]+")
_LITERAL = re.compile(r"[\w \-/:,@#%&=~!<>\"';]*\Z")

Match = Callable[[str], bool]


def check_regex(text: str, field: str) -> None:
    """Refuse a regular expression that cannot be used.

    Raises:
        InvalidField: it does not parse, or uses what RE2 does not have.
    """
    try:
        regex(text)
    except ValueError as error:
        raise InvalidField(f"{text[:80]!r} is not a regular expression: {error}", field) from error


@lru_cache(CACHE)
def regex(text: str) -> Match:
    """A regular expression that must match the whole name.

    Raises:
        ValueError: it cannot be compiled.
    """
    options = re2.Options()
    options.max_mem = RE2_MEMORY
    options.log_errors = False
    try:
        compiled = re2.compile(text, options)
    except re2.error as error:
        raise ValueError(error.args[0].decode()) from error
    return lambda name: compiled.fullmatch(name) is not None


@lru_cache(CACHE)
def find(text: str) -> Match:
    """Prefixes, separated by spaces or any of `|;,:`; one of them must begin the name."""
    pieces = tuple(piece for piece in _PIECES.split(text) if piece)
    return lambda name: name.startswith(pieces)


def host_mask(text: str, kind: str) -> Match:
    """A mask over worker names of kind `find` or `regex`."""
    return regex(text) if kind == "regex" else find(text)


@lru_cache(CACHE)
def words(text: str) -> tuple[str, ...]:
    """The words of a wish list (`need_os`, `need_properties`)."""
    return tuple(piece for piece in _PIECES.split(text) if piece)


def literal(text: str) -> str | None:
    """The only name that a regular expression can match, None if it may match others."""
    return text if _LITERAL.match(text) else None
