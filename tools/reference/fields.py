"""Tables of the fields of a structure and of the members of an enumeration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum

import msgspec
from msgspec import inspect as kinds

from tools.reference import markdown as md
from tools.reference.meanings import MEANINGS
from tools.reference.source import notes_of


class Undocumented(Exception):
    """A field or member has neither a `#:` comment nor a meaning in `meanings.py`."""


def meaning(kind: type, name: str) -> str:
    """What a field or member means.

    Raises:
        Undocumented: nobody says.
    """
    for base in kind.__mro__:
        found = MEANINGS.get(base.__name__, {}).get(name)
        if found:
            return found
    noted = notes_of(kind).get(name, "")
    if not noted:
        raise Undocumented(f"{kind.__name__}.{name}: write a #: comment beside it")
    return noted


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


def shape_table(kind: type) -> str:
    """A table of the fields of an answer or message: no bounds, and defaults only if any."""
    if not issubclass(kind, msgspec.Struct) or not kind.__struct_fields__:
        return "No fields."
    rows = [
        (
            md.code(field.encode_name),
            md.kind_text(field.type),
            md.default(field),
            md.sentence(meaning(kind, field.name)),
        )
        for field in fields_of(kind)
    ]
    return md.table(["field", "type", "default", "meaning"], rows)


def members_table(kind: type[Enum], heads: tuple[str, str] = ("value", "meaning")) -> str:
    """A table of the members of an enumeration of words."""
    rows = [(md.code(item.value), md.sentence(meaning(kind, item.name))) for item in kind]
    return md.table(heads, rows)
