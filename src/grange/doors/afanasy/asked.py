"""Requests as they come: JSON whose fields are of the kinds that we need, or a sentence."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

T = TypeVar("T")

Json = dict[str, Any]


class NotUnderstood(Exception):
    """A request that cannot be read; the text is for its sender and names the field."""


class Get(msgspec.Struct, kw_only=True):
    """What is to be shown (specification 2.1)."""

    type: str = ""
    mode: str | list[str | int] | None = None
    ids: list[int] | None = None
    mask: str | None = None
    uids: list[int] | None = None
    users: list[str] | None = None
    serials: list[int] | None = None
    block_ids: list[int] | None = None
    task_ids: list[int] | None = None
    number: int | None = None
    path: str | None = None
    binary: bool = False


class Action(msgspec.Struct, kw_only=True):
    """What is to be done (specification 2.4)."""

    user_name: str = ""
    host_name: str = ""
    type: str = ""
    ids: list[int] | None = None
    mask: str | None = None
    params: Json | None = None
    operation: Json | None = None
    block_ids: list[int] | None = None
    block_mask: str | None = None

    @property
    def author(self) -> str:
        """Who asks, as he says."""
        return f"{self.user_name}@{self.host_name}"


def read(raw: object, kind: type[T], what: str) -> T:
    """Read a value of foreign JSON as what it should be.

    Raises:
        NotUnderstood: it is not; names the field.
    """
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as why:
        text, _, place = str(why).partition(" - at `$")
        raise NotUnderstood(f"{what}{place.rstrip('`')}: {text[:1].lower()}{text[1:]}") from why


def field(raw: Json, name: str, kind: type[T], what: str) -> T:
    """Read one field that must be there."""
    if name not in raw:
        raise NotUnderstood(f"{what} needs {name!r}")
    return read(raw[name], kind, f"{what}.{name}")
