"""Tables of the fields of a structure and of the members of an enumeration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum

from msgspec import inspect as kinds

from tools.reference import markdown as md
from tools.reference.meanings import MEANINGS
from tools.reference.shapes import COMMON, SHAPES
from tools.reference.source import notes_of


class Undocumented(Exception):
    """A field or member has neither a `#:` comment nor a meaning in `meanings.py`."""


def meaning(kind: type, name: str) -> str:
    """What a field or member means.

    Raises:
        Undocumented: nobody says.
    """
    found = _said(kind, name)
    if not found:
        raise Undocumented(f"{kind.__name__}.{name}: write a #: comment beside it")
    return found


def usual_meaning(kind: type, name: str) -> str:
    """What a field means, or what fields of its name usually mean.

    Raises:
        Undocumented: nobody says.
    """
    return COMMON[name] if not _said(kind, name) and name in COMMON else meaning(kind, name)


def _said(kind: type, name: str) -> str:
    for base in kind.__mro__:
        for words in (MEANINGS, SHAPES):
            found = words.get(base.__name__, {}).get(name)
            if found:
                return found
    return notes_of(kind).get(name, "")


def fields_of(kind: type) -> Sequence[kinds.Field]:
    """The fields of a structure with their types."""
    info = kinds.type_info(kind)
    assert isinstance(info, kinds.StructType)
    return info.fields


def fields_table(kind: type, extra: tuple[str, Mapping[str, str]] | None = None) -> str:
    """A table of all fields of a structure.

    Args:
        kind: the structure.
        extra: head and cells of one more column.
    """
    heads = ["field", "type", "default", "bounds", "meaning", *([extra[0]] if extra else [])]
    rows = []
    for field in fields_of(kind):
        row = [
            md.code(field.encode_name),
            md.kind_text(field.type),
            md.default(field),
            md.bounds(field.type),
            md.sentence(meaning(kind, field.name)),
        ]
        rows.append([*row, *([extra[1][field.name]] if extra else [])])
    return md.table(heads, rows)


def members_table(kind: type[Enum], heads: tuple[str, str] = ("value", "meaning")) -> str:
    """A table of the members of an enumeration of words."""
    rows = [(md.code(item.value), md.sentence(meaning(kind, item.name))) for item in kind]
    return md.table(heads, rows)
