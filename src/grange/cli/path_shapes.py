"""What is said of a path map: its rules, and what they make of a text."""

from __future__ import annotations

import msgspec


class ShownRule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule of the path map of one system."""

    name: str
    client: str
    server: str
    never: str = ""  #: in which direction an earlier rule always matches first


class RuleTried(msgspec.Struct, frozen=True, kw_only=True):
    """A rule that was tried on a path."""

    rule: str
    source: str
    destination: str
    matches: bool
    note: str = ""  #: why it does not, where it nearly does


class PathFound(msgspec.Struct, frozen=True, kw_only=True):
    """A path in a text."""

    before: str
    after: str
    tried: tuple[RuleTried, ...]


class Mapped(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of a text in one direction, step by step."""

    direction: str  #: to-server or to-client
    before: str
    after: str
    paths: tuple[PathFound, ...]
